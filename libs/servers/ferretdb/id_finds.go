package main

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// FerretDB 1.24 reads the whole collection for `{_id: {$in: […]}}`, which MongoDB answers from its index. Such finds
// (and those by one `_id`) are answered here, from the same SQLite files: what a write was answered for is committed, and
// a statement reads what is committed when it begins. Whatever is not exactly such a find, or is not understood, is
// FerretDB's to answer.

const (
	idsMax         = 1_000
	answerBytesMax = 12_000_000
	readersMax     = 8
)

type idFinds struct {
	dir string

	mu        sync.Mutex
	databases map[string]*readDatabase
}

type readDatabase struct {
	db *sql.DB
	// Table of each collection. Guarded by idFinds.mu.
	tables map[string]string
}

// answer returns the whole answer to a find that it understands.
func (f *idFinds) answer(c command, request []byte) ([]byte, bool) {
	const flagsAt = headerBytes

	if c.name != "find" || binary.LittleEndian.Uint32(request[flagsAt:]) != 0 {
		return nil, false
	}

	ids, limit, ok := idsOf(bson.Raw(request[bodyAt:]))
	if !ok {
		return nil, false
	}

	db, table, err := f.table(c)
	if err != nil {
		return nil, false
	}

	documents, err := readByID(db, table, ids, limit)
	if err != nil {
		return nil, false
	}

	return toAnswer(request, c, documents), true
}

// afterWrite forgets what has gone: the next find asks anew.
func (f *idFinds) afterWrite(c command) {
	f.mu.Lock()
	defer f.mu.Unlock()

	switch d := f.databases[c.database]; {
	case d == nil:
	case c.name == "dropdatabase":
		_ = d.db.Close()
		delete(f.databases, c.database)
	case c.name == "drop":
		delete(d.tables, c.collection)
	}
}

// idsOf reads a find with nothing but a filter of exactly `_id`, a limit, and what drivers add.
func idsOf(body bson.Raw) (ids []string, limit int, ok bool) {
	elements, err := body.Elements()
	if err != nil {
		return nil, 0, false
	}

	for _, element := range elements {
		value := element.Value()

		switch element.Key() {
		case "find", "$db", "lsid", "$clusterTime", "$readPreference", "readConcern":
		case "singleBatch":
		case "limit":
			n, isInt := value.AsInt64OK()
			if !isInt || n < 0 {
				return nil, 0, false
			}

			limit = int(n)
		case "filter":
			filter, isDocument := value.DocumentOK()
			if !isDocument {
				return nil, 0, false
			}

			if ids, ok = idsOfFilter(filter); !ok {
				return nil, 0, false
			}
		default:
			return nil, 0, false
		}
	}

	return ids, limit, len(ids) > 0
}

func idsOfFilter(filter bson.Raw) ([]string, bool) {
	value, ok := onlyElement(filter, "_id")
	if !ok {
		return nil, false
	}

	if id, isString := value.StringValueOK(); isString {
		return []string{id}, isPlain(id)
	}

	operator, isDocument := value.DocumentOK()
	if !isDocument {
		return nil, false
	}

	value, ok = onlyElement(operator, "$in")
	if !ok || value.Type != bsontype.Array {
		return nil, false
	}

	values, err := value.Array().Values()
	if err != nil || len(values) > idsMax {
		return nil, false
	}

	ids := make([]string, 0, len(values))
	seen := make(map[string]bool, len(values))

	for _, one := range values {
		id, isString := one.StringValueOK()
		if !isString || !isPlain(id) {
			return nil, false
		}

		if !seen[id] {
			ids = append(ids, id)
		}

		seen[id] = true
	}

	return ids, true
}

func onlyElement(document bson.Raw, key string) (bson.RawValue, bool) {
	elements, err := document.Elements()
	if err != nil || len(elements) != 1 || elements[0].Key() != key {
		return bson.RawValue{}, false
	}

	return elements[0].Value(), true
}

// isPlain: stored as it is between quotes, whoever encodes it as JSON.
func isPlain(id string) bool {
	for i := range len(id) {
		if c := id[i]; c < ' ' || c > '~' || strings.IndexByte(`"\<>&`, c) >= 0 {
			return false
		}
	}

	return true
}

func (f *idFinds) table(c command) (*sql.DB, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	d := f.databases[c.database]
	if d == nil {
		file := filepath.Join(f.dir, c.database+".sqlite")

		db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			return nil, "", err
		}

		db.SetMaxOpenConns(readersMax)
		db.SetMaxIdleConns(readersMax)

		d = &readDatabase{db: db, tables: map[string]string{}}
	}

	table, known := d.tables[c.collection]
	if !known {
		row := d.db.QueryRow(`SELECT table_name FROM _ferretdb_collections WHERE name = ?`, c.collection)
		if err := row.Scan(&table); err != nil {
			if f.databases[c.database] == nil {
				_ = d.db.Close()
			}

			return nil, "", err
		}

		d.tables[c.collection] = table
	}

	f.databases[c.database] = d

	return d.db, table, nil
}

func readByID(db *sql.DB, table string, ids []string, limit int) ([]bsoncore.Document, error) {
	marks := strings.Repeat(",?", len(ids))[1:]
	query := fmt.Sprintf("SELECT _ferretdb_sjson FROM %q WHERE _ferretdb_sjson->'$._id' IN (%s)", table, marks)

	keys := make([]any, len(ids))
	for i, id := range ids {
		keys[i] = `"` + id + `"`
	}

	rows, err := db.Query(query, keys...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var documents []bsoncore.Document

	for size := 0; rows.Next() && (limit == 0 || len(documents) < limit); {
		var stored []byte
		if err := rows.Scan(&stored); err != nil {
			return nil, err
		}

		document, err := toBSON(stored)
		if err != nil {
			return nil, err
		}

		if size += len(document); size > answerBytesMax {
			return nil, fmt.Errorf("more than %d bytes", answerBytesMax)
		}

		documents = append(documents, document)
	}

	return documents, rows.Err()
}

func toAnswer(request []byte, c command, documents []bsoncore.Document) []byte {
	answer := make([]byte, bodyAt)
	copy(answer[8:], request[4:8]) // the request's id
	binary.LittleEndian.PutUint32(answer[12:], opMsg)

	batch := bsoncore.NewArrayBuilder()
	for _, document := range documents {
		batch.AppendDocument(document)
	}

	answer = append(answer, bsoncore.NewDocumentBuilder().
		AppendDocument("cursor", bsoncore.NewDocumentBuilder().
			AppendArray("firstBatch", batch.Build()).
			AppendInt64("id", 0).
			AppendString("ns", c.database+"."+c.collection).
			Build()).
		AppendDouble("ok", 1).
		Build()...)
	binary.LittleEndian.PutUint32(answer, uint32(len(answer)))

	return answer
}
