package pair

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/s3test"
	"autobackup/internal/comparebytes"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

func TestAListIsReadOnBothSidesThroughThisMachine(t *testing.T) {
	const region = "eu-central-1"
	docs := s3.BucketConfig{Name: "docs", Region: region, Versioned: true}
	here, there := s3test.New(t, region, docs), s3test.New(t, region, docs)
	pairs, err := Open(t.Context(), Options{
		Primary: "docs", Replicas: []string{"docs"}, From: Access{Endpoint: here.URL, Region: region}, To: Access{Endpoint: there.URL, Region: region},
		Pace: NewPace(10_000, func(map[string]int64) error { return nil }), Now: time.Now(), Clock: time.Now,
	})
	require.NoError(t, err)
	comparer := comparebytes.Comparer{Hasher: hasher{pairs[0].route}}
	var list []comparebytes.PairRange
	for _, key := range []string{"a", "b"} {
		side := verdict.Side{Bucket: "docs", Region: region, Size: 7}
		replica := side
		replica.Bucket = pairs[0].route.replicaName()
		of := comparebytes.PairOf(key, here.Put("docs", key, "content"), side, replica)
		list = append(list, comparebytes.PairRange{Pair: of, Range: comparer.Ranges(of)[0]})
	}
	got, err := comparer.CompareList(t.Context(), list)
	require.NoError(t, err)
	for i := range list {
		assert.Equal(t, verdict.Object, got[i].Primary.Found)
		assert.Equal(t, comparebytes.Part{Found: verdict.Missing, Detail: "GetObject answered 404 NoSuchVersion"}, got[i].Replica, "the other server has no such version")
	}
}
