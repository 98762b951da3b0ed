// Command ferretdb serves the MongoDB wire protocol from SQLite files in one folder, for Parley's tests and for
// `npm run cluster`. It is FerretDB's embeddable package: FerretDB's own command panics when it is built as a
// dependency, since its version file is not part of the module.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	dir := flag.String("dir", "", "existing folder for the SQLite files")
	durable := flag.Bool("durable", true, "flush each commit to the disk")
	flag.Parse()

	// WAL with FULL flushes the log at each commit; FerretDB adds the other settings itself.
	sync := "full"
	if !*durable {
		sync = "off"
	}

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: *listen},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + *dir + "/?_pragma=synchronous(" + sync + ")",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	go func() { fmt.Println("url", server.MongoDBURI()) }()

	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
