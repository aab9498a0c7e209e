package s3event

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// FuzzRepeatedName compares with encoding/json's own tokens.
func FuzzRepeatedName(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"a":1,"b":2}`, `{"a":1,"a":2}`, `{"a":1,"A" : 2}`, `{"a":{"a":1}}`, `[{"a":1},{"a":1}]`, `{"a":["a","a","A"]}`,
		`{"a":"b","b":"a"}`, `{"a\"":1,"a\"":2}`, `{"a\\":1,"a":2}`, `{"k":1,"\u212a":2}`, `{"a":"}","a":1}`, `{"a":"\":","b":[],"a":1}`,
		`{"":1,"":2}`, `"a"`, `{"a":{},"b":{"c":[{"d":1}]},"a":1}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !json.Valid([]byte(body)) || !utf8.ValidString(body) {
			return // Parse refuses it before
		}
		wantName, want := byTokens(json.NewDecoder(strings.NewReader(body)))
		name, twice := repeatedName(body)
		assert.Equal(t, want, twice, body)
		assert.Equal(t, wantName, name, body)
	})
}

// byTokens reads one value and finds what repeatedName is to find.
func byTokens(d *json.Decoder) (string, bool) {
	opening, _ := d.Token() // the JSON is valid
	seen := map[string]bool{}
	switch opening {
	case json.Delim('{'), json.Delim('['):
		for d.More() {
			if opening == json.Delim('{') {
				token, _ := d.Token()
				name := token.(string)
				folded := strings.ToLower(strings.ToUpper(name))
				if seen[folded] {
					return name, true
				}
				seen[folded] = true
			}
			if name, twice := byTokens(d); twice {
				return name, true
			}
		}
		_, _ = d.Token()
	}
	return "", false
}
