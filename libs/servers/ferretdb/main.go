// Command ferretdb serves the MongoDB wire protocol from SQLite files in one folder, for Parley's tests and for
// `npm run cluster`. It is FerretDB's embeddable package (FerretDB's own command panics when it is built as a
// dependency, since its version file is not part of the module) with three things mended: see front.go, id_index.go and id_finds.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	dir := flag.String("dir", "", "existing folder for the SQLite files")
	durable := flag.Bool("durable", true, "flush each commit to the disk")
	flag.Parse()

	if err := run(*listen, *dir, *durable); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen, dir string, durable bool) error {
	// WAL with FULL flushes the log at each commit; FerretDB adds the other settings itself.
	sync := "full"
	if !durable {
		sync = "off"
	}

	// A path of its own, since a socket's path is short by the kernel's rule.
	private, err := os.MkdirTemp("", "parley-ferretdb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)

	socket := filepath.Join(private, "s")

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/?_pragma=synchronous(" + sync + ")",
	})
	if err != nil {
		return err
	}

	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	indexes := &idIndexes{dir: dir, known: map[string]map[string]bool{}}
	finds := &idFinds{dir: dir, databases: map[string]*readDatabase{}}
	go (&front{socket: socket, indexes: indexes, finds: finds}).serve(ctx, listener)

	fmt.Printf("url mongodb://%s/\n", listener.Addr())

	return server.Run(ctx)
}
