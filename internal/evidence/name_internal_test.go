package evidence

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestANameSaysOfWhichHourAFileIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hour := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "second"), 0).UTC()
		part := rapid.IntRange(1, 99).Draw(t, "part")
		p, is := parse(FileName(hour, part))
		require.True(t, is)
		assert.Equal(t, place{day: hour.Format(day), hour: hour.Hour(), part: part}, p)
		assert.True(t, p.holds(hour))
		assert.False(t, p.holds(hour.Add(time.Hour)))
		assert.False(t, p.holds(hour.AddDate(0, 0, 1)))
		p, is = parse(ManifestName(hour))
		require.True(t, is)
		assert.Equal(t, place{day: hour.Format(day), manifest: true}, p)
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("evidence/2026/11/29/13-1.jsonl.gz")
	f.Add("evidence/2026/11/29/manifest.json")
	f.Fuzz(func(t *testing.T, name string) {
		p, is := parse(name)
		if !is {
			return
		}
		again := FileName(begins(p.day).Add(time.Duration(p.hour)*time.Hour), p.part)
		if p.manifest {
			again = ManifestName(begins(p.day))
		}
		assert.Equal(t, name, again, "each place has one name")
	})
}
