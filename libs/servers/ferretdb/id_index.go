package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite"
)

// FerretDB 1.24 asks SQLite for documents by `_ferretdb_sjson->'$._id'`, but the index that it makes itself is on
// another spelling of the same expression, so that each find and update by _id reads the whole table. This adds the
// index that its statements can use. It changes no answer, only how long it takes.

const (
	pollNew   = 50 * time.Millisecond
	pollKnown = 2 * time.Second
	// A database gets its collections soon after it is made; later they are looked for less often.
	newFor = 10 * time.Second
)

type database struct {
	sql     *sql.DB
	born    time.Time
	checked time.Time
	version int
}

func keepIDIndexes(ctx context.Context, dir string) {
	databases := map[string]*database{}
	ticker := time.NewTicker(pollNew)
	defer ticker.Stop()

	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}

		files, _ := filepath.Glob(filepath.Join(dir, "*.sqlite"))
		present := map[string]bool{}

		for _, file := range files {
			present[file] = true
			known := databases[file]

			if known == nil {
				db, err := sql.Open("sqlite", "file:"+file+"?mode=rw&_pragma=busy_timeout(10000)")
				if err != nil {
					continue
				}

				db.SetMaxOpenConns(1)
				known = &database{sql: db, born: time.Now()}
				databases[file] = known
			}

			if time.Since(known.born) > newFor && time.Since(known.checked) < pollKnown {
				continue
			}

			known.checked = time.Now()

			if err := addIDIndexes(ctx, known); err != nil {
				// Dropped meanwhile, or busy: the next round tries again.
				slog.DebugContext(ctx, "no index yet", "error", err)
			}
		}

		for file, gone := range databases {
			if !present[file] {
				_ = gone.sql.Close()
				delete(databases, file)
			}
		}
	}
}

func addIDIndexes(ctx context.Context, known *database) error {
	var version int
	if err := known.sql.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return err
	}

	if version == known.version {
		return nil
	}

	tables, err := tablesOf(ctx, known.sql)
	if err != nil {
		return err
	}

	for _, table := range tables {
		q := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')", table+"_parley_id", table)
		if _, err := known.sql.ExecContext(ctx, q); err != nil {
			return err
		}
	}

	known.version = version

	return nil
}

func tablesOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var tables []string

	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}

		if !strings.HasPrefix(name, "_ferretdb") && !strings.HasPrefix(name, "sqlite_") {
			tables = append(tables, name)
		}
	}

	return tables, rows.Err()
}
