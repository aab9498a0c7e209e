package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// malformed says what of a request's body can't be read, in words of JSON; empty where it
// can be. Every service of AWS answers SerializationException to it, before it looks at the
// request, with a text that no document tells.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
func malformed(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var encoding base64.CorruptInputError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Sprintf("the body is JSON of the type %s: it must be an object with the action's parameters", kind.Value)
	case errors.As(err, &kind):
		// Go's path has the names of its own types, too.
		return fmt.Sprintf("%s is of the JSON type %s: it must be of the type %s", kind.Field[strings.LastIndex(kind.Field, ".")+1:], kind.Value, jsonType(kind.Type))
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the body is not JSON (%v): it must be an object with the action's parameters", err)
	case errors.As(err, &encoding):
		return fmt.Sprintf("a value of bytes is not base64 (%v)", err)
	}
	return ""
}

// jsonType is what JSON calls the values that a Go type is read from.
func jsonType(t reflect.Type) string {
	switch t.Kind() { //nolint:exhaustive // requests have no others
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.Float32, reflect.Float64:
		return "number"
	}
	return "whole number"
}
