package s3event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

func withKey(t require.TestingT, key string) string {
	quoted, err := json.Marshal(key)
	require.NoError(t, err)
	return event(`"a/b.txt"`, string(quoted))
}

func TestAnEventIsRead(t *testing.T) {
	const deleted = `"Object Deleted"`
	for name, tc := range map[string]struct {
		body string
		want func(*s3event.ObjectVersion)
	}{
		"object created":        {event(), func(*s3event.ObjectVersion) {}},
		"white space around it": {"\n " + event() + "\r\n", func(*s3event.ObjectVersion) {}},
		"delete marker created": {
			event(`"Object Created"`, deleted, `"size":5,`, ``, `"PutObject"`, `"DeleteObject","deletion-type":"Delete Marker Created"`),
			func(o *s3event.ObjectVersion) {
				o.Marker, o.Size, o.Reason = true, 0, "DeleteObject"
			},
		},
		"delete marker by lifecycle": {
			event(`"Object Created"`, deleted, `"PutObject"`, `"Lifecycle Expiration","deletion-type":"Delete Marker Created"`),
			func(o *s3event.ObjectVersion) {
				o.Marker, o.Lifecycle, o.Reason = true, true, "Lifecycle Expiration"
			},
		},
		"a creation is never a delete marker": {
			event(`"PutObject"`, `"Lifecycle Expiration","deletion-type":"Delete Marker Created"`),
			func(o *s3event.ObjectVersion) {
				o.Lifecycle, o.Reason = true, "Lifecycle Expiration"
			},
		},
		"version deleted for good": {
			event(`"Object Created"`, deleted, `"PutObject"`, `"DeleteObject","deletion-type":"Permanently Deleted"`),
			func(o *s3event.ObjectVersion) { o.Reason = "DeleteObject" },
		},
		"fields that the documents do not name": {event(`"version":"0",`, `"version":"1","event-version":"1.1","new":{"a":[{"a":1},{"a":2}]},`), func(*s3event.ObjectVersion) {}},
		"no account and no size":                {event(`"account":"111122223333",`, ``, `"size":5,`, ``), func(o *s3event.ObjectVersion) { o.Account, o.Size = "", 0 }},
		"no time":                               {event(`"time":"2026-03-01T12:00:00Z",`, ``), func(o *s3event.ObjectVersion) { o.Time = time.Time{} }},
		"names in another case are other names": {event(`"key":"a/b.txt"`, `"Key":"x","\u212aey":"y","KEY":1,"key":"a/b.txt"`), func(*s3event.ObjectVersion) {}},
		"a region of a partition of its own":    {event(`eu-central-1`, `us-gov-east-1`), func(o *s3event.ObjectVersion) { o.Region = "us-gov-east-1" }},
	} {
		t.Run(name, func(t *testing.T) {
			want := parsed
			tc.want(&want)
			got, err := s3event.Parse(tc.body)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestEveryKeyIsReadAsItIs(t *testing.T) {
	for name, tc := range map[string]struct{ key, text string }{
		"spaces":                    {"my file .txt ", "s3://docs-primary/my file .txt @v1"},
		"a plus":                    {"a+b", "s3://docs-primary/a+b@v1"},
		"%2F, which is not decoded": {"a%2Fb", "s3://docs-primary/a%2Fb@v1"},
		"quotes":                    {`"'`, `"s3://docs-primary/\"'@v1"`},
		"a backslash":               {`a\b`, `"s3://docs-primary/a\\b@v1"`},
		"line breaks":               {"a\r\nb", `"s3://docs-primary/a\r\nb@v1"`},
		"an emoji":                  {"📄", `"s3://docs-primary/\U0001f4c4@v1"`},
		"control characters":        {"\x00\x1b[31m\x7f", `"s3://docs-primary/\x00\x1b[31m\x7f@v1"`},
		"a right-to-left mark":      {"a\u202eb", `"s3://docs-primary/a\u202eb@v1"`},
		"the replacement character": {"\ufffd", `"s3://docs-primary/\ufffd@v1"`},
		"a slash and dots":          {"/../", "s3://docs-primary//../@v1"},
		"an at sign":                {"a@b", "s3://docs-primary/a@b@v1"},
		"1,024 bytes":               {strings.Repeat("é", 512), `"s3://docs-primary/` + strings.Repeat(`\u00e9`, 512) + `@v1"`},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(withKey(t, tc.key), parsed.VersionID, "v1", 1)
			got, err := s3event.Parse(body)
			require.NoError(t, err)
			assert.Equal(t, tc.key, got.Key)
			assert.Equal(t, "s3://docs-primary/"+tc.key+"@v1", got.URI())
			assert.Equal(t, tc.text, got.String())
		})
	}
}

func TestEveryValidWayToWriteAKeyIsRead(t *testing.T) {
	for name, tc := range map[string]struct{ written, key string }{
		"a pair of surrogates":                             {`\ud83d\udcc4`, "📄"},
		"a pair of surrogates in capitals":                 {`\uD83D\uDCC4`, "📄"},
		"a pair of surrogates beside U+FFFD":               {"\ufffd" + `\ud83c\udf89`, "\ufffd🎉"},
		"an escaped backslash before ud":                   {`a\\ud83d`, `a\ud83d`},
		"an escaped backslash before ud, and U+FFFD":       {`archive\\UDV\\r` + "\ufffd" + `sum` + "\ufffd" + `.doc`, `archive\UDV\r` + "\ufffdsum\ufffd.doc"},
		"U+FFFD as an escape, after an escaped backslash":  {`\\ud\ufffd`, `\ud` + "\ufffd"},
		"ASCII as an escape":                               {`\u0061\/b`, "a/b"},
		"three backslashes, of which the third escapes":    {`\\\u00e9`, `\é`},
		"a line separator, which JSON takes as it is":      {"a\u2028b", "a\u2028b"},
		"the last code point":                              {`\udbff\udfff`, "\U0010ffff"},
		"a code point above the surrogates, as an escape":  {`\ue000`, "\ue000"},
		"a code point before the surrogates, as an escape": {`\ud7ff`, "\ud7ff"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s3event.Parse(event(`a/b.txt`, tc.written))
			require.NoError(t, err)
			assert.Equal(t, tc.key, got.Key)
		})
	}
}

func TestAVersionOfABucketWithoutVersioningIsToldByItsKey(t *testing.T) {
	const id = `"version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"`
	for name, body := range map[string]string{
		"no version id":             event(id+",", ""),
		"an empty version id":       event(id, `"version-id":""`),
		"the version id null":       event(id, `"version-id":"null"`),
		"a version id of JSON null": event(id, `"version-id":null`),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s3event.Parse(body)
			require.NoError(t, err)
			want := parsed
			want.VersionID = ""
			assert.Equal(t, want, got)
			assert.False(t, got.Versioned())
			assert.Equal(t, "s3://docs-primary/a/b.txt", got.URI())
		})
	}
	assert.True(t, parsed.Versioned())
}
