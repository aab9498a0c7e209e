package s3event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// event is a valid message; edits are pairs of a JSON text in it and what
// stands there instead.
func event(edits ...string) string {
	const form = `{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created",` +
		`"source":"aws.s3","account":"111122223333","time":"2026-03-01T12:00:00Z","region":"eu-central-1",` +
		`"resources":["arn:aws:s3:::docs-primary"],"detail":{"version":"0","bucket":{"name":"docs-primary"},` +
		`"object":{"key":"a/b.txt","size":5,"etag":"5d41402abc4b2a76b9719d911017c592",` +
		`"version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e","sequencer":"617f08299329d189"},` +
		`"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}`
	body := strings.NewReplacer(edits...).Replace(form)
	if len(edits) > 0 && body == form {
		panic(fmt.Sprintf("no edit applies: %q", edits))
	}
	return body
}

func withKey(t require.TestingT, key string) string {
	quoted, err := json.Marshal(key)
	require.NoError(t, err)
	return event(`"a/b.txt"`, string(quoted))
}

var parsed = s3event.ObjectVersion{
	Bucket: "docs-primary", Key: "a/b.txt", VersionID: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
	Region: "eu-central-1", Account: "111122223333", Size: 5, ETag: "5d41402abc4b2a76b9719d911017c592",
	Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Reason: "PutObject",
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
				o.Event, o.Size, o.Reason = verdict.Event{Marker: true}, 0, "DeleteObject"
			},
		},
		"delete marker by lifecycle": {
			event(`"Object Created"`, deleted, `"PutObject"`, `"Lifecycle Expiration","deletion-type":"Delete Marker Created"`),
			func(o *s3event.ObjectVersion) {
				o.Event, o.Reason = verdict.Event{Marker: true, Lifecycle: true}, "Lifecycle Expiration"
			},
		},
		"a creation is never a delete marker": {
			event(`"PutObject"`, `"Lifecycle Expiration","deletion-type":"Delete Marker Created"`),
			func(o *s3event.ObjectVersion) {
				o.Event, o.Reason = verdict.Event{Lifecycle: true}, "Lifecycle Expiration"
			},
		},
		"version deleted for good": {
			event(`"Object Created"`, deleted, `"PutObject"`, `"DeleteObject","deletion-type":"Permanently Deleted"`),
			func(o *s3event.ObjectVersion) { o.Reason = "DeleteObject" },
		},
		"fields that the documents do not name": {event(`"version":"0",`, `"version":"1","event-version":"1.1","new":{"a":[{"a":1},{"a":2}]},`), func(*s3event.ObjectVersion) {}},
		"no account and no size":                {event(`"account":"111122223333",`, ``, `"size":5,`, ``), func(o *s3event.ObjectVersion) { o.Account, o.Size = "", 0 }},
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

func TestAKeyEscapedAsASurrogatePairIsRead(t *testing.T) {
	got, err := s3event.Parse(event(`a/b.txt`, `\ud83d\udcc4`))
	require.NoError(t, err)
	assert.Equal(t, "📄", got.Key)
}

const sender = "; find out who sends to this queue"

func TestWhatIsNoEventIsRefusedWithAReason(t *testing.T) {
	const rule = "; correct the rule that sends to this queue"
	const own = "S3's own notification form, not EventBridge's; remove the bucket's queue notification and turn on EventBridge for it"
	const gone = `"Object Created"`
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":                    {"", "the message is empty" + sender},
		"white space":                {" \n", "the message is empty" + sender},
		"truncated JSON":             {event()[:200], "the message is not one JSON value: unexpected end of JSON input" + sender},
		"plain text":                 {"hello", "the message is not one JSON value: invalid character 'h' looking for beginning of value" + sender},
		"noise":                      {strings.Repeat("é\x01", 500000), "the message is not one JSON value: invalid character '?' looking for beginning of value" + sender},
		"bytes that are no text":     {strings.Repeat("\xff\x00", 500000), "the message is not valid UTF-8" + sender},
		"brackets without end":       {strings.Repeat("[", 1<<20), "the message is not one JSON value: invalid character '[' exceeded max depth" + sender},
		"an array":                   {"[" + event() + "]", "the message is JSON, but no object" + sender},
		"a JSON string":              {`"hello"`, "the message is JSON, but no object" + sender},
		"null":                       {"null", "the message is JSON, but no object" + sender},
		"two events":                 {event() + event(), "the message is not one JSON value: invalid character '{' after top-level value" + sender},
		"text after the event":       {event() + "x", "the message is not one JSON value: invalid character 'x' after top-level value" + sender},
		"a field twice":              {event(`"key":"a/b.txt"`, `"key":"a","key":"b"`), `the name "key" stands twice in one JSON object` + sender},
		"a field in two cases":       {event(`"key":"a/b.txt"`, `"key":"a","\u212aey":"b"`), `the name "\u212aey" stands twice in one JSON object` + sender},
		"the detail twice":           {event(`"detail":`, `"detail":{},"detail":`), `the name "detail" stands twice in one JSON object` + sender},
		"a number for a key":         {event(`"a/b.txt"`, `1.5`), "detail.object.key must not be a JSON number" + sender},
		"a text for the size":        {event(`:5,`, `:"5",`), "detail.object.size must not be a JSON string" + sender},
		"a fraction for the size":    {event(`:5,`, `:5.5,`), "detail.object.size must not be a JSON number" + sender},
		"a text for the detail":      {`{"source":"aws.s3","detail":"x"}`, "detail must not be a JSON string" + sender},
		"a time that is none":        {event(`2026-03-01T12:00:00Z`, `yesterday`), "time is not in RFC 3339" + sender},
		"an empty object":            {"{}", "source is missing: no EventBridge event" + sender},
		"an SNS envelope":            {`{"Type":"Notification","Message":"{}"}`, "source is missing: no EventBridge event" + sender},
		"S3's own notification":      {`{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"a+b"}}}]}`, own},
		"S3's test notification":     {`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"docs-primary"}`, own},
		"another service":            {event(`aws.s3`, `aws.ec2`), `source is "aws.ec2", not "aws.s3"` + rule},
		"another event of S3":        {event(gone, `"Object Restore Completed"`), `detail-type is "Object Restore Completed", not "Object Created" or "Object Deleted"` + rule},
		"no detail-type":             {event(gone, `""`), `detail-type is "", not "Object Created" or "Object Deleted"` + rule},
		"a deletion of unknown type": {event(gone, `"Object Deleted"`), `deletion-type is "", not "Delete Marker Created" or "Permanently Deleted"; look at the version by hand`},
		"no bucket":                  {event(`{"name":"docs-primary"}`, `{}`), "detail.bucket.name is missing" + sender},
		"a bucket that is none":      {event(`"name":"docs-primary"`, `"name":"docs/é"`), `detail.bucket.name "docs/\u00e9" is no bucket name` + sender},
		"a bucket with two dots":     {event(`"name":"docs-primary"`, `"name":"docs..a"`), `detail.bucket.name "docs..a" is no bucket name` + sender},
		"no region":                  {event(`eu-central-1`, ``), `region "" is no region` + sender},
		"a host for a region":        {event(`eu-central-1`, `eu-west-1.example.com`), `region "eu-west-1.example.com" is no region` + sender},
		"an account that is none":    {event(`"111122223333"`, `"me"`), `account "me" is not 12 digits` + sender},
		"no key":                     {event(`"key":"a/b.txt",`, ``), "detail.object.key is missing or empty" + sender},
		"an empty key":               {event(`a/b.txt`, ``), "detail.object.key is missing or empty" + sender},
		"a key of 1,025 bytes":       {event(`a/b.txt`, strings.Repeat("a", 1025)), "detail.object.key has 1025 bytes, S3 takes at most 1024" + sender},
		"a key of 1,026 bytes in é":  {event(`a/b.txt`, strings.Repeat("é", 513)), "detail.object.key has 1026 bytes, S3 takes at most 1024" + sender},
		"half of a surrogate pair":   {event(`a/b.txt`, `\uD83D`), "detail.object.key has half of a surrogate pair, which is no UTF-8" + sender},
		"no version id":              {event(`"version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",`, ``), "detail.object.version-id is missing: versioning was off; turn it on for the bucket and upload the object again"},
		"the version id null":        {event(parsed.VersionID, `null`), "detail.object.version-id is missing: versioning was off; turn it on for the bucket and upload the object again"},
		"a version id that is none":  {event(parsed.VersionID, `a b`), `detail.object.version-id "a b" is no version id` + sender},
		"a version id too long":      {event(parsed.VersionID, strings.Repeat("v", 1025)), `detail.object.version-id "` + strings.Repeat("v", 56) + "... is no version id" + sender},
		"a negative size":            {event(`:5,`, `:-5,`), "detail.object.size is -5 bytes" + sender},
		"a long hostile value":       {event(`aws.s3`, strings.Repeat("é", 1000)), `source is "` + strings.Repeat(`\u00e9`, 9) + `\u..., not "aws.s3"` + rule},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s3event.Parse(tc.body)
			require.ErrorIs(t, err, s3event.ErrMalformed)
			assert.Zero(t, got)
			refused(t, err)
			assert.EqualError(t, err, "malformed event: "+tc.want)
		})
	}
}

func refused(t require.TestingT, err error) {
	require.ErrorIs(t, err, s3event.ErrMalformed)
	require.LessOrEqual(t, len(err.Error()), 200)
	require.NotRegexp(t, `[^ -~]`, err.Error())
}

func TestAnyKeyThatS3TakesComesThroughUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringN(1, 256, 1024).Draw(t, "key")
		got, err := s3event.Parse(withKey(t, key))
		require.NoError(t, err)
		assert.Equal(t, key, got.Key)
		assert.NotRegexp(t, `[^ -~]`, got.String())
	})
}

func FuzzParse(f *testing.F) {
	for _, body := range []string{
		event(), event(`"Object Created"`, `"Object Deleted"`, `"PutObject"`, `"DeleteObject","deletion-type":"Delete Marker Created"`),
		"", "{}", "[]", event()[:100], event() + event(), `{"Records":[]}`, event(`a/b.txt`, `\ud83d`), event(`a/b.txt`, "\xff"),
		event(`"size":5`, `"size":5,"SIZE":6`),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		o, err := s3event.Parse(body)
		if err != nil {
			refused(t, err)
			require.Zero(t, o)
			return
		}
		require.NotEmpty(t, o.Bucket)
		require.NotEmpty(t, o.VersionID)
		require.NotEmpty(t, o.Key)
		require.LessOrEqual(t, len(o.Key), 1024)
		require.NotRegexp(t, `[^ -~]`, o.String())
	})
}
