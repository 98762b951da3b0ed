package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"
)

// FerretDB 1.24 asks SQLite for documents by `_ferretdb_sjson->'$._id'`, but the index that it makes itself is on
// another spelling of the same expression, so that each find and update by _id reads the whole table. This adds the
// index that its statements can use. It changes no answer, only how long it takes.

type idIndexes struct {
	dir string
	// By database and collection. Guarded by the front's lock for writing commands.
	known map[string]map[string]bool
}

// afterWrite adds what is missing once a command has written to a collection that was not seen before. The caller holds
// the lock, so nobody writes or drops the database meanwhile.
func (x *idIndexes) afterWrite(c command) {
	switch {
	case c.name == "dropdatabase":
		delete(x.known, c.database)
	case c.name == "drop":
		delete(x.known[c.database], c.collection)
	case !x.known[c.database][c.collection]:
		// An index that can't be made now is tried again after the next write.
		if addIDIndexes(filepath.Join(x.dir, c.database+".sqlite")) == nil {
			if x.known[c.database] == nil {
				x.known[c.database] = map[string]bool{}
			}

			x.known[c.database][c.collection] = true
		}
	}
}

func addIDIndexes(file string) error {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=rw&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()

	tables, err := tablesOf(db)
	if err != nil {
		return err
	}

	for _, table := range tables {
		q := fmt.Sprintf("CREATE INDEX IF NOT EXISTS %q ON %q (_ferretdb_sjson->'$._id')", table+"_parley_id", table)
		if _, err := db.Exec(q); err != nil {
			return err
		}
	}

	return nil
}

func tablesOf(db *sql.DB) ([]string, error) {
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table'")
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
