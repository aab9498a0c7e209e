package asl

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// longest is how many characters the encoding and hashing functions take.
const longest = 10_000

// format fills the {} of its template in turn.
func format(args []any) (any, error) {
	template, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("the template is %s, not a string", typeName(args[0]))
	}
	var out strings.Builder
	values := args[1:]
	for i := 0; i < len(template); i++ {
		switch rest := template[i:]; {
		case len(rest) > 1 && rest[0] == '\\' && strings.IndexByte(`'\{}`, rest[1]) >= 0:
			i++
			out.WriteByte(rest[1])
		case strings.HasPrefix(rest, "{}"):
			i++
			if len(values) == 0 {
				return nil, errors.New("there are more {} than values")
			}
			text, err := plain(values[0])
			if err != nil {
				return nil, err
			}
			out.WriteString(text)
			values = values[1:]
		case rest[0] == '{' || rest[0] == '}':
			return nil, fmt.Errorf(`a %c outside of {} needs a backslash`, rest[0])
		default:
			out.WriteByte(rest[0])
		}
	}
	if len(values) > 0 {
		return nil, errors.New("there are more values than {}")
	}
	return out.String(), nil
}

// plain is a value as States.Format writes it.
func plain(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case []any, map[string]any:
		return "", fmt.Errorf("%s can't be formatted: use States.JsonToString", typeName(value))
	}
	return encode(value), nil
}

func stringToJSON(args []any) (any, error) {
	text, err := textArg(args[0])
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, err // an empty string gives null
	}
	return decode([]byte(text))
}

func jsonToString(args []any) (any, error) { return encode(args[0]), nil }

// jsonMerge merges two objects. The service knows no deep merge.
func jsonMerge(args []any) (any, error) {
	a, okA := args[0].(map[string]any)
	b, okB := args[1].(map[string]any)
	if !okA || !okB {
		return nil, fmt.Errorf("objects are wanted, not %s and %s", typeName(args[0]), typeName(args[1]))
	}
	if args[2] != false {
		return nil, errors.New("the third argument must be false: only shallow merging is supported")
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out, nil
}

// stringSplit splits at each of the delimiter's characters and drops empty
// parts.
func stringSplit(args []any) (any, error) {
	text, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	delimiters, err := textArg(args[1])
	out := []any{}
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(delimiters, r) }) {
		out = append(out, field)
	}
	return out, err
}

func base64Encode(args []any) (any, error) {
	text, err := shortArg(args[0])
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

func base64Decode(args []any) (any, error) {
	text, err := shortArg(args[0])
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return string(data), err
}

var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New,
}

func hashOf(args []any) (any, error) {
	text, err := shortArg(args[0])
	if err != nil {
		return nil, err
	}
	name, _ := args[1].(string)
	newHash, ok := hashes[name]
	if !ok {
		return nil, fmt.Errorf("the algorithm %s is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512", excerpt(args[1]))
	}
	h := newHash()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)), nil
}

func newUUID(sc *scope, _ []any) (any, error) { return randomID(sc.random), nil }

func randomID(random *rand.Rand) string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(random.Uint32())
	}
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // RFC 9562 variant
	return id.String()
}

func textArg(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("a string is wanted, not %s", typeName(value))
	}
	return text, nil
}

func shortArg(value any) (string, error) {
	text, err := textArg(value)
	if n := utf8.RuneCountInString(text); n > longest {
		return "", fmt.Errorf("the string has %d characters, of %d allowed", n, longest)
	}
	return text, err
}
