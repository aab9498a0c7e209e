package s3event_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"autobackup/internal/s3event"
)

// writeText is s in JSON, each rune in one of the ways that JSON has for it.
func writeText(t *rapid.T, s string) string {
	random := rapid.Uint64().Draw(t, "escapes")
	var b strings.Builder
	for _, r := range s {
		random = random*6364136223846793005 + 1442695040888963407
		short, _ := json.Marshal(string(r))
		switch way := random >> 62; {
		case way == 0 && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04X`, high, low)
		case way == 0 && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		case way == 1 || r < ' ' || r == '"' || r == '\\':
			b.Write(short[1 : len(short)-1])
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// writeObject is a JSON object of pairs of a name and the JSON of its value, in any
// order. A pair whose value is empty is left out.
func writeObject(t *rapid.T, pairs ...string) string {
	var members []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			members = append(members, writeText(t, pairs[i])+":"+pairs[i+1])
		}
	}
	space := rapid.SampledFrom([]string{"", " ", "\r\n\t"}).Draw(t, "space")
	return "{" + space + strings.Join(rapid.Permutation(members).Draw(t, "order"), space+","+space) + "}"
}

// orNone leaves a value out, writes it as nothing, or as it is.
func orNone(t *rapid.T, s string) string {
	if s != "" {
		return writeText(t, s)
	}
	return rapid.SampledFrom([]string{"", `""`, "null"}).Draw(t, "none")
}

// versionID writes none in each way there is.
func versionID(t *rapid.T, id string) string {
	if id == "" && rapid.Bool().Draw(t, "null version") {
		return `"null"`
	}
	return orNone(t, id)
}

func writeTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(`"` + time.RFC3339Nano + `"`)
}

func writeEvent(t *rapid.T, v s3event.ObjectVersion) string {
	kind, deletion := "Object Created", ""
	if v.Marker {
		kind, deletion = "Object Deleted", `"Delete Marker Created"`
	} else if rapid.Bool().Draw(t, "deleted for good") {
		kind, deletion = "Object Deleted", `"Permanently Deleted"`
	}
	object := writeObject(t, "key", writeText(t, v.Key), "size", fmt.Sprint(v.Size), "etag", orNone(t, v.ETag), "version-id", versionID(t, v.VersionID), "sequencer", `"0"`)
	detail := writeObject(t, "bucket", writeObject(t, "name", writeText(t, v.Bucket)), "object", object, "reason", orNone(t, v.Reason), "deletion-type", deletion)
	return writeObject(t, "version", `"0"`, "source", `"aws.s3"`, "detail-type", writeText(t, kind), "account", orNone(t, v.Account),
		"time", writeTime(v.Time), "region", writeText(t, v.Region), "detail", detail, "resources", `["arn:aws:s3:::x"]`)
}

func writeRecord(t *rapid.T, v s3event.ObjectVersion) string {
	object := writeObject(t, "key", writeText(t, encodeKey(t, v.Key)), "size", fmt.Sprint(v.Size), "eTag", orNone(t, v.ETag), "versionId", versionID(t, v.VersionID))
	s3 := writeObject(t, "bucket", writeObject(t, "name", writeText(t, v.Bucket), "arn", `"x"`), "object", object, "s3SchemaVersion", `"1.0"`)
	f := v.GaveUp
	failure := writeObject(t, "destinationBucket", writeText(t, "arn:aws:s3:::"+f.Destination), "s3Operation", writeText(t, f.Operation),
		"replicationRuleId", orNone(t, f.Rule), "failureReason", writeText(t, f.Cause), "requestTime", writeTime(f.Requested))
	return writeObject(t, "eventVersion", `"2.2"`, "eventSource", `"aws:s3"`, "awsRegion", writeText(t, v.Region), "eventTime", writeTime(v.Time),
		"eventName", writeText(t, v.Reason), "s3", s3, "replicationEventData", failure)
}

// encodeKey encodes a key as one or another sender of notifications does.
func encodeKey(t *rapid.T, key string) string {
	encoded := url.QueryEscape(key)
	switch rapid.IntRange(0, 2).Draw(t, "encoding") {
	case 0:
		encoded = strings.ReplaceAll(encoded, "+", "%20")
	case 1:
		encoded = strings.ReplaceAll(encoded, "%2F", "/")
	}
	return encoded
}
