package asl

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
)

// sizeLimit is the most that an execution's input, a state's input or output
// and a task's result may have, in bytes of UTF-8 JSON.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const sizeLimit = 262_144

// decode reads one JSON value. Numbers stay as they were written.
func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return value, nil
}

// encode writes a value the way the service does: compact, with <, > and & as
// they are. Members of an object come in the order of their names.
func encode(value any) string {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "null" // values come from decode and the intrinsics alone: all can be encoded
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// excerpt is a value as an error's cause shows it.
func excerpt(value any) string {
	const most = 1_000
	text := encode(value)
	if len(text) <= most {
		return text
	}
	return string(bytes.ToValidUTF8([]byte(text[:most]), nil)) + "..."
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

// whole is a number without a fraction.
func whole(value any) (int64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

// rounded is a number rounded to the nearest whole one, halves up.
func rounded(value any) (int64, bool) {
	if i, ok := whole(value); ok {
		return i, true
	}
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	f = math.Floor(f + 0.5)
	return int64(f), err == nil && math.Abs(f) < 1<<53
}

// compareNumbers is -1, 0 or 1: exact for whole numbers of 64 bits, by float64
// otherwise.
func compareNumbers(a, b json.Number) int {
	x, errX := a.Int64()
	y, errY := b.Int64()
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	// Out of range gives an infinity, which compares rightly.
	f, _ := a.Float64()
	g, _ := b.Float64()
	return cmp.Compare(f, g)
}

// equal compares JSON values; numbers by what they are worth.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && compareNumbers(a, b) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			other, there := b[name]
			if !there || !equal(value, other) {
				return false
			}
		}
		return true
	}
	_, list := b.([]any)
	_, object := b.(map[string]any)
	return !list && !object && a == b
}

// typeName is a value's type in JSON's words.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	}
	return "an object"
}
