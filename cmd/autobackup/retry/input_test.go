package retry

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheMessagesOfAnInputAreThoseOfEitherForm(t *testing.T) {
	both := []message{{ID: "1", Body: "a"}, {ID: "2", Body: "b"}}
	cases := map[string]struct {
		input string
		want  []message
		ok    bool
	}{
		"the pipe's array of records":   {`[{"messageId":"1","receiptHandle":"r","body":"a"},{"messageId":"2","body":"b"}]`, both, true},
		"an object with messages":       {`{"messages":[{"messageId":"1","body":"a","look":{}},{"messageId":"2","body":"b"}]}`, both, true},
		"an object with other fields":   {`{"body":1,"messages":[{"messageId":"1","body":"a"},{"messageId":"2","body":"b"}],"summary":{"messages":[{"messageId":"3"}]}}`, both, true},
		"an array without records":      {`[]`, []message{}, true},
		"an object with no messages":    {`{"messages":[]}`, []message{}, true},
		"an object without the field":   {`{"summary":{}}`, nil, false},
		"messages that are nothing":     {`{"messages":null}`, nil, false},
		"messages that are no array":    {`{"messages":{"messageId":"1","body":"a"}}`, nil, false},
		"an array of other things":      {`["a"]`, nil, false},
		"an object's array of others":   {`{"messages":["a"]}`, nil, false},
		"a record whose body is a tree": {`[{"messageId":"1","body":{}}]`, nil, false},
		"nothing":                       {`null`, nil, false},
		"a text":                        {`"messages"`, nil, false},
		"no JSON":                       {``, nil, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, ok := inputMessages(c.input)
			require.Equal(t, c.ok, ok)
			if ok {
				assert.Equal(t, c.want, got)
			}
		})
	}
}

func FuzzTheSameRecordsAreReadInEitherForm(f *testing.F) {
	for _, seed := range []string{`[{"messageId":"1","body":"a"}]`, `[{"messageId":"1","body":"\u0000\ud83d\ude00\u2028<>"},{}]`, `[]`, `{"messages":[]}`, `null`, `[null]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		if !json.Valid([]byte(input)) {
			_, ok := inputMessages(input)
			require.False(t, ok)
			return
		}
		var records []message
		isArray := json.Unmarshal([]byte(input), &records) == nil && records != nil
		wrapped, ok := inputMessages(`{"look":{},"messages":` + input + `}`)
		require.Equal(t, isArray, ok)
		if isArray {
			array, ok := inputMessages(input)
			require.True(t, ok)
			require.Equal(t, records, array)
			require.Equal(t, records, wrapped)
		}
	})
}
