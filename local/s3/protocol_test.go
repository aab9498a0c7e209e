package s3_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

const authorization = "AWS4-HMAC-SHA256 Credential=AKID/20260101/" + primary + "/s3/aws4_request, SignedHeaders=host, Signature=0"

// answer is what came back for a request that no SDK sends.
type answer struct {
	status  int
	header  http.Header
	body    string
	Code    string
	Message string
}

// send sends a signed request; "-" as a header's value leaves it out.
func (l *local) send(t *testing.T, method, target string, header map[string]string, body []byte) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://s3.memory"+target, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", authorization)
	for name, value := range header {
		if r.Header.Set(name, value); value == "-" {
			r.Header.Del(name)
		}
	}
	if host, ok := header["Host"]; ok {
		r.Host = host
	}
	res, err := l.http.Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	a := answer{status: res.StatusCode, header: res.Header, body: string(text)}
	if len(text) > 0 && res.StatusCode >= 300 {
		require.NoError(t, xml.Unmarshal(text, &a), a.body)
	}
	return a
}

func TestWhatIsNotSupportedIsRefusedByName(t *testing.T) {
	l := pair(t, nil)
	for request, want := range map[string]string{
		"GET /source?acl":                    "GetBucketAcl",
		"PUT /source?cors":                   "PutBucketCors",
		"DELETE /source?policy":              "DeleteBucketPolicy",
		"POST /source":                       "POST Object (a browser's upload)",
		"GET /source?list-type=2&surprise=1": "GET with the query parameter surprise",
		"PATCH /source/k":                    "PATCH of this path",
		"PUT /source?acl":                    "PutBucketAcl",
		"PUT /source/k If-Modified-Since":    "PutObject with the header if-modified-since",
		"GET /source/k If-Modified-Since":    "GetObject with the header if-modified-since",
		"GET /source/k X-Amz-Storage-Class":  "GetObject with the header x-amz-storage-class",
		"GET /source/k X-Amz-Tagging":        "GetObject with the header x-amz-tagging",
		"GET /source/k X-Amz-Trailer":        "GetObject with the header x-amz-trailer",
		"GET /source/k X-Amz-Meta-Owner":     "GetObject with the header x-amz-meta-owner",
		"GET /source/k X-Amz-Checksum-Crc32": "GetObject with the header x-amz-checksum-crc32",
		"PUT /source/k X-Amz-Checksum-Mode":  "PutObject with the header x-amz-checksum-mode",
		"PUT /source X-Amz-Tagging":          "CreateBucket with the header x-amz-tagging",

		"DELETE /source/k X-Amz-Object-Lock-Mode":                "DeleteObject with the header x-amz-object-lock-mode",
		"PUT /source/k?uploadId=u&partNumber=1 X-Amz-Meta-Owner": "UploadPart with the header x-amz-meta-owner",
		"GET /source/k X-Amz-Server-Side-Encryption-Context":     "GetObject with the header x-amz-server-side-encryption-context",

		"PUT /source/k X-Amz-Checksum-Crc16":                 "the header x-amz-checksum-crc16",
		"PUT /source/k X-Amz-Server-Side-Encryption-Context": "an encryption context",
	} {
		line, header, _ := strings.Cut(request, " X-")
		headers := map[string]string{}
		if header != "" {
			headers["X-"+header] = "value"
		}
		if at := strings.Index(line, " If-"); at > 0 {
			headers[line[at+1:]] = "value"
			line = line[:at]
		}
		method, target, _ := strings.Cut(line, " ")
		a := l.send(t, method, target, headers, nil)
		assert.Equal(t, http.StatusNotImplemented, a.status, request)
		assert.Equal(t, "NotImplemented", a.Code, request)
		assert.Equal(t, want+" is not supported by the local S3", a.Message, request)
	}
	a := l.send(t, http.MethodGet, "/k", map[string]string{"Host": "source.s3.memory"}, nil)
	assert.Equal(t, "addressing bucket source by host name; use path style: it is not supported by the local S3", a.Message)
}

func TestConfigurationsWithUnknownElementsAreRefused(t *testing.T) {
	l := pair(t, nil)
	for target, test := range map[string][2]string{
		"/source?notification": {"<NotificationConfiguration><QueueConfiguration><Filter><Tags/></Filter></QueueConfiguration></NotificationConfiguration>",
			"the element Tags is"},
		"/source?versioning":  {"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>", "suspended versioning is"},
		"/source?replication": {"<ReplicationConfiguration><Rule><Size/><Status>Enabled</Status></Rule></ReplicationConfiguration>", "the element Size is"},
	} {
		a := l.send(t, http.MethodPut, target, nil, []byte(test[0]))
		assert.Equal(t, http.StatusNotImplemented, a.status, a.body)
		assert.Equal(t, test[1]+" not supported by the local S3", a.Message)
	}
	a := l.send(t, http.MethodPut, "/source?replication", nil, []byte("<ReplicationConfiguration>"))
	assert.Equal(t, "MalformedXML", a.Code)
}

func TestRequestsMustBeSignedForARegion(t *testing.T) {
	l := pair(t, nil)
	for name, test := range map[string]struct {
		target, header string
		status         int
		code           string
	}{
		"not at all":           {"/source", "-", 403, "AccessDenied"},
		"version 2, header":    {"/source", "AWS AKID:signature", 400, "InvalidRequest"},
		"version 2, presigned": {"/source?AWSAccessKeyId=AKID&Signature=0", "-", 400, "InvalidRequest"},
		"another service":      {"/source", strings.Replace(authorization, "/s3/", "/sqs/", 1), 400, "AuthorizationHeaderMalformed"},
		"no scope":             {"/source", "AWS4-HMAC-SHA256 Credential=AKID, Signature=0", 400, "AuthorizationHeaderMalformed"},
	} {
		a := l.send(t, http.MethodGet, test.target, map[string]string{"Authorization": test.header}, nil)
		assert.Equal(t, test.status, a.status, name)
		assert.Equal(t, test.code, a.Code, name)
	}
	a := l.send(t, http.MethodHead, "/source?X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", map[string]string{"Authorization": "-"}, nil)
	assert.Equal(t, http.StatusOK, a.status, "presigned")
}

func TestBodiesAreVerifiedInEveryEncoding(t *testing.T) {
	l := pair(t, nil)
	const text, crc32 = "hello world", "DUoRhQ=="
	chunk := func(extension, trailer string) []byte {
		return fmt.Appendf(nil, "b%s\r\n%s\r\n0%s\r\n%s\r\n", extension, text, extension, trailer)
	}
	signed := ";chunk-signature=" + strings.Repeat("0", 64)
	sum := sha256.Sum256([]byte(text))
	for name, test := range map[string]struct {
		content, trailer string
		body             []byte
		status           int
		code             string
	}{
		"plain":                           {"UNSIGNED-PAYLOAD", "", []byte(text), 200, ""},
		"plain with its hash":             {hex.EncodeToString(sum[:]), "", []byte(text), 200, ""},
		"plain with another hash":         {strings.Repeat("0", 64), "", []byte(text), 400, "XAmzContentSHA256Mismatch"},
		"signed chunks":                   {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", chunk(signed, ""), 200, ""},
		"signed chunks, trailer":          {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", crc32, chunk(signed, "x-amz-checksum-crc32:"+crc32+"\r\nx-amz-trailer-signature:0\r\n"), 200, ""},
		"unsigned chunks, trailer":        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, chunk("", "x-amz-checksum-crc32:"+crc32+"\r\n"), 200, ""},
		"a trailer of other bytes":        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, chunk("", "x-amz-checksum-crc32:AAAAAA==\r\n"), 400, "BadDigest"},
		"a trailer that doesn't come":     {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, chunk("", ""), 400, "MalformedTrailerError"},
		"chunks that end early":           {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, []byte("b\r\nhello"), 400, "IncompleteBody"},
		"fewer bytes than announced":      {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, []byte("5\r\nhello\r\n0\r\n\r\n"), 400, "IncompleteBody"},
		"more bytes than announced":       {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", crc32, []byte("c\r\nhello world!\r\n0\r\n\r\n"), 400, "IncompleteBody"},
		"signed chunks with no signature": {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", chunk("", ""), 400, "IncompleteBody"},
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"X-Amz-Content-Sha256": test.content}
			if strings.HasPrefix(test.content, "STREAMING") {
				header["X-Amz-Decoded-Content-Length"] = strconv.Itoa(len(text))
				header["Content-Encoding"] = "gzip, aws-chunked"
			}
			if test.trailer != "" {
				header["X-Amz-Trailer"] = "x-amz-checksum-crc32"
			}
			a := l.send(t, http.MethodPut, "/source/"+hex.EncodeToString([]byte(name)), header, test.body)
			assert.Equal(t, test.status, a.status, a.body)
			assert.Equal(t, test.code, a.Code)
			got := l.send(t, http.MethodGet, "/source/"+hex.EncodeToString([]byte(name)), map[string]string{"X-Amz-Checksum-Mode": "ENABLED", "Accept-Encoding": "identity"}, nil)
			if test.status != http.StatusOK {
				assert.Equal(t, "NoSuchKey", got.Code, "nothing is stored")
				return
			}
			assert.Equal(t, text, got.body)
			if test.trailer != "" {
				assert.Equal(t, crc32, got.header.Get("X-Amz-Checksum-Crc32"))
			}
			if strings.HasPrefix(test.content, "STREAMING") {
				assert.Equal(t, "gzip", got.header.Get("Content-Encoding"), "aws-chunked is not the object's")
			}
		})
	}
}

func TestAPartThatCanNotBeReadIsRefused(t *testing.T) {
	l := pair(t, nil)
	l.put(t, "k", "content")
	for query, want := range map[string]string{"partNumber=0": "InvalidArgument", "partNumber=x": "InvalidArgument", "partNumber=10001": "InvalidArgument", "partNumber=2": "InvalidPartNumber"} {
		assert.Equal(t, want, l.send(t, http.MethodGet, "/source/k?"+query, nil, nil).Code, query)
	}
	a := l.send(t, http.MethodGet, "/source/k?partNumber=1", map[string]string{"Range": "bytes=0-1"}, nil)
	assert.Equal(t, "InvalidRequest", a.Code)
	l.put(t, "empty", "")
	assert.Equal(t, http.StatusOK, l.send(t, http.MethodGet, "/source/empty?partNumber=1", nil, nil).status)
}

func TestKeysThatCanNotBeAreRefused(t *testing.T) {
	l := pair(t, nil)
	a := l.send(t, http.MethodPut, "/source/"+strings.Repeat("k", 1025), nil, nil)
	assert.Equal(t, "KeyTooLongError", a.Code)
	a = l.send(t, http.MethodPut, "/source/%ff", nil, nil)
	assert.Equal(t, "InvalidURI", a.Code)
	a = l.send(t, http.MethodGet, "/source/k?versionId=", nil, nil)
	assert.Equal(t, "InvalidArgument", a.Code)
}

func TestCreateBucketRefusesWhatS3Refuses(t *testing.T) {
	l := start(t)
	for _, name := range []string{"", "ab", "Upper", "dots..dots", "-dash", "directory--zone--x-s3", strings.Repeat("x", 64)} {
		err := l.server.CreateBucket(s3.BucketConfig{Name: name, Region: primary})
		require.EqualError(t, err, "create bucket "+name+": InvalidBucketName: The specified bucket is not valid.", name)
	}
	err := l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Replication: rules(destination)})
	require.EqualError(t, err, "create bucket source: InvalidRequest: Versioning must be 'Enabled' on the bucket to apply a replication configuration")
	a := l.send(t, http.MethodPut, "/elsewhere", nil, []byte("<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"))
	assert.Equal(t, "IllegalLocationConstraintException", a.Code)

	assert.Equal(t, "InvalidBucketAclWithObjectOwnership", l.send(t, http.MethodPut, "/open", map[string]string{"X-Amz-Acl": "public-read"}, nil).Code)
	assert.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/closed", map[string]string{"X-Amz-Acl": "private"}, nil).status)

	far := map[string]string{"Authorization": strings.Replace(authorization, primary, replica, 1)}
	inFar := []byte("<CreateBucketConfiguration><LocationConstraint>" + replica + "</LocationConstraint></CreateBucketConfiguration>")
	require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/near", nil, nil).status)
	require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/far", far, inFar).status)
	assert.Equal(t, "BucketAlreadyOwnedByYou", l.send(t, http.MethodPut, "/far", nil, nil).Code, "which is elsewhere")
	assert.Equal(t, "BucketAlreadyOwnedByYou", l.send(t, http.MethodPut, "/near", far, inFar).Code, "which is elsewhere")
}

// net/http tells a body of no bytes and one of no length alike.
func TestAnUploadWithoutALengthIsRefused(t *testing.T) {
	l := pair(t, nil)
	served := httptest.NewServer(l.server)
	defer served.Close()
	for length, want := range map[string]string{"": "HTTP/1.1 411 Length Required", "Content-Length: 0\r\n": "HTTP/1.1 200 OK"} {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", served.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(connection, "PUT /source/k HTTP/1.1\r\nHost: s3.memory\r\nAuthorization: %s\r\n%sConnection: close\r\n\r\n", authorization, length)
		require.NoError(t, err)
		got, err := io.ReadAll(connection)
		require.NoError(t, err)
		require.NoError(t, connection.Close())
		line, _, _ := strings.Cut(string(got), "\r\n")
		assert.Equal(t, want, line, length)
	}
}

func TestMetadataOfBytesThatAreNotASCIIIsToldAsMailWould(t *testing.T) {
	l := pair(t, nil)
	// AWS's guide has this pair of values: the bytes are taken for Latin 1.
	require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/source/k", map[string]string{"X-Amz-Meta-Nonascii": "ÄMÄZÕÑ S3"}, []byte("v")).status)
	got := l.send(t, http.MethodGet, "/source/k", nil, nil)
	assert.Equal(t, "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=", got.header.Get("X-Amz-Meta-Nonascii"))
}
