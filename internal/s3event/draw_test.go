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

func TestTheDrawOfAVersionStaysWhatItWasWhenItWasFirstValidated(t *testing.T) {
	// Computed apart from the code: the first 8 bytes of the SHA-256 of all three in
	// quotes, modulo 1,000.
	for want, v := range map[int]s3event.ObjectVersion{
		985: {Bucket: "docs", Key: "a/b.txt", VersionID: "v1"},
		518: {Bucket: "docs", Key: "a.txt", VersionID: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"},
		980: {Bucket: "docs", Key: "a b"},
	} {
		assert.Equal(t, want, v.Draw(), v.Key)
	}
}
