package hashbytes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

var modified = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestEveryRangeIsDigestedBlockByBlock(t *testing.T) {
	server := &memory{}
	objects := &counting{Objects: client(t, server)}
	reader := hashbytes.Reader{Objects: objects, InFlight: 3}
	rapid.Check(t, func(rt *rapid.T) {
		server.content = rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "content")
		in := request(server.content)
		if in.Size > 0 {
			in.Offset = rapid.Int64Range(0, in.Size-1).Draw(rt, "offset")
			in.Length = rapid.Int64Range(1, in.Size-in.Offset).Draw(rt, "length")
		}
		in.BlockSize = rapid.Int64Range(1, 120).Draw(rt, "block size")
		in.Algorithm = rapid.SampledFrom(digest.Algorithms()).Draw(rt, "algorithm")
		require.NoError(rt, in.Validate())
		answer, err := reader.Read(t.Context(), in)
		require.NoError(rt, err)
		want := expected(t, server.content[in.Offset:in.Offset+in.Length], in.BlockSize, in.Algorithm)
		assert.Equal(rt, hashbytes.Answer{Found: verdict.Object, Digests: &want}, answer)
	})
	assert.LessOrEqual(t, objects.most, 3, "GETs at once")
	assert.Greater(t, objects.most, 1, "GETs at once")
}

// answers are answers to one GET of the block "67" of "01234567", version v1.
var answers = map[string]struct {
	raw  string
	want string
}{
	"a body that ends early": {
		head("bytes 4-7/8", 4, "v1") + "45", "2 bytes came: unexpected EOF"},
	"a shorter body that says so": {
		head("bytes 4-7/8", 2, "v1") + "45", "the answer has 2 bytes instead of 4"},
	"a shorter range": {
		head("bytes 4-5/8", 2, "v1") + "45", `the answer has the range "bytes 4-5/8" instead of "bytes 4-7/8"`},
	"another range of the same length": {
		head("bytes 0-3/8", 4, "v1") + "0123", `the answer has the range "bytes 0-3/8" instead of "bytes 4-7/8"`},
	"an object of another size": {
		head("bytes 4-7/9", 4, "v1") + "4567", `the answer has the range "bytes 4-7/9" instead of "bytes 4-7/8"`},
	"the whole object, the range ignored": {
		"HTTP/1.1 200 OK\r\nX-Amz-Version-Id: v1\r\nContent-Length: 8\r\n\r\n01234567", `the answer has the range "" instead of "bytes 4-7/8"`},
	"a body of unknown length that ends early": {
		"HTTP/1.1 206 Partial Content\r\nX-Amz-Version-Id: v1\r\nContent-Range: bytes 4-7/8\r\n\r\n45", "the answer has "},
	"another version": {
		head("bytes 4-7/8", 4, "v2") + "4567", `the answer is of version "v2"`},
	"no version": {
		"HTTP/1.1 206 Partial Content\r\nContent-Length: 4\r\nContent-Range: bytes 4-7/8\r\n\r\n4567", `the answer is of version ""`},
}

func head(contentRange string, length int, version string) string {
	return fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nContent-Range: %s\r\nContent-Length: %d\r\nX-Amz-Version-Id: %s\r\n\r\n", contentRange, length, version)
}

func TestABlockThatDoesNotComeAsPromisedIsReadAgain(t *testing.T) {
	content := []byte("01234567")
	for name, tt := range answers {
		t.Run(name, func(t *testing.T) {
			broken := 0
			server := &memory{content: content, first: func(w http.ResponseWriter, r *http.Request, _ int64) bool {
				if r.Header.Get("Range") != "bytes=4-7" || broken == 2 {
					return false
				}
				broken++
				return hijack(t, w, tt.raw)
			}}
			answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(content))
			require.NoError(t, err)
			want := expected(t, content, 4, "SHA256")
			assert.Equal(t, hashbytes.Answer{Found: verdict.Object, Digests: &want}, answer)
			assert.Equal(t, int64(4), server.asked.Load())
		})
	}
}

func TestABlockThatNeverComesAsPromisedIsNeverADigest(t *testing.T) {
	for name, tt := range answers {
		t.Run(name, func(t *testing.T) {
			server := &memory{content: []byte("01234567"), first: func(w http.ResponseWriter, r *http.Request, _ int64) bool {
				return r.Header.Get("Range") == "bytes=4-7" && hijack(t, w, tt.raw)
			}}
			answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(server.content))
			require.NoError(t, err)
			assert.Equal(t, verdict.Unreachable, answer.Found)
			assert.Nil(t, answer.Digests)
			assert.Contains(t, answer.Detail, "GetObject failed: read 4 bytes from byte 4 on: "+tt.want)
		})
	}
}

func TestWhatS3AnswersInsteadOfBytesIsTold(t *testing.T) {
	tests := map[string]struct {
		status int
		code   string
		found  verdict.Found
		detail string
	}{
		"archived":                {403, "InvalidObjectState", verdict.Archived, "GetObject answered 403 InvalidObjectState: the object must be restored to be read"},
		"denied":                  {403, "AccessDenied", verdict.Denied, "GetObject answered 403 AccessDenied; grant hash-bytes s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		"the version is gone":     {404, "NoSuchVersion", verdict.Missing, "GetObject answered 404 NoSuchVersion"},
		"the bucket is gone":      {404, "NoSuchBucket", verdict.Unreachable, "GetObject answered 404 NoSuchBucket"},
		"a customer's key":        {400, "InvalidRequest", verdict.SSEC, "GetObject answered 400 InvalidRequest: the customer's key is needed"},
		"an expired token":        {400, "ExpiredToken", verdict.Unreachable, "GetObject answered 400 ExpiredToken"},
		"throttling":              {503, "SlowDown", verdict.Unreachable, "GetObject answered 503 SlowDown"},
		"an error of S3":          {500, "InternalError", verdict.Unreachable, "GetObject answered 500 InternalError"},
		"a smaller object":        {416, "InvalidRange", verdict.Unreachable, "GetObject answered 416 InvalidRange"},
		"another ETag":            {412, "PreconditionFailed", verdict.Unreachable, "GetObject answered 412 PreconditionFailed"},
		"a delete marker":         {405, "MethodNotAllowed", verdict.Unreachable, "GetObject answered 405 MethodNotAllowed"},
		"a bucket somewhere else": {301, "PermanentRedirect", verdict.Unreachable, "GetObject answered 301 PermanentRedirect"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := &memory{content: []byte("01234567"), first: func(w http.ResponseWriter, r *http.Request, _ int64) bool {
				return r.Header.Get("Range") == "bytes=4-7" && s3Error(w, tt.status, tt.code)
			}}
			answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(server.content))
			require.NoError(t, err)
			assert.Equal(t, hashbytes.Answer{Found: tt.found, Detail: tt.detail}, answer)
		})
	}
}

func TestWhoRefusesIsTold(t *testing.T) {
	const user = "User: arn:aws:sts::111122223333:assumed-role/r/f is not authorized to perform: "
	for message, want := range map[string]hashbytes.Answer{
		user + "s3:GetObjectVersion on resource: &quot;arn:aws:s3:::docs/a.txt&quot; with an explicit deny in a resource control policy": {
			Found: verdict.Forbidden, Detail: "GetObject answered 403 AccessDenied: explicit deny of s3:GetObjectVersion in a resource control policy"},
		user + "kms:Decrypt on resource: arn:aws:kms:r:1:key/k because no identity-based policy allows the kms:Decrypt action": {
			Found: verdict.Denied, Detail: "GetObject answered 403 AccessDenied: no identity-based policy allows kms:Decrypt"},
	} {
		server := &memory{content: []byte("01234567"), first: func(w http.ResponseWriter, _ *http.Request, _ int64) bool {
			w.WriteHeader(http.StatusForbidden)
			_, err := fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>", message)
			return err == nil
		}}
		answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(server.content))
		require.NoError(t, err)
		assert.Equal(t, want, answer)
	}
}

func TestAnEmptyObjectIsReadWithoutARange(t *testing.T) {
	ranged := true
	server := &memory{first: func(_ http.ResponseWriter, r *http.Request, _ int64) bool {
		_, ranged = r.Header["Range"]
		return false
	}}
	answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(nil))
	require.NoError(t, err)
	want := expected(t, nil, 4, "SHA256")
	assert.Equal(t, hashbytes.Answer{Found: verdict.Object, Digests: &want}, answer)
	assert.False(t, ranged)

	server.content = []byte("not empty")
	answer, err = hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(nil))
	require.NoError(t, err)
	assert.Equal(t, verdict.Unreachable, answer.Found, answer.Detail)
}

func TestOnlyTheETagThatWasLookedAtIsRead(t *testing.T) {
	server := &memory{content: []byte("01234567")}
	in := request(server.content)
	in.ETag = `"other"`
	answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, verdict.Unreachable, answer.Found)
	assert.Contains(t, answer.Detail, "412")
	in.ETag = ""
	answer, err = hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, verdict.Object, answer.Found)
}

func TestRequestsThatMakeNoSenseAreRefused(t *testing.T) {
	tests := map[string]struct{ change, want string }{
		"no version":                   {`{"version":""}`, `"bucket", "key" and "version" must be set`},
		"a range beyond the end":       {`{"offset":5}`, "8 bytes from byte 5 on are not within an object of 8 bytes"},
		"a negative offset":            {`{"offset":-1}`, "not within"},
		"an overflowing range":         {`{"offset":9223372036854775807}`, "not within"},
		"nothing of something":         {`{"length":0}`, "only an empty object has an empty range"},
		"an object larger than can be": {`{"size":` + fmt.Sprint(digest.MaxSize+1) + `}`, "not within"},
		"no blocks":                    {`{"blockSize":0}`, "blocks of 0 bytes"},
		"too many blocks":              {`{"size":8192,"length":8192,"blockSize":1}`, "more than 4096"},
		"another algorithm":            {`{"algorithm":"MD5"}`, `"MD5" is none of`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := request([]byte("01234567"))
			require.NoError(t, in.Validate())
			require.NoError(t, json.Unmarshal([]byte(tt.change), &in))
			assert.ErrorContains(t, in.Validate(), tt.want)
		})
	}
}

func TestDetailsAreOneBoundedLineWithoutTheKey(t *testing.T) {
	server := &memory{content: []byte("01234567"), first: func(w http.ResponseWriter, _ *http.Request, _ int64) bool {
		return s3Error(w, 500, strings.Repeat("é\n", 500))
	}}
	answer, err := hashbytes.Reader{Objects: client(t, server)}.Read(t.Context(), request(server.content))
	require.NoError(t, err)
	assert.Regexp(t, `^[ -~]+$`, answer.Detail)
	assert.Len(t, answer.Detail, verdict.MaxSideDetail)
	assert.NotContains(t, answer.Detail, "a.txt")
}
