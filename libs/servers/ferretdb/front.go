package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson"
)

// FerretDB 1.24 carries out an update by reading the document and writing it back whole, outside of one transaction:
// of two updates of one document at the same time one is lost, where MongoDB promises that an update of one document
// is atomic. The front passes each message on as it is (but see id_finds.go), and lets one writing command through at a time. (Inserts too:
// SQLite has one writer anyway, and those that find it busy sleep for up to half a second before they look again.)

const (
	headerBytes     = 16
	messageBytesMax = 48_000_000
	opMsg           = 2013
	bodyAt          = headerBytes + 4 + 1 // flags, section kind
	dialTimeout     = 10 * time.Second
)

type front struct {
	socket  string
	indexes *idIndexes
	finds   *idFinds
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
	c := commandOf(request)
	if answer, ok := f.finds.answer(c, request); ok {
		return answer, nil
	}

	if c.isWrite() {
		f.writing.Lock()
		defer f.writing.Unlock()
	}

	if _, err := server.Write(request); err != nil {
		return nil, err
	}

	answer, err := readMessage(server)
	if err == nil && c.isWrite() {
		f.indexes.afterWrite(c)
		f.finds.afterWrite(c)
	}

	return answer, err
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

type command struct {
	name, database, collection string
}

// commandOf reads the body section of a message: the first element names the command and its collection.
func commandOf(message []byte) command {
	if len(message) <= bodyAt || binary.LittleEndian.Uint32(message[12:]) != opMsg || message[bodyAt-1] != 0 {
		return command{}
	}

	body := bson.Raw(message[bodyAt:])

	first, err := body.IndexErr(0)
	if err != nil {
		return command{}
	}

	collection, _ := first.Value().StringValueOK()
	database, _ := body.Lookup("$db").StringValueOK()

	return command{name: strings.ToLower(first.Key()), database: database, collection: collection}
}

func (c command) isWrite() bool {
	switch c.name {
	case "insert", "update", "delete", "findandmodify", "create", "createindexes", "drop", "dropdatabase":
		return true
	default:
		return false
	}
}
