package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// FerretDB 1.24 carries out an update by reading the document and writing it back whole, outside of one transaction:
// of two updates of one document at the same time one is lost, where MongoDB promises that an update of one document
// is atomic. The front passes each message on as it is, and lets one writing command through at a time. (Inserts too:
// SQLite has one writer anyway, and those that find it busy sleep for up to half a second before they look again.)

const (
	headerBytes     = 16
	messageBytesMax = 48_000_000
	opMsg           = 2013
	dialTimeout     = 10 * time.Second
)

type front struct {
	socket  string
	writing sync.Mutex
}

func (f *front) serve(ctx context.Context, listener net.Listener) {
	go func() {
		<-ctx.Done()
		_ = listener.Close()
	}()

	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}

		go f.carry(client)
	}
}

func (f *front) carry(client net.Conn) {
	defer client.Close()

	server, err := f.dial()
	if err != nil {
		return
	}
	defer server.Close()

	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}

		answer, err := f.ask(server, request)
		if err != nil {
			return
		}

		if _, err = client.Write(answer); err != nil {
			return
		}
	}
}

func (f *front) ask(server net.Conn, request []byte) ([]byte, error) {
	if isWrite(request) {
		f.writing.Lock()
		defer f.writing.Unlock()
	}

	if _, err := server.Write(request); err != nil {
		return nil, err
	}

	return readMessage(server)
}

// FerretDB opens its socket a moment after it was started.
func (f *front) dial() (net.Conn, error) {
	deadline := time.Now().Add(dialTimeout)

	for {
		server, err := net.Dial("unix", f.socket)
		if err == nil || time.Now().After(deadline) {
			return server, err
		}

		time.Sleep(10 * time.Millisecond)
	}
}

func readMessage(from io.Reader) ([]byte, error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(from, length); err != nil {
		return nil, err
	}

	size := binary.LittleEndian.Uint32(length)
	if size < headerBytes || size > messageBytesMax {
		return nil, errors.New("not a message of the MongoDB wire protocol")
	}

	message := make([]byte, size)
	copy(message, length)
	_, err := io.ReadFull(from, message[4:])

	return message, err
}

// isWrite looks at the name of the first element of the body section, which names the command.
func isWrite(message []byte) bool {
	const nameAt = headerBytes + 4 + 1 + 4 + 1 // flags, section kind, document length, element type

	if len(message) <= nameAt || binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return false
	}

	name, _, _ := bytes.Cut(message[nameAt:], []byte{0})

	switch string(bytes.ToLower(name)) {
	case "insert", "update", "delete", "findandmodify", "createindexes":
		return true
	default:
		return false
	}
}
