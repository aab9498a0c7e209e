package events_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/events"
)

const created = `{"version":"0","detail-type":"Object Created","source":"aws.s3","detail":{
	"bucket":{"name":"autobackup-media-prod"},"object":{"key":"a/b/c.png","size":300,"tags":["x","y"],"empty":[],"none":null},
	"parts":[{"n":1,"etag":"aa"},{"n":2,"etag":"bb"}],"flag":true}}`

func TestAPatternMatches(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		want    bool
	}{
		"text of a list":                                 {`{"source":["aws.ec2","aws.s3"]}`, true},
		"text that isn't in the list":                    {`{"source":["aws.ec2"]}`, false},
		"text is compared by case":                       {`{"source":["AWS.S3"]}`, false},
		"every field must match":                         {`{"source":["aws.s3"],"detail-type":["Object Deleted"]}`, false},
		"a nested field":                                 {`{"detail":{"bucket":{"name":["autobackup-media-prod"]}}}`, true},
		"a field that isn't there":                       {`{"detail":{"reason":["x"]}}`, false},
		"an object where the event has text":             {`{"source":{"x":["y"]}}`, false},
		"a leaf where the event has an object":           {`{"detail":["x"]}`, false},
		"a number":                                       {`{"detail":{"object":{"size":[300]}}}`, true},
		"a number written in another way":                {`{"detail":{"object":{"size":[3e2]}}}`, false},
		"text is no number":                              {`{"detail":{"object":{"size":["300"]}}}`, false},
		"a boolean":                                      {`{"detail":{"flag":[true]}}`, true},
		"the other boolean":                              {`{"detail":{"flag":[false]}}`, false},
		"null":                                           {`{"detail":{"object":{"none":[null]}}}`, true},
		"null is not an absent field":                    {`{"detail":{"reason":[null]}}`, false},
		"any element of an array":                        {`{"detail":{"object":{"tags":["y"]}}}`, true},
		"no element of an array":                         {`{"detail":{"object":{"tags":["z"]}}}`, false},
		"two fields of the same array element":           {`{"detail":{"parts":{"n":[2],"etag":["bb"]}}}`, true},
		"two fields of different array elements":         {`{"detail":{"parts":{"n":[1],"etag":["bb"]}}}`, false},
		"prefix":                                         {`{"detail":{"bucket":{"name":[{"prefix":"autobackup-"}]}}}`, true},
		"prefix of something else":                       {`{"detail":{"bucket":{"name":[{"prefix":"backup-"}]}}}`, false},
		"prefix ignoring case":                           {`{"detail":{"bucket":{"name":[{"prefix":{"equals-ignore-case":"AUTO"}}]}}}`, true},
		"prefix of a number":                             {`{"detail":{"object":{"size":[{"prefix":"3"}]}}}`, false},
		"suffix":                                         {`{"detail":{"object":{"key":[{"suffix":".png"}]}}}`, true},
		"suffix ignoring case":                           {`{"detail":{"object":{"key":[{"suffix":{"equals-ignore-case":".PNG"}}]}}}`, true},
		"another suffix":                                 {`{"detail":{"object":{"key":[{"suffix":".jpg"}]}}}`, false},
		"equals-ignore-case":                             {`{"source":[{"equals-ignore-case":"AWS.S3"}]}`, true},
		"exists":                                         {`{"detail":{"flag":[{"exists":true}]}}`, true},
		"exists, but it doesn't":                         {`{"detail":{"deletion-type":[{"exists":true}]}}`, false},
		"doesn't exist":                                  {`{"detail":{"deletion-type":[{"exists":false}]}}`, true},
		"doesn't exist, but it does":                     {`{"detail":{"flag":[{"exists":false}]}}`, false},
		"doesn't exist, nor does its parent":             {`{"other":{"x":[{"exists":false}]}}`, true},
		"an empty array has no value":                    {`{"detail":{"object":{"empty":[{"exists":false}]}}}`, true},
		"a value or nothing":                             {`{"detail":{"deletion-type":["Delete Marker Created",{"exists":false}]}}`, true},
		"anything-but text":                              {`{"source":[{"anything-but":"aws.ec2"}]}`, true},
		"anything-but that text":                         {`{"source":[{"anything-but":"aws.s3"}]}`, false},
		"anything-but a list":                            {`{"source":[{"anything-but":["aws.s3","aws.ec2"]}]}`, false},
		"anything-but a number":                          {`{"detail":{"object":{"size":[{"anything-but":[300]}]}}}`, false},
		"anything-but a prefix":                          {`{"source":[{"anything-but":{"prefix":"aws."}}]}`, false},
		"anything-but prefixes of a list":                {`{"source":[{"anything-but":{"prefix":["my.","your."]}}]}`, true},
		"anything-but a suffix":                          {`{"source":[{"anything-but":{"suffix":".s3"}}]}`, false},
		"anything-but ignoring case":                     {`{"source":[{"anything-but":{"equals-ignore-case":"AWS.S3"}}]}`, false},
		"anything-but a wildcard":                        {`{"detail":{"object":{"key":[{"anything-but":{"wildcard":"*/b/*"}}]}}}`, false},
		"anything-but doesn't match what isn't there":    {`{"detail":{"reason":[{"anything-but":"x"}]}}`, false},
		"anything-but with another element in the array": {`{"detail":{"object":{"tags":[{"anything-but":"x"}]}}}`, true},
		"numeric equality":                               {`{"detail":{"object":{"size":[{"numeric":["=",3e2]}]}}}`, true},
		"a numeric range":                                {`{"detail":{"object":{"size":[{"numeric":[">",0,"<=",300]}]}}}`, true},
		"the ends of a numeric range":                    {`{"detail":{"object":{"size":[{"numeric":[">=",300,"<",301]}]}}}`, true},
		"outside a numeric range":                        {`{"detail":{"object":{"size":[{"numeric":[">=",0,"<",300]}]}}}`, false},
		"numeric of text":                                {`{"source":[{"numeric":[">",0]}]}`, false},
		"wildcard":                                       {`{"detail":{"object":{"key":[{"wildcard":"a/*.png"}]}}}`, true},
		"wildcard with another beginning":                {`{"detail":{"object":{"key":[{"wildcard":"b/*.png"}]}}}`, false},
		"wildcard in the middle":                         {`{"detail":{"object":{"key":[{"wildcard":"*/b/*"}]}}}`, true},
		"wildcard, parts in another order":               {`{"detail":{"object":{"key":[{"wildcard":"*c*b*"}]}}}`, false},
		"wildcard parts don't overlap":                   {`{"source":[{"wildcard":"aws.s3*s3"}]}`, false},
		"wildcard without a star":                        {`{"source":[{"wildcard":"aws.s"}]}`, false},
		"an escaped star":                                {`{"source":[{"wildcard":"aws.\\*"}]}`, false},
		"$or, one of two":                                {`{"$or":[{"source":["x"]},{"detail":{"flag":[true]}}]}`, true},
		"$or, none of two":                               {`{"$or":[{"source":["x"]},{"detail":{"flag":[false]}}]}`, false},
		"$or beside a field that doesn't match":          {`{"source":["x"],"$or":[{"version":["0"]},{"version":["1"]}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := events.ParsePattern([]byte(c.pattern))
			require.NoError(t, err)
			got, err := p.Matches([]byte(created))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestAMistakeInAPatternIsToldWithItsPlace(t *testing.T) {
	const supported = "use one of anything-but, equals-ignore-case, exists, numeric, prefix, suffix, wildcard"
	for pattern, want := range map[string]string{
		`{`:                                      "event pattern: not JSON: unexpected EOF",
		`{"a":["b"]} {}`:                         "event pattern: not one JSON value",
		`[]`:                                     "event pattern: $: must be an object",
		`{}`:                                     "event pattern: $: an empty object matches nothing; name a field",
		`{"a":"b"}`:                              "event pattern: $.a: must be an object or an array",
		`{"a":{"b":[]}}`:                         "event pattern: $.a.b: an empty array matches nothing; name a value",
		`{"a":[["b"]]}`:                          "event pattern: $.a[0]: an array within an array is not a value",
		`{"a":["b",{"cidr":"10.0.0.0/8"}]}`:      `event pattern: $.a[1]: operator "cidr" is not supported; ` + supported,
		`{"a":[{"prefix":"x","suffix":"y"}]}`:    "event pattern: $.a[0]: an operator is an object with one field",
		`{"a":[{"prefix":1}]}`:                   "event pattern: $.a[0].prefix: must be text",
		`{"a":[{"wildcard":{"prefix":"x"}}]}`:    "event pattern: $.a[0].wildcard: must be text",
		`{"a":[{"exists":"yes"}]}`:               "event pattern: $.a[0].exists: must be true or false",
		`{"a":[{"anything-but":[]}]}`:            "event pattern: $.a[0].anything-but: an empty list excludes nothing",
		`{"a":[{"anything-but":[true]}]}`:        "event pattern: $.a[0].anything-but: must be text, numbers, a list of them, or an operator",
		`{"a":[{"anything-but":{"exists":1}}]}`:  `event pattern: $.a[0].anything-but: operator "exists" is not supported inside anything-but`,
		`{"a":[{"anything-but":{"prefix":[]}}]}`: "event pattern: $.a[0].anything-but: prefix: an empty list excludes nothing",
		`{"a":[{"anything-but":{"cidr":"x"}}]}`:  `event pattern: $.a[0].anything-but: operator "cidr" is not supported; ` + supported,
		`{"a":[{"numeric":[">"]}]}`:              `event pattern: $.a[0].numeric: must be one or two comparisons, such as [">", 0, "<=", 5]`,
		`{"a":[{"numeric":["~",1]}]}`:            "event pattern: $.a[0].numeric: ~ is not one of =, <, <=, >, >=",
		`{"a":[{"numeric":[">","1"]}]}`:          "event pattern: $.a[0].numeric: 1 is not a number from -5e9 to 5e9",
		`{"a":[{"numeric":[">",6e9]}]}`:          "event pattern: $.a[0].numeric: 6e9 is not a number from -5e9 to 5e9",
		`{"a":[{"wildcard":"x**y"}]}`:            "event pattern: $.a[0].wildcard: two wildcards must not stand side by side",
		`{"a":[{"wildcard":"x\\y"}]}`:            `event pattern: $.a[0].wildcard: a backslash must stand before * or \`,
		`{"$or":[{"a":["b"]}]}`:                  "event pattern: $.$or: needs two alternatives or more",
		`{"$or":[{"a":["b"]},"c"]}`:              "event pattern: $.$or[1]: must be an object",
		`{"x":{"$or":[{"a":["b"]},{"a":1}]}}`:    "event pattern: $.x.$or[1].a: must be an object or an array",
	} {
		_, err := events.ParsePattern([]byte(pattern))
		assert.EqualError(t, err, want, pattern)
	}
}

// A pattern made of an event's own values matches that event, and stops
// matching when any of its values is another one.
func TestPropertyAnEventMatchesThePatternMadeOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,6}`), rapid.String(), 1, 5).Draw(t, "event")
		pattern := map[string][]string{}
		keys := []string{}
		for k, v := range event {
			pattern[k] = []string{"other" + v, v}
			keys = append(keys, k)
		}
		if !matches(t, pattern, event) {
			t.Fatalf("%v doesn't match", pattern)
		}
		k := rapid.SampledFrom(keys).Draw(t, "key")
		pattern[k] = []string{event[k] + "x"}
		if matches(t, pattern, event) {
			t.Fatalf("%v matches in spite of %s", pattern, k)
		}
	})
}

func matches(t *rapid.T, pattern map[string][]string, event map[string]string) bool {
	p, err := json.Marshal(pattern)
	if err != nil {
		t.Fatal(err)
	}
	e, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := events.ParsePattern(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsed.Matches(e)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A wildcard whose stars are filled in matches, with other alphabets too.
func TestPropertyAWildcardMatchesWhateverItsStarsStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[a-zäß/]{1,4}`), 2, 4).Draw(t, "parts")
		wildcard, text := parts[0], parts[0]
		for _, p := range parts[1:] {
			wildcard += "*" + p
			text += rapid.StringMatching(`[a-zäß/]{0,5}`).Draw(t, "fill") + p
		}
		pattern, err := json.Marshal(map[string]any{"k": []any{map[string]string{"wildcard": wildcard}}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := events.ParsePattern(pattern)
		if err != nil {
			t.Fatal(err)
		}
		event, err := json.Marshal(map[string]string{"k": text})
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := p.Matches(event); err != nil || !ok {
			t.Fatalf("%s doesn't match %s: %v", wildcard, text, err)
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add(`{"source":["aws.s3"],"detail":{"x":[{"prefix":"a"},{"exists":false},{"numeric":[">",1]}]}}`, created)
	f.Add(`{"$or":[{"a":[{"anything-but":{"wildcard":["*x"]}}]},{"b":[null,1,true]}]}`, `{"a":[[1,{"b":"x"}]]}`)
	f.Add(`{"a":{"b":{"c":[{"suffix":{"equals-ignore-case":"X"}}]}}}`, `{"a":[{"b":null},{"b":{"c":"x"}}]}`)
	f.Fuzz(func(t *testing.T, pattern, event string) {
		p, err := events.ParsePattern([]byte(pattern))
		if err != nil {
			assert.ErrorContains(t, err, "event pattern: ")
			return
		}
		first, err := p.Matches([]byte(event))
		again, _ := p.Matches([]byte(event))
		assert.Equal(t, first, again)
		if err != nil {
			assert.False(t, first)
		}
	})
}
