package computed_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/testing/computed"
)

// large is the large key of 10,000 rows.
const large = "2023/03/27/ledger.db"

func TestTheSDKPagesThroughAllRows(t *testing.T) {
	server := newServer(t, 10_000, 97)
	for _, bucket := range []string{primary, replica} {
		versions, markers := pages(t, connect(t, server), bucket)
		var listed, listedMarkers []string
		for _, r := range all(t, server, bucket, 1000) {
			if r.marker() {
				listedMarkers = append(listedMarkers, r.Key+" "+r.VersionID)
			} else {
				listed = append(listed, r.Key+" "+r.VersionID)
			}
		}
		assert.Equal(t, listed, versions)
		assert.Equal(t, listedMarkers, markers)
		side := computed.Side(bucket == replica)
		assert.Equal(t, server.Listed(side), computed.Count{Objects: int64(len(versions)), Markers: int64(len(markers))})
	}
}

// pages lists with the SDK's paginator, whose keys are still encoded.
func pages(t *testing.T, client *sdk.Client, bucket string) (versions, markers []string) {
	t.Helper()
	listing := sdk.NewListObjectVersionsPaginator(client, &sdk.ListObjectVersionsInput{Bucket: &bucket, EncodingType: types.EncodingTypeUrl})
	for listing.HasMorePages() {
		p, err := listing.NextPage(t.Context())
		require.NoError(t, err)
		for _, v := range p.Versions {
			versions = append(versions, decode(t, *v.Key)+" "+*v.VersionId)
		}
		for _, m := range p.DeleteMarkers {
			markers = append(markers, decode(t, *m.Key)+" "+*m.VersionId)
		}
	}
	return versions, markers
}

// What is told of a pair, held against what its buckets list.
func holds(t require.TestingT, server *computed.Server, primary, replica []row) {
	ordered(t, primary)
	ordered(t, replica)
	on := map[string]row{}
	for _, r := range primary {
		on[r.VersionID] = r
	}
	require.Len(t, on, len(primary), "version ids are unique")
	counts, kinds := map[computed.Kind]computed.Count{}, map[string]computed.Kind{}
	count := func(r row, kind computed.Kind) {
		c := counts[kind]
		if r.marker() {
			c.Markers++
		} else {
			c.Objects++
		}
		counts[kind] = c
		if kind != computed.Same {
			kinds[r.VersionID] = kind
		}
	}
	told := map[string]computed.Kind{}
	for v := range server.Different() {
		told[v.ID] = v.Kind
	}
	for _, r := range replica {
		p, both := on[r.VersionID]
		delete(on, r.VersionID)
		switch p.IsLatest = r.IsLatest; {
		case !both:
			count(r, computed.Surplus)
		case p == r:
			count(r, computed.Same)
		case p.Size != r.Size:
			count(r, computed.Resized)
		default: // the listings don't tell which
			assert.NotEqual(t, p.ETag, r.ETag)
			assert.Contains(t, []computed.Kind{computed.OtherETag, computed.Damaged}, told[r.VersionID])
			count(r, told[r.VersionID])
		}
	}
	for _, r := range on {
		count(r, computed.Missing)
	}
	want := server.Counts()
	for kind, c := range want {
		if c == (computed.Count{}) {
			delete(want, kind)
		}
	}
	assert.Equal(t, want, counts)
	assert.Equal(t, told, kinds)
}

// ordered says whether the rows are in S3's order, and the first of a key the latest.
func ordered(t require.TestingT, rows []row) {
	for i, r := range rows {
		require.Less(t, r.LastModified, "2025", "nothing is young")
		if i == 0 || rows[i-1].Key != r.Key {
			require.True(t, r.IsLatest)
			require.True(t, i == 0 || rows[i-1].Key < r.Key, r.Key)
			continue
		}
		require.False(t, r.IsLatest)
		require.LessOrEqual(t, r.LastModified, rows[i-1].LastModified)
	}
}

func TestBothBucketsListWhatIsToldOfThem(t *testing.T) {
	server := newServer(t, 10_000, 97)
	onPrimary, onReplica := all(t, server, primary, 1000), all(t, server, replica, 1000)
	holds(t, server, onPrimary, onReplica)
	assert.Equal(t, map[computed.Kind]computed.Count{
		computed.Same: {Objects: 9403, Markers: 498}, computed.Missing: {Objects: 22, Markers: 1}, computed.Surplus: {Objects: 20, Markers: 1},
		computed.OtherETag: {Objects: 15}, computed.Damaged: {Objects: 27}, computed.Resized: {Objects: 13},
	}, server.Counts(), "one row in 97, of each kind")

	perKey := map[string]int{}
	for _, r := range onPrimary {
		perKey[r.Key]++
	}
	lacks := 0
	for v := range server.Different() {
		if v.Key == large && v.Kind == computed.Surplus {
			lacks++
		}
	}
	assert.Equal(t, 1000, perKey[large]+lacks, "a tenth of all")
	assert.Contains(t, perKey, "2022/01/01/inv-000000001.pdf")
	assert.Contains(t, perKey, "2022/01/01/inv-000000000 Größe+Maß & Co 100%.pdf")
}

func TestTheReplicaListsSomeVersionsOfTheLargeKeyThatAreEquallyOldInAnotherOrder(t *testing.T) {
	server := newServer(t, 2_000, 0)
	onPrimary, onReplica := all(t, server, primary, 1000), all(t, server, replica, 1000)
	moved := 0
	for i := range onPrimary {
		if onPrimary[i].VersionID != onReplica[i].VersionID {
			moved++
			assert.Regexp(t, "/ledger.db$", onPrimary[i].Key)
			assert.Equal(t, onPrimary[i].LastModified, onReplica[i].LastModified)
		}
	}
	assert.Equal(t, 64, moved, "a third of them")
}

func TestAPairOfAnySizeListsWhatIsToldOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		server := newServer(t, rapid.Int64Range(0, 200).Draw(t, "rows"), rapid.Int64Range(0, 30).Draw(t, "every"))
		max := rapid.IntRange(1, 100).Draw(t, "max")
		holds(t, server, all(t, server, primary, max), all(t, server, replica, max))
	})
}

// behind is the reference: the rows that a page may have, of all that there are.
func behind(rows []row, prefix, key, version string) []row {
	from := slices.IndexFunc(rows, func(r row) bool { return r.Key > key })
	if version != "" {
		from = 1 + slices.IndexFunc(rows, func(r row) bool { return r.VersionID == version })
	}
	if from < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(rows[from:]), func(r row) bool { return !strings.HasPrefix(r.Key, prefix) })
}

func TestAPageFromAnyMarkerHasTheRowsBehindIt(t *testing.T) {
	server := newServer(t, 1_200, 13)
	rows := map[string][]row{primary: all(t, server, primary, 1000), replica: all(t, server, replica, 1000)}
	rapid.Check(t, func(t *rapid.T) {
		bucket := rapid.SampledFrom([]string{primary, replica}).Draw(t, "bucket")
		at := rapid.SampledFrom(rows[bucket]).Draw(t, "row")
		key, version, prefix := at.Key, "", ""
		switch rapid.SampledFrom([]string{"version", "version", "key", "cut", "longer", "any", "none"}).Draw(t, "marker") {
		case "version":
			version = at.VersionID
		case "cut":
			key = key[:rapid.IntRange(0, len(key)).Draw(t, "cut")]
		case "longer":
			key += "\x00"
		case "any":
			key = rapid.StringOfN(rapid.RuneFrom([]rune("012/-in\uffff&+")), 0, 20, -1).Draw(t, "key")
		case "none":
			key = ""
		}
		if rapid.Bool().Draw(t, "prefixed") {
			other := rapid.SampledFrom(rows[bucket]).Draw(t, "prefix of").Key
			prefix = other[:rapid.IntRange(0, len(other)).Draw(t, "length")]
		}
		max := rapid.IntRange(1, 1000).Draw(t, "max")
		p := list(t, server, bucket, map[string]string{"prefix": prefix, "key-marker": key, "version-id-marker": version, "max-keys": fmt.Sprint(max)})
		want := behind(rows[bucket], prefix, key, version)
		assert.Equal(t, page{
			Name: bucket, Prefix: prefix, KeyMarker: key, VersionIDMarker: version, MaxKeys: max, EncodingType: "url", IsTruncated: len(want) > max,
			Rows: append([]row(nil), want[:min(max, len(want))]...), NextKeyMarker: p.NextKeyMarker, NextVersionIDMarker: p.NextVersionIDMarker,
		}, p)
		if p.IsTruncated {
			assert.Equal(t, want[max-1].Key+want[max-1].VersionID, p.NextKeyMarker+p.NextVersionIDMarker)
		} else {
			assert.Empty(t, p.NextKeyMarker+p.NextVersionIDMarker)
		}
	})
}

// All pages of a billion rows can't be listed here; each must go on where the one before ended.
func TestABillionRowsAreFoundAtOnce(t *testing.T) {
	server := newServer(t, 1_000_000_000, 1_000_003)
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		key := fmt.Sprintf("202%d/%02d/%02d/inv-%09d", 2+random.IntN(3), 1+random.IntN(12), 1+random.IntN(28), random.IntN(630_000_000))
		both := list(t, server, primary, map[string]string{"key-marker": key, "max-keys": "20"})
		if len(both.Rows) == 0 {
			assert.Greater(t, key, "2024/09/26", "behind the last day")
			continue
		}
		ordered(t, both.Rows)
		require.Greater(t, both.Rows[0].Key, key)
		middle := both.Rows[9]
		rest := list(t, server, primary, map[string]string{"key-marker": middle.Key, "version-id-marker": middle.VersionID, "max-keys": "10"})
		assert.Equal(t, both.Rows[10:], rest.Rows)
	}
	last := list(t, server, primary, map[string]string{"prefix": "2024/09/26/inv-62999999"})
	assert.Len(t, last.Rows, 15)
	assert.False(t, last.IsTruncated)
}

func TestQueriesThatAskForMoreOrElseThanAPage(t *testing.T) {
	server := newServer(t, 100, 0)
	none := list(t, server, primary, map[string]string{"max-keys": "0"})
	assert.Empty(t, none.Rows)
	assert.False(t, none.IsTruncated)
	assert.Equal(t, 1000, list(t, server, primary, map[string]string{"max-keys": "5000"}).MaxKeys)

	client := connect(t, server)
	of := func(in sdk.ListObjectVersionsInput) error {
		in.Bucket = aws.String(primary)
		_, err := client.ListObjectVersions(t.Context(), &in)
		return err
	}
	const url = types.EncodingTypeUrl
	require.ErrorContains(t, of(sdk.ListObjectVersionsInput{}), "501")
	require.ErrorContains(t, of(sdk.ListObjectVersionsInput{EncodingType: url, Delimiter: aws.String("/")}), "501")
	require.ErrorContains(t, of(sdk.ListObjectVersionsInput{EncodingType: url, MaxKeys: aws.Int32(-1)}), "InvalidArgument")
	require.ErrorContains(t, of(sdk.ListObjectVersionsInput{EncodingType: url, KeyMarker: aws.String("k"), VersionIdMarker: aws.String("v")}), "InvalidArgument")
	ofAnother := list(t, server, primary, nil).Rows[0].VersionID
	require.ErrorContains(t, of(sdk.ListObjectVersionsInput{EncodingType: url, KeyMarker: aws.String("k"), VersionIdMarker: &ofAnother}), "InvalidArgument")
}
