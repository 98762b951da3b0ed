package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/bson/bsontype"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/x/bsonx/bsoncore"
)

// FerretDB 1.24 keeps a document as JSON with a schema beside it ("sjson", described in its package of that name):
// `$s` names each field's type, `$k` their order.

type storedSchema struct {
	Properties map[string]*storedType `json:"p"`
	Keys       []string               `json:"$k"`
}

type storedType struct {
	Type    string        `json:"t"`
	Schema  *storedSchema `json:"$s"`
	Options string        `json:"o"`
	Items   []*storedType `json:"i"`
	Subtype byte          `json:"s"`
}

// toBSON turns a stored document into BSON. An error means that this file does not know how; FerretDB itself may.
func toBSON(stored []byte) (bsoncore.Document, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(stored, &fields); err != nil {
		return nil, err
	}

	var schema storedSchema
	if err := json.Unmarshal(fields["$s"], &schema); err != nil {
		return nil, err
	}

	delete(fields, "$s")

	return appendFields(nil, fields, &schema)
}

func appendFields(to []byte, fields map[string]json.RawMessage, schema *storedSchema) ([]byte, error) {
	if schema == nil || len(schema.Keys) != len(fields) {
		return nil, fmt.Errorf("%d fields do not have the schema's keys", len(fields))
	}

	start, to := bsoncore.AppendDocumentStart(to)

	for _, key := range schema.Keys {
		value, ok := fields[key]
		if !ok {
			return nil, fmt.Errorf("no field %q", key)
		}

		var err error
		if to, err = appendElement(to, key, value, schema.Properties[key]); err != nil {
			return nil, err
		}
	}

	return bsoncore.AppendDocumentEnd(to, start)
}

func appendElement(to []byte, key string, value json.RawMessage, t *storedType) ([]byte, error) {
	if bytes.Equal(value, []byte("null")) {
		return bsoncore.AppendNullElement(to, key), nil
	}

	if t == nil {
		return nil, fmt.Errorf("no type for %q", key)
	}

	switch t.Type {
	case "object":
		return appendObject(to, key, value, t)
	case "array":
		return appendArray(to, key, value, t)
	case "double":
		v, err := decode[float64](value)
		return bsoncore.AppendDoubleElement(to, key, v), err
	case "string":
		v, err := decode[string](value)
		return bsoncore.AppendStringElement(to, key, v), err
	case "bool":
		v, err := decode[bool](value)
		return bsoncore.AppendBooleanElement(to, key, v), err
	case "int":
		v, err := decode[int32](value)
		return bsoncore.AppendInt32Element(to, key, v), err
	case "long":
		v, err := decode[int64](value)
		return bsoncore.AppendInt64Element(to, key, v), err
	case "date":
		v, err := decode[int64](value)
		return bsoncore.AppendDateTimeElement(to, key, v), err
	case "binData":
		text, err := decode[string](value)
		if err != nil {
			return nil, err
		}

		v, err := base64.StdEncoding.DecodeString(text)

		return bsoncore.AppendBinaryElement(to, key, t.Subtype, v), err
	case "objectId":
		text, err := decode[string](value)
		if err != nil {
			return nil, err
		}

		var id primitive.ObjectID
		if n, err := hex.Decode(id[:], []byte(text)); err != nil || n != len(id) {
			return nil, fmt.Errorf("%q is no ObjectId", text)
		}

		return bsoncore.AppendObjectIDElement(to, key, id), nil
	default:
		return nil, fmt.Errorf("type %q of %q", t.Type, key)
	}
}

func appendObject(to []byte, key string, value json.RawMessage, t *storedType) ([]byte, error) {
	fields, err := decode[map[string]json.RawMessage](value)
	if err != nil {
		return nil, err
	}

	return appendFields(bsoncore.AppendHeader(to, bsontype.EmbeddedDocument, key), fields, t.Schema)
}

func appendArray(to []byte, key string, value json.RawMessage, t *storedType) ([]byte, error) {
	items, err := decode[[]json.RawMessage](value)
	if err != nil {
		return nil, err
	}

	if len(items) != len(t.Items) {
		return nil, fmt.Errorf("%d items of %q do not have their types", len(items), key)
	}

	start, to := bsoncore.AppendArrayElementStart(to, key)

	for i, item := range items {
		if to, err = appendElement(to, fmt.Sprint(i), item, t.Items[i]); err != nil {
			return nil, err
		}
	}

	return bsoncore.AppendArrayEnd(to, start)
}

func decode[T any](value json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(value, &v)

	return v, err
}
