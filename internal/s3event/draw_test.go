package s3event_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/s3event"
)

func TestTheDrawOfAVersionIsRepeatableAndSpreadsEvenly(t *testing.T) {
	const versions = 20000
	taken := 0
	for i := range versions {
		v := s3event.ObjectVersion{Bucket: "docs", Key: "a.txt", VersionID: fmt.Sprint(i)}
		assert.Equal(t, v.Draw(), v.Draw())
		assert.GreaterOrEqual(t, v.Draw(), 0)
		assert.Less(t, v.Draw(), 1000)
		if v.Draw() < 100 {
			taken++
		}
	}
	assert.InDelta(t, versions/10, taken, versions/100, "a sample of 100 per mille")
}

func TestBucketKeyAndVersionAreAllPartOfTheDraw(t *testing.T) {
	draws := map[int]bool{}
	for _, v := range []s3event.ObjectVersion{
		{Bucket: "a", Key: "b", VersionID: "c"}, {Bucket: "x", Key: "b", VersionID: "c"}, {Bucket: "a", Key: "x", VersionID: "c"},
		{Bucket: "a", Key: "b", VersionID: "x"}, {Bucket: "ab", Key: "", VersionID: "c"}, {Bucket: "a", Key: "bc"},
	} {
		draws[v.Draw()] = true
	}
	assert.Len(t, draws, 6)
}
