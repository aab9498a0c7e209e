package s3event_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

const (
	sender = "; find out who sends to this queue"
	rule   = "; correct the rule that sends to this queue"
	queue  = "; send S3's notifications to the failure queue"
)

// refused holds what every error of Parse keeps to.
func refused(t require.TestingT, err error) {
	require.ErrorIs(t, err, s3event.ErrMalformed)
	require.LessOrEqual(t, len(err.Error()), 200)
	require.Regexp(t, `^malformed event: [ -~]+; [ -~]+$`, err.Error())
}

func refuses(t *testing.T, body, want string) {
	got, err := s3event.Parse(body)
	require.Error(t, err)
	refused(t, err)
	assert.EqualError(t, err, "malformed event: "+want)
	assert.Zero(t, got)
}

func TestWhatIsNoMessageOfS3IsRefused(t *testing.T) {
	inKey := func(after int) string {
		at := strings.Index(event(), "a/b.txt") + after
		return fmt.Sprintf(`"/detail/object/key" is not JSON in UTF-8 after byte %d`, at) + sender
	}
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":                      {"", "the message is empty" + sender},
		"white space":                  {" \n", "the message is empty" + sender},
		"truncated JSON":               {event()[:200], `"/resources" is not JSON in UTF-8 after byte 200` + sender},
		"plain text":                   {"hello", "the message is not JSON in UTF-8 after byte 0" + sender},
		"noise":                        {strings.Repeat("é\x01", 500000), "the message is not JSON in UTF-8 after byte 0" + sender},
		"bytes that are no text":       {strings.Repeat("\xff\x00", 500000), "the message is not JSON in UTF-8 after byte 0" + sender},
		"brackets without end":         {strings.Repeat("[", 1<<20), "the message is not of the kind that S3 sends" + sender},
		"objects without end":          {`{"a":` + strings.Repeat(`{"a":`, 1<<18), `"` + strings.Repeat("/a", 28) + "... is not JSON in UTF-8 after byte 50000" + sender},
		"an array":                     {"[" + event() + "]", "the message is not of the kind that S3 sends" + sender},
		"a JSON string":                {`"hello"`, "the message is not of the kind that S3 sends" + sender},
		"null":                         {"null", "source is missing: no event of S3" + sender},
		"two events":                   {event() + event(), fmt.Sprintf("the message is not JSON in UTF-8 after byte %d", len(event())) + sender},
		"text after the event":         {event() + "x", fmt.Sprintf("the message is not JSON in UTF-8 after byte %d", len(event())) + sender},
		"a name twice":                 {event(`"key":"a/b.txt"`, `"key":"a","key":"b"`), `the name "/detail/object/key" stands twice` + sender},
		"a name twice, once escaped":   {event(`"key":"a/b.txt"`, `"key":"a","\u006bey":"b"`), `the name "/detail/object/key" stands twice` + sender},
		"the detail twice":             {event(`"detail":`, `"detail":{},"detail":`), `the name "/detail" stands twice` + sender},
		"a name twice that is unknown": {event(`"version":"0",`, `"new":{"é":1,"é":2},`), `the name "/new/\u00e9" stands twice` + sender},
		"a key of half a pair":         {event(`a/b.txt`, `\uD83D`), inKey(0)},
		"a key of the other half":      {event(`a/b.txt`, `secret\udcc4`), inKey(6)},
		"a key of two first halves":    {event(`a/b.txt`, `\ud83d\ud83d`), inKey(0)},
		"half a pair before a letter":  {event(`a/b.txt`, `\ud83dsecret`), inKey(0)},
		"a key of half a pair, U+FFFD": {event(`a/b.txt`, "\ufffd"+`\ud83d`), inKey(3)},
		"a key that is no UTF-8":       {event(`a/b.txt`, "secret\xff"), inKey(6)},
		"a line break in a key":        {event(`a/b.txt`, "secret\n"), inKey(6)},
		"a number for a key":           {event(`"a/b.txt"`, `1.5`), `"/detail/object/key" is not of the kind that S3 sends` + sender},
		"a text for the size":          {event(`:5,`, `:"5",`), `"/detail/object/size" is not of the kind that S3 sends` + sender},
		"a fraction for the size":      {event(`:5,`, `:5.5,`), `"/detail/object/size" is not of the kind that S3 sends` + sender},
		"a size above 64 bits":         {event(`:5,`, `:9223372036854775808,`), `"/detail/object/size" is not of the kind that S3 sends` + sender},
		"a text for the detail":        {`{"source":"aws.s3","detail":"x"}`, `"/detail" is not of the kind that S3 sends` + sender},
		"a time that is none":          {event(`2026-03-01T12:00:00Z`, `yesterday`), `"/time" is not of the kind that S3 sends` + sender},
		"an empty object":              {"{}", "source is missing: no event of S3" + sender},
		"an SNS envelope":              {`{"Type":"Notification","Message":"{}"}`, "source is missing: no event of S3" + sender},
		"a long name twice":            {`{"` + strings.Repeat("é", 999) + `":1,"` + strings.Repeat("é", 999) + `":2}`, `the name "/` + strings.Repeat(`\u00e9`, 9) + `\... stands twice` + sender},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, tc.body, tc.want) })
	}
}

func TestWhatIsNoUploadOrDeletionIsRefused(t *testing.T) {
	const gone = `"Object Created"`
	for name, tc := range map[string]struct{ body, want string }{
		"another service":            {event(`aws.s3`, `aws.ec2`), `source is "aws.ec2", not "aws.s3"` + rule},
		"no source":                  {event(`"source":"aws.s3",`, ``), `source is missing: no event of S3` + sender},
		"another service's records":  {event(`"aws.s3"`, `"aws.ec2","Records":[]`), `source is "aws.ec2", not "aws.s3"` + rule},
		"another event of S3":        {event(gone, `"Object Restore Completed"`), `detail-type is "Object Restore Completed", not "Object Created" or "Object Deleted"` + rule},
		"no detail-type":             {event(gone, `""`), `detail-type is "", not "Object Created" or "Object Deleted"` + rule},
		"a deletion of unknown type": {event(gone, `"Object Deleted"`), `deletion-type is "", not "Delete Marker Created" or "Permanently Deleted"; look at the version by hand`},
		"no bucket":                  {event(`{"name":"docs-primary"}`, `{}`), `the bucket "" is no bucket name` + sender},
		"a bucket that is none":      {event(`"name":"docs-primary"`, `"name":"docs/é"`), `the bucket "docs/\u00e9" is no bucket name` + sender},
		"a bucket with two dots":     {event(`"name":"docs-primary"`, `"name":"docs..a"`), `the bucket "docs..a" is no bucket name` + sender},
		"no region":                  {event(`eu-central-1`, ``), `the region "" is no region` + sender},
		"a host for a region":        {event(`eu-central-1`, `eu-west-1.example.com`), `the region "eu-west-1.example.com" is no region` + sender},
		"an account that is none":    {event(`"111122223333"`, `"me"`), `the account "me" is not 12 digits` + sender},
		"no key":                     {event(`"key":"a/b.txt",`, ``), "the key is missing or empty" + sender},
		"an empty key":               {event(`a/b.txt`, ``), "the key is missing or empty" + sender},
		"a key in another case":      {event(`"key"`, `"Key"`), "the key is missing or empty" + sender},
		"a key of 1,025 bytes":       {event(`a/b.txt`, strings.Repeat("a", 1025)), "the key has 1025 bytes, S3 takes at most 1024" + sender},
		"a key of 1,026 bytes in é":  {event(`a/b.txt`, strings.Repeat("é", 513)), "the key has 1026 bytes, S3 takes at most 1024" + sender},
		"a version id that is none":  {event(parsed.VersionID, `a b`), `the version id "a b" is no version id` + sender},
		"a version id of no ASCII":   {event(parsed.VersionID, `é`), `the version id "\u00e9" is no version id` + sender},
		"a version id of DEL":        {event(parsed.VersionID, "\x7f"), `the version id "\x7f" is no version id` + sender},
		"a version id too long":      {event(parsed.VersionID, strings.Repeat("v", 1025)), `the version id "` + strings.Repeat("v", 56) + "... is no version id" + sender},
		"a negative size":            {event(`:5,`, `:-5,`), "the size is -5 bytes" + sender},
		"a long hostile source":      {event(`aws.s3`, strings.Repeat("é", 1000)), `source is "` + strings.Repeat(`\u00e9`, 9) + `\u..., not "aws.s3"` + rule},
		"a long hostile detail-type": {event(gone, `"`+strings.Repeat("x", 1000)+`"`), `detail-type is "` + strings.Repeat("x", 56) + `..., not "Object Created" or "Object Deleted"` + rule},
		"a long hostile deletion":    {event(gone, `"Object Deleted"`, `"reason"`, `"deletion-type":"`+strings.Repeat("x", 999)+`","reason"`), `deletion-type is "` + strings.Repeat("x", 56) + `..., not "Delete Marker Created" or "Permanently Deleted"; look at the version by hand`},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, tc.body, tc.want) })
	}
}

func TestNotificationsThatAreDoubtfulAreRefused(t *testing.T) {
	const key, id = "reports/2026/annual+report%2B%281%29.pdf", "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"
	const source, destination = "autobackup-dev-primary-documents-123456789012", "arn:aws:s3:::autobackup-dev-replica-documents-123456789012"
	const name, encoded = `is no bucket's ARN` + sender, "the key is not URL-encoded UTF-8" + sender
	const missing = "eventTime, s3Operation or failureReason is missing" + sender
	edited := func(edits ...string) string { return notification(record(t, edits...)) }
	for name, tc := range map[string]struct{ body, want string }{
		"another source":                {edited(`"aws:s3"`, `"aws:sns"`), `eventSource is "aws:sns", not "aws:s3"` + sender},
		"another event":                 {sample(t, "another-notification"), `eventName is "ObjectCreated:Put", not "Replication:OperationFailedReplication"; correct the bucket's queue notification`},
		"a long hostile event":          {edited("Replication:OperationFailedReplication", strings.Repeat("x", 999)), `eventName is "` + strings.Repeat("x", 56) + `..., not "Replication:OperationFailedReplication"; correct the bucket's queue notification`},
		"no key":                        {edited(`"key":"`+key+`",`, ""), "the key is missing or empty" + sender},
		"half of an escape":             {edited("%281%29", "%2"), encoded},
		"a key that is no UTF-8":        {edited("%281%29", "%FF"), encoded},
		"a key that is not encoded":     {edited("%281%29", "é"), encoded},
		"a key with a space":            {edited("%281%29", " "), encoded},
		"a key of 1,025 bytes":          {edited(key, strings.Repeat("%61", 1025)), "the key has 1025 bytes, S3 takes at most 1024" + sender},
		"no bucket":                     {edited(`"name":"`+source+`"`, `"name":""`), `the bucket "" is no bucket name` + sender},
		"no region":                     {edited(`"awsRegion":"eu-central-1"`, `"awsRegion":"x"`), `the region "x" is no region` + sender},
		"a version id that is none":     {edited(id, `a b`), `the version id "a b" is no version id` + sender},
		"a negative size":               {edited(`48213`, `-1`), `the size is -1 bytes` + sender},
		"no destination":                {edited(destination, ""), `destinationBucket "" ` + name},
		"a destination without ARN":     {edited(destination, "docs-replica"), `destinationBucket "docs-replica" ` + name},
		"a destination of no name":      {edited(destination, "arn:aws:s3:::"), `destinationBucket "arn:aws:s3:::" ` + name},
		"a destination of a bad name":   {edited(destination, "arn:aws:s3:::Docs"), `destinationBucket "arn:aws:s3:::Docs" ` + name},
		"a destination with two dots":   {edited(destination, "arn:aws:s3:::docs..a"), `destinationBucket "arn:aws:s3:::docs..a" ` + name},
		"a destination that is an SQS":  {edited(destination, "arn:aws:sqs:::docs"), `destinationBucket "arn:aws:sqs:::docs" ` + name},
		"a destination with a region":   {edited(destination, "arn:aws:s3:eu-west-1::docs"), `destinationBucket "arn:aws:s3:eu-west-1::docs" ` + name},
		"a destination that is an AP":   {edited(destination, "arn:aws:s3:::docs:x"), `destinationBucket "arn:aws:s3:::docs:x" ` + name},
		"a destination of S3 alone":     {edited(destination, "s3:::docs"), `destinationBucket "s3:::docs" ` + name},
		"a destination without \"arn\"": {edited(destination, "aws:s3:::docs"), `destinationBucket "aws:s3:::docs" ` + name},
		"a destination after a word":    {edited(destination, "x"+destination), `destinationBucket "x` + destination[:55] + `... ` + name},
		"no time":                       {edited(`"eventTime":"2026-03-02T09:15:12.527Z",`, ""), missing},
		"no operation":                  {edited(`OBJECT_PUT`, ``), missing},
		"no failure reason":             {edited(`,"failureReason":"DstPutObjectNotPermitted"`, ``), missing},
		"a time that is none":           {edited(`2026-03-02T09:15:12.527Z`, `yesterday`), `"/Records/0/eventTime" is not of the kind that S3 sends` + sender},
		"a request at no time":          {edited(`2026-03-02T09:14:05.168Z`, `yesterday`), `"/Records/0/replicationEventData/requestTime" is not of the kind that S3 sends` + sender},
		"a name that stands twice":      {edited(`"size":48213`, `"size":48213,"size":1`), `the name "/Records/0/s3/object/size" stands twice` + sender},
		"S3's test":                     {sample(t, "s3-test-event"), `Event is "s3:TestEvent", which tells of no object` + queue},
		"a long hostile event's name":   {`{"Event":"` + strings.Repeat("x", 999) + `"}`, `Event is "` + strings.Repeat("x", 56) + `..., which tells of no object` + queue},
		"a test with records":           {`{"Event":"s3:TestEvent","Records":[` + record(t) + `]}`, `Event is "s3:TestEvent", which tells of no object` + queue},
		"no records":                    {`{"Records":[]}`, "the notification has 0 records, not one" + queue},
		"two records":                   {notification(record(t), record(t)), "the notification has 2 records, not one" + queue},
		"a record that is none":         {notification("1"), `"/Records/0" is not of the kind that S3 sends` + sender},
		"an empty record":               {notification("{}"), `eventSource is "", not "aws:s3"` + sender},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, tc.body, tc.want) })
	}
}
