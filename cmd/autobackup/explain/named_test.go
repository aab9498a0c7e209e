package explain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/cmd/autobackup/explain"
	"autobackup/internal/shell"
)

// words reads a command as a shell does: words, some in single quotes.
func words(t require.TestingT, command string) (all []string) {
	for command != "" {
		var word string
		if rest, quoted := strings.CutPrefix(command, "'"); quoted {
			var ok bool
			word, command, ok = strings.Cut(rest, "'")
			require.True(t, ok, "an open quote")
		} else {
			word, command, _ = strings.Cut(command, " ")
			command = " " + command
		}
		all = append(all, word)
		command = strings.TrimPrefix(command, " ")
	}
	return all
}

func TestTheCommandInReportsNamesItsVersionWhateverItsKeyIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.OneOf(rapid.StringN(1, -1, 200), rapid.SampledFrom([]string{"a?versionId=b", "?versionId=", "file://x", "-", "a/", "a b'c", "\x1b[2J\u202e"})).Draw(t, "key")
		version := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9._]{0,32}`), rapid.SampledFrom([]string{"null", "a?versionId=b", "-x"})).Draw(t, "version")
		command := words(t, shell.Explain("docs", key, version))
		require.Equal(t, []string{"autobackup", "explain"}, command[:2])
		object := ""
		args := command[2:]
		if args[0] == "--object" {
			object, args = args[1], args[2:]
		}
		v, replicas, err := explain.Named(append(args, "s3://one", "s3://two"), object)
		require.NoError(t, err)
		assert.Equal(t, explain.Version{Bucket: "docs", Key: key, VersionID: version}, v)
		assert.Equal(t, []string{"one", "two"}, replicas)
	})
}

func TestAnObjectMayLeaveItsBucketToAWord(t *testing.T) {
	v, replicas, err := explain.Named([]string{"s3://docs", "s3://copy"}, `{"Key":"a","VersionId":"1"}`)
	require.NoError(t, err)
	assert.Equal(t, explain.Version{Bucket: "docs", Key: "a", VersionID: "1"}, v)
	assert.Equal(t, []string{"copy"}, replicas)
}

func TestWhatNamesNoVersionIsRefusedWithWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		name, object, says string
		words              []string
	}{
		{"nothing", "", "autobackup explain 's3://BUCKET/KEY?versionId=VERSION'", nil},
		{"no address", "", `"docs/a" is no address of a bucket: write 's3://BUCKET/KEY' or 's3://BUCKET/KEY?versionId=VERSION'`, []string{"docs/a"}},
		{"no key", "", "name a key, as s3://BUCKET/KEY", []string{"s3://docs"}},
		{"no key before the version", "", "name a key, as s3://BUCKET/KEY", []string{"s3://docs/?versionId=1"}},
		{"an empty version", "", "no version id stands behind ?versionId=", []string{"s3://docs/a?versionId="}},
		{"a replica with a key", "", "write s3://copy", []string{"s3://docs/a", "s3://copy/a"}},
		{"no JSON", "a", "--object is no version", nil},
		{"JSON and more", `{"Bucket":"docs","Key":"a"} {}`, "--object is no version", nil},
		{"JSON without a key", `{"Bucket":"docs"}`, "--object is no version", nil},
		{"JSON with something else", `{"Bucket":"docs","Key":"a","Version":"1"}`, "--object is no version", nil},
		{"JSON without a bucket", `{"Key":"a"}`, "add s3://BUCKET", nil},
		{"JSON with a bucket that is none", `{"Key":"a"}`, `"docs" is no address of a bucket: write s3://BUCKET`, []string{"docs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := explain.Named(c.words, c.object)
			assert.ErrorContains(t, err, c.says)
		})
	}
}
