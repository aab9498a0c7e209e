package samconfig_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/samconfig"
)

// fileOf is a file with one environment, e, and something around it.
func fileOf(written string) string {
	return "version = 0.1 # ours\n\n[e.global.parameters]\nstack_name = \"s\"\nregion = \"eu-west-1\"\n" +
		"# Who is told.\n" + written + "\n\n[f.global.parameters]\nparameter_overrides = \"A=other\"\n"
}

func TestSetChangesItsParametersAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ written, want string }{
		"in the place of one that stands there": {`parameter_overrides = "Z=1  A=2 B='x y'" # kept`, `parameter_overrides = "Z=1  A=new B=''" # kept`},
		"at the end where none does":            {`parameter_overrides = "Z=1"`, `parameter_overrides = "Z=1 A=new B=''"`},
		"in a text that is empty":               {`parameter_overrides = ""`, `parameter_overrides = "A=new B=''"`},
		"others keep their quotes":              {`parameter_overrides = 'Z="a \"b\"" A=2'`, `parameter_overrides = "Z=\"a \\\"b\\\"\" A=new B=''"`},
		"in a list, each in its text":           {"parameter_overrides = [\n  \"A=1\", # first\n  \"Z=2\"\n]", "parameter_overrides = [\n  \"A=new\", # first\n  \"Z=2 B=''\"\n]"},
		"in lines":                              {"parameter_overrides = \"\"\"\nA=1\nZ=2\n\"\"\"", "parameter_overrides = \"\"\"\nA=new\nZ=2\nB=''\"\"\""},
		"in the command's own table":            {"parameter_overrides = \"A=1 B=1\"\n[e.deploy.parameters]\nparameter_overrides = \"A=2\"", "parameter_overrides = \"A=1 B=1\"\n[e.deploy.parameters]\nparameter_overrides = \"A=new B=''\""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := samconfig.Set([]byte(fileOf(c.written)), "e", []samconfig.Override{{Name: "A", Value: "new"}, {Name: "B"}})
			require.NoError(t, err)
			assert.Equal(t, fileOf(c.want), string(got))
		})
	}
}

func TestSetRefusesWhatItCannotChange(t *testing.T) {
	for name, c := range map[string]struct{ source, environment, want string }{
		"an environment that is not there": {fileOf(""), "g", `samconfig.toml has no environment "g": known are e, f`},
		"no text to set them in":           {fileOf(""), "e", `samconfig.toml: write parameter_overrides = "Stage=..." in [e.global.parameters] or [e.deploy.parameters], each as a table of its own: what is set comes into that`},
		"a text that SAM does not read":    {fileOf(`parameter_overrides = "A"`), "e", `does not begin with Name=value`},
		"a file that is none":              {"version", "e", "samconfig.toml:1: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := samconfig.Set([]byte(c.source), c.environment, []samconfig.Override{{Name: "A", Value: "new"}})
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// Whatever is set is read again, of all others nothing changes, and a second time changes nothing.
func TestWhatIsSetIsWhatIsRead(t *testing.T) {
	repository, err := os.ReadFile("../../samconfig.toml")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		source := repository
		environment := rapid.SampledFrom([]string{"default", "replica", "prod", "replica-prod"}).Draw(t, "environment")
		values := rapid.MapOfN(rapid.StringMatching(`[A-Z][a-z0-9]{0,5}|Stage|ReplicaRegion`), rapid.StringMatching(`[!#-&(-[\]-~]{0,20}`), 1, 5).Draw(t, "values")
		names := slices.Sorted(maps.Keys(values))
		var overrides []samconfig.Override
		for _, name := range names {
			overrides = append(overrides, samconfig.Override{Name: name, Value: values[name]})
		}
		set, err := samconfig.Set(source, environment, overrides)
		require.NoError(t, err)
		before, after := load(t, source), load(t, set)
		for _, e := range []string{"default", "replica", "prod", "replica-prod"} {
			b, err := before.Environment(e)
			require.NoError(t, err)
			a, err := after.Environment(e)
			require.NoError(t, err, string(set))
			if e == environment {
				maps.Copy(b.ParameterOverrides, values)
			}
			assert.Equal(t, b, a, string(set))
		}
		assert.Equal(t, strings.Count(string(source), "\n"), strings.Count(string(set), "\n"))
		again, err := samconfig.Set(set, environment, overrides)
		require.NoError(t, err)
		assert.Equal(t, string(set), string(again))
	})
}

func load(t require.TestingT, source []byte) *samconfig.Config {
	c, err := samconfig.Load(source)
	require.NoError(t, err)
	return c
}

func FuzzSet(f *testing.F) {
	f.Add(fileOf(`parameter_overrides = "A=1 B='x y'"`), "new")
	f.Add(fileOf("parameter_overrides = [\"A=1\", '''B=2''']"), "*")
	f.Fuzz(func(t *testing.T, source, value string) {
		set, err := samconfig.Set([]byte(source), "e", []samconfig.Override{{Name: "A", Value: value}})
		if err != nil {
			return
		}
		e, err := load(t, set).Environment("e")
		require.NoError(t, err)
		assert.Equal(t, value, e.ParameterOverrides["A"])
	})
}

func TestSetRefusesAValueThatSAMMayReadOtherwise(t *testing.T) {
	for _, value := range []string{"a b", `a"b`, "a'b", `a\b`, "a\nb"} {
		_, err := samconfig.Set([]byte(fileOf(`parameter_overrides = "A=1"`)), "e", []samconfig.Override{{Name: "A", Value: value}})
		assert.ErrorContains(t, err, "which SAM may read otherwise: write it by hand")
	}
}
