package s3_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

func TestARecutReplicaHasTheSameBytesInOtherParts(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5<<16) + "the rest"
	for name, test := range map[string]struct {
		how   s3.Recut
		body  string
		sizes []int64
	}{
		"in one part":         {s3.Recut{Kind: "COMPOSITE"}, "0123456789", []int64{10}},
		"in three":            {s3.Recut{PartSize: 4, Kind: "COMPOSITE"}, "0123456789", []int64{4, 4, 2}},
		"exactly at a border": {s3.Recut{PartSize: 5, Kind: "COMPOSITE"}, "0123456789", []int64{5, 5}},
		"nothing":             {s3.Recut{PartSize: 5, Kind: "COMPOSITE"}, "", []int64{0}},
		"from two parts":      {s3.Recut{PartSize: 3 << 20, Kind: "FULL_OBJECT"}, long, []int64{3 << 20, 2<<20 + 8}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pair(t, rules(destination), destination)
				l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Recut: &test.how} }
				l.store(t, "k", test.body)
				l.settle()
				from, err := l.head(t, primary, source, "k", nil)
				require.NoError(t, err)
				to, err := l.head(t, replica, destination, "k", from.VersionId)
				require.NoError(t, err)
				assert.Equal(t, test.how.Kind, string(to.ChecksumType))
				assert.NotEqual(t, *from.ChecksumCRC32, *to.ChecksumCRC32)
				assert.True(t, test.body == l.bytes(t, replica, destination, "k"), "bytes")
				assert.True(t, test.body == l.bytes(t, primary, source, "k"), "the source is untouched")
				count, sizes := partsTold(t, l)
				assert.Equal(t, len(test.sizes), count)
				if test.how.Kind == "COMPOSITE" { // of others S3 tells the number only
					assert.Equal(t, test.sizes, sizes)
				}
			})
		})
	}
}

func partsTold(t *testing.T, l *local) (count int, sizes []int64) {
	t.Helper()
	out, err := l.client("https", replica).GetObjectAttributes(t.Context(), &awss3.GetObjectAttributesInput{
		Bucket: aws.String(destination), Key: aws.String("k"), ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts},
	})
	require.NoError(t, err)
	require.NotNil(t, out.ObjectParts)
	for _, p := range out.ObjectParts.Parts {
		sizes = append(sizes, *p.Size)
	}
	return int(*out.ObjectParts.TotalPartsCount), sizes
}
