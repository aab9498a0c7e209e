package s3

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The parts' checksums and the result come from S3 itself, as reported in
// https://github.com/floci-io/floci/issues/3083.
func TestACompositeChecksumIsTheOneS3Makes(t *testing.T) {
	var parts []part
	for _, sum := range []string{
		"lcKa6Boe7a167tUCN5C4OaFygGSYD8MBnBARTrdL+1w=",
		"gHjhbUT4oo2tSCtSZJdlKi+jeNXJT+VImqdPXsXvkOc=",
		"4l9PQ3zOPZ0oGFvknFX+J4zZwE4WMzO+l3r8XrbWOeM=",
	} {
		raw, err := base64.StdEncoding.DecodeString(sum)
		require.NoError(t, err)
		parts = append(parts, part{checksum: raw})
	}
	_, sum, err := seal(newBody(true, parts...), algorithmNamed("SHA256"), composite)
	require.NoError(t, err)
	assert.Equal(t, "rVWtNbadtsaKXJAcgWPWjifHzJaXde/iV4jaJAOdivc=-3", sum.value)
	assert.Equal(t, "ChecksumSHA256", sum.element().XMLName.Local)
}

func TestChecksumsThatCanNotBeOneAreRefused(t *testing.T) {
	crc32 := algorithmNamed("crc32")
	assert.Equal(t, []byte{0x0d, 0x4a, 0x11, 0x85}, crc32.decode("DUoRhQ=="))
	for _, value := range []string{"", "DUoRhQ", "AAAA", "DUoRhQ==-2", "not base64"} {
		assert.Nil(t, crc32.decode(value), value)
	}
	assert.Equal(t, "X-Amz-Checksum-Crc32", crc32.header())
	assert.Nil(t, algorithmNamed("CRC16"))
}

func TestClaimsThatContradictThemselvesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		header map[string]string
		length int64
		want   string
	}{
		"no length":             {nil, -1, "MissingContentLength: You must provide the Content-Length HTTP header."},
		"more than 5 GiB":       {nil, maxPut + 1, "EntityTooLarge: Your proposed upload exceeds the maximum allowed size"},
		"an MD5 of three bytes": {map[string]string{"Content-Md5": "AAAA"}, 1, "InvalidDigest: The Content-MD5 you specified was invalid."},
		"an unknown content hash": {map[string]string{"X-Amz-Content-Sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, 1,
			"InvalidArgument: x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER], " +
				"STREAMING-UNSIGNED-PAYLOAD-TRAILER or a valid sha256 value."},
		"chunks without a decoded length": {map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, 1,
			"MissingContentLength: You must provide the Content-Length HTTP header."},
		"a checksum that can't be one": {map[string]string{"X-Amz-Checksum-Crc32": "AAAA"}, 1,
			"InvalidRequest: Value for x-amz-checksum-crc32 header is invalid."},
		"an unknown checksum": {map[string]string{"X-Amz-Checksum-Crc16": "AAAA"}, 1,
			"NotImplemented: the header x-amz-checksum-crc16 is not supported by the local S3"},
		"two checksums": {map[string]string{"X-Amz-Checksum-Crc32": "DUoRhQ==", "X-Amz-Checksum-Crc32c": "yZRlqg=="}, 1,
			"InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."},
		"a trailer without chunks": {map[string]string{"X-Amz-Trailer": "x-amz-checksum-crc32"}, 1,
			"InvalidRequest: The value specified in the x-amz-trailer header is not supported"},
		"an announced checksum that doesn't come": {map[string]string{"X-Amz-Sdk-Checksum-Algorithm": "CRC32"}, 1,
			"InvalidRequest: x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{Method: http.MethodPut, Header: http.Header{}, ContentLength: test.length}
			for name, value := range test.header {
				r.Header.Set(name, value)
			}
			_, err := parseClaims(r)
			require.EqualError(t, err, test.want)
		})
	}
}

func FuzzRange(f *testing.F) {
	for _, header := range []string{"bytes=0-3", "bytes=4-", "bytes=-3", "bytes=9223372036854775807-9223372036854775807", "bytes=0-0,2-2"} {
		f.Add(header, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		r, err := rangeOf(header, size)
		if err != nil {
			return
		}
		if r.from < 0 || r.length < 0 || r.from > size-r.length || !r.partial && r.length != size {
			t.Fatalf("%q of %d bytes gives %+v", header, size, r)
		}
	})
}

func FuzzReplicationConfiguration(f *testing.F) {
	f.Add([]byte(`<ReplicationConfiguration><Role>r</Role><Rule><ID>a</ID><Priority>1</Priority><Filter><Prefix>p</Prefix></Filter>` +
		`<Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination>` +
		`<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication></Rule></ReplicationConfiguration>`))
	f.Add([]byte(`<ReplicationConfiguration><Rule></Rule></ReplicationConfiguration>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r ReplicationConfiguration
		if parseXML(body, &r) != nil || r.validate(true) != nil {
			return
		}
		for name, rule := range r.applying("key", &version{}) {
			if rule.Status != "Enabled" || !strings.HasPrefix(rule.Destination.Bucket, bucketARN+name) {
				t.Fatalf("%s gets %+v", name, rule)
			}
		}
	})
}
