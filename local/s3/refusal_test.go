package s3_test

import (
	"crypto/md5" //nolint:gosec // how S3 names a customer's key
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// customerKey are the three headers of SSE-C for a key made of one byte.
func customerKey(b byte) map[string]string {
	raw := []byte(strings.Repeat(string(rune(b)), 32))
	digest := md5.Sum(raw) //nolint:gosec // how S3 names a customer's key
	return map[string]string{
		"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256",
		"X-Amz-Server-Side-Encryption-Customer-Key":       base64.StdEncoding.EncodeToString(raw),
		"X-Amz-Server-Side-Encryption-Customer-Key-Md5":   base64.StdEncoding.EncodeToString(digest[:]),
	}
}

func TestUploadsThatS3RefusesAreRefused(t *testing.T) {
	l := pair(t, nil)
	mixed := customerKey(1)
	mixed["X-Amz-Server-Side-Encryption-Customer-Key-Md5"] = customerKey(2)["X-Amz-Server-Side-Encryption-Customer-Key-Md5"]
	short := customerKey(1)
	short["X-Amz-Server-Side-Encryption-Customer-Key"] = "AAAA"
	both := customerKey(1)
	both["X-Amz-Server-Side-Encryption"] = "AES256"
	for name, test := range map[string]struct {
		header map[string]string
		status int
		code   string
	}{
		"an unknown storage class":           {map[string]string{"X-Amz-Storage-Class": "ATTIC"}, 400, "InvalidStorageClass"},
		"an unknown encryption":              {map[string]string{"X-Amz-Server-Side-Encryption": "ROT13"}, 400, "InvalidArgument"},
		"a KMS key without KMS":              {map[string]string{"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "k"}, 400, "InvalidArgument"},
		"a customer's key of three bytes":    {short, 400, "InvalidArgument"},
		"a customer's key and another's MD5": {mixed, 400, "InvalidArgument"},
		"two kinds of encryption":            {both, 400, "InvalidArgument"},
		"more than 2 KB of metadata":         {map[string]string{"X-Amz-Meta-A": strings.Repeat("v", 2048)}, 400, "MetadataTooLarge"},
		"tags that can't be read":            {map[string]string{"X-Amz-Tagging": "%zz"}, 400, "InvalidArgument"},
		"another owner's bucket":             {map[string]string{"X-Amz-Expected-Bucket-Owner": "999999999999"}, 403, "AccessDenied"},
	} {
		a := l.send(t, http.MethodPut, "/source/k", test.header, []byte("v"))
		assert.Equal(t, test.status, a.status, name)
		assert.Equal(t, test.code, a.Code, name)
	}
	a := l.send(t, http.MethodGet, "/source/k", nil, nil)
	assert.Equal(t, "NoSuchKey", a.Code, "nothing was stored")
}

func TestACustomersKeyMustBeTheRightOne(t *testing.T) {
	l := pair(t, nil)
	require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/source/theirs", customerKey(1), []byte("v")).status)
	require.Equal(t, http.StatusOK, l.send(t, http.MethodPut, "/source/plain", nil, []byte("v")).status)
	assert.Equal(t, http.StatusOK, l.send(t, http.MethodGet, "/source/theirs", customerKey(1), nil).status)
	assert.Equal(t, http.StatusForbidden, l.send(t, http.MethodGet, "/source/theirs", customerKey(2), nil).status)
	assert.Equal(t, http.StatusBadRequest, l.send(t, http.MethodGet, "/source/theirs", nil, nil).status)
	assert.Equal(t, http.StatusBadRequest, l.send(t, http.MethodGet, "/source/plain", customerKey(1), nil).status)
	unnamed := customerKey(1)
	delete(unnamed, "X-Amz-Server-Side-Encryption-Customer-Key-Md5")
	assert.Equal(t, http.StatusForbidden, l.send(t, http.MethodGet, "/source/theirs", unnamed, nil).status, "the MD5 is what tells the key")
}

func TestMultipartRequestsThatS3RefusesAreRefused(t *testing.T) {
	l := pair(t, nil)
	created := l.send(t, http.MethodPost, "/source/k?uploads", map[string]string{"X-Amz-Checksum-Algorithm": "CRC32"}, nil)
	require.Equal(t, http.StatusOK, created.status)
	_, rest, _ := strings.Cut(created.body, "<UploadId>")
	id, _, _ := strings.Cut(rest, "</UploadId>")
	upload := "/source/k?uploadId=" + id
	crc := map[string]string{"X-Amz-Checksum-Crc32": "DUoRhQ=="}
	part := l.send(t, http.MethodPut, upload+"&partNumber=1", crc, []byte("hello world"))
	require.Equal(t, http.StatusOK, part.status, part.body)

	complete := func(checksum string) []byte {
		return []byte("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>5eb63bbbe01eeed093cb22bb8f5acdc3</ETag>" +
			checksum + "</Part></CompleteMultipartUpload>")
	}
	good := "<ChecksumCRC32>DUoRhQ==</ChecksumCRC32>"
	for name, test := range map[string]struct {
		method, target string
		header         map[string]string
		body           []byte
		code           string
	}{
		"part number 0":                 {"PUT", upload + "&partNumber=0", crc, nil, "InvalidArgument"},
		"part number 10,001":            {"PUT", upload + "&partNumber=10001", crc, nil, "InvalidArgument"},
		"a part without checksum":       {"PUT", upload + "&partNumber=2", nil, []byte("x"), "InvalidRequest"},
		"another key's upload":          {"PUT", "/source/other?partNumber=1&uploadId=" + id, crc, []byte("hello world"), "NoSuchUpload"},
		"no parts":                      {"POST", upload, nil, []byte("<CompleteMultipartUpload/>"), "MalformedXML"},
		"a part's checksum left out":    {"POST", upload, nil, complete(""), "InvalidRequest"},
		"a part's checksum of others":   {"POST", upload, nil, complete("<ChecksumCRC32>AAAAAA==</ChecksumCRC32>"), "InvalidPart"},
		"a part's checksum by another":  {"POST", upload, nil, complete("<ChecksumSHA1>DUoRhQ==</ChecksumSHA1>"), "InvalidPart"},
		"another size":                  {"POST", upload, map[string]string{"X-Amz-Mp-Object-Size": "12"}, complete(good), "InvalidRequest"},
		"another type":                  {"POST", upload, map[string]string{"X-Amz-Checksum-Type": "FULL_OBJECT"}, complete(good), "InvalidRequest"},
		"another object checksum":       {"POST", upload, map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}, complete(good), "BadDigest"},
		"an object checksum by another": {"POST", upload, map[string]string{"X-Amz-Checksum-Sha1": "AAAA"}, complete(good), "InvalidRequest"},
		"an unknown algorithm":          {"POST", "/source/k?uploads", map[string]string{"X-Amz-Checksum-Algorithm": "CRC16"}, nil, "InvalidRequest"},
		"a type without algorithm":      {"POST", "/source/k?uploads", map[string]string{"X-Amz-Checksum-Type": "COMPOSITE"}, nil, "InvalidRequest"},
		"a type that is none":           {"POST", "/source/k?uploads", map[string]string{"X-Amz-Checksum-Algorithm": "CRC32", "X-Amz-Checksum-Type": "ROUND"}, nil, "InvalidRequest"},
		"an element that is unknown":    {"POST", upload, nil, complete("<Surprise/>"), "NotImplemented"},
	} {
		a := l.send(t, test.method, test.target, test.header, test.body)
		assert.Equal(t, test.code, a.Code, "%s: %s", name, a.body)
	}
	a := l.send(t, http.MethodPost, upload, map[string]string{"X-Amz-Mp-Object-Size": "11", "X-Amz-Checksum-Type": "COMPOSITE"}, complete(good))
	assert.Equal(t, http.StatusOK, a.status, "none of them changed the upload: %s", a.body)
	again := l.send(t, http.MethodPost, upload, nil, complete(good))
	assert.Equal(t, a.body, again.body, "a client that lost the answer gets it again")
	other := []byte("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>00000000000000000000000000000000</ETag></Part></CompleteMultipartUpload>")
	assert.Equal(t, "NoSuchUpload", l.send(t, http.MethodPost, upload, nil, other).Code, "of other parts there is none")
}

func contentMD5(body string) map[string]string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // S3's own Content-MD5
	return map[string]string{"Content-Md5": base64.StdEncoding.EncodeToString(sum[:])}
}

func TestListsAndDeletionsThatS3RefusesAreRefused(t *testing.T) {
	l := pair(t, nil)
	for target, code := range map[string]string{
		"/source?list-type=2&max-keys=x":             "InvalidArgument",
		"/source?list-type=2&max-keys=-1":            "InvalidArgument",
		"/source?list-type=1":                        "InvalidArgument",
		"/source?list-type=2&encoding-type=hex":      "InvalidArgument",
		"/source?list-type=2&continuation-token=%25": "InvalidArgument",
		"/source?versions&version-id-marker=v":       "InvalidArgument",
		"/nobody?versions":                           "NoSuchBucket",
	} {
		assert.Equal(t, code, l.send(t, http.MethodGet, target, nil, nil).Code, target)
	}
	many := "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 1001) + "</Delete>"
	for body, code := range map[string]string{
		"<Delete></Delete>": "MalformedXML", many: "MalformedXML", "<Delete": "MalformedXML",
		"<Delete><Object><Key>k</Key><ETag>e</ETag></Object></Delete>": "NotImplemented",
		strings.Repeat(" ", 4<<20+1):                                   "MaxMessageLengthExceeded",
	} {
		assert.Equal(t, code, l.send(t, http.MethodPost, "/source?delete", contentMD5(body), []byte(body)).Code, "%.60s", body)
	}
}

func TestAttributesThatCantBeAskedForAreRefused(t *testing.T) {
	l := pair(t, nil)
	l.put(t, "k", "v")
	for name, test := range map[string]struct {
		header map[string]string
		code   string
	}{
		"none at all":        {nil, "InvalidRequest"},
		"an unknown one":     {map[string]string{"X-Amz-Object-Attributes": "ETag,Color"}, "InvalidArgument"},
		"parts without end":  {map[string]string{"X-Amz-Object-Attributes": "ObjectParts", "X-Amz-Max-Parts": "all"}, "InvalidArgument"},
		"parts before first": {map[string]string{"X-Amz-Object-Attributes": "ObjectParts", "X-Amz-Part-Number-Marker": "-1"}, "InvalidArgument"},
	} {
		answer := l.send(t, http.MethodGet, "/source/k?attributes", test.header, nil)
		assert.Equal(t, http.StatusBadRequest, answer.status, name)
		assert.Equal(t, test.code, answer.Code, name)
	}
}
