package metric_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	require.TestingT
	Helper()
}

// record is one line as CloudWatch reads it: the values of each metric under
// its name and its dimensions, "Failed Stage=test Bucket=media".
type record map[string][]float64

// readLine reads a line the way the specification tells CloudWatch to, and
// fails the test where the line breaks one of its rules.
func readLine(t testingT, text string, at time.Time) record {
	t.Helper()
	var root map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &root))
	var meta struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	}
	encoded, err := json.Marshal(root["_aws"])
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&meta))
	assert.Equal(t, at.UnixMilli(), meta.Timestamp)
	got, used := record{}, map[string]bool{"_aws": true}
	for _, d := range meta.CloudWatchMetrics {
		assert.Equal(t, metric.Namespace, d.Namespace)
		require.Len(t, d.Dimensions, 1)
		require.NotEmpty(t, d.Metrics)
		where := ""
		for _, name := range d.Dimensions[0] {
			value, isText := root[name].(string)
			require.True(t, isText, "dimension %s is a text of the root", name)
			require.Regexp(t, "^[a-zA-Z0-9_.-]{1,255}$", value)
			where += " " + name + "=" + value
			used[name] = true
		}
		for _, m := range d.Metrics {
			assert.True(t, slices.ContainsFunc(metric.All(), func(known metric.Definition) bool {
				return known.Name == m.Name && known.Unit == m.Unit && slices.Equal(known.Dimensions, d.Dimensions[0])
			}), "%s in %s by %v is defined", m.Name, m.Unit, d.Dimensions[0])
			require.NotContains(t, got, m.Name+where, "named once")
			got[m.Name+where] = numbers(t, root[m.Name])
			used[m.Name] = true
		}
	}
	assert.Len(t, root, len(used), "nothing but what the directives name")
	return got
}

// numbers is a metric's value: a number, or 1 to 100 of them.
func numbers(t testingT, value any) []float64 {
	t.Helper()
	if n, ok := value.(float64); ok {
		return []float64{n}
	}
	list, ok := value.([]any)
	require.True(t, ok, "%v is a number or an array", value)
	require.NotEmpty(t, list)
	require.LessOrEqual(t, len(list), 100)
	all := make([]float64, len(list))
	for i, v := range list {
		all[i], ok = v.(float64)
		require.True(t, ok, "%v is a number", v)
	}
	return all
}

// written is what Write comes to: values of all lines together.
func written(t testingT, objects []metric.Object) record {
	t.Helper()
	w := &lines{}
	require.NoError(t, scope.Write(w, at, objects))
	all := record{}
	for _, text := range *w {
		for name, values := range readLine(t, text, at) {
			all[name] = append(all[name], values...)
		}
	}
	return all
}

// lines takes whole lines only, one a call.
type lines []string

func (l *lines) Write(text []byte) (int, error) {
	if strings.Count(string(text), "\n") != 1 || text[len(text)-1] != '\n' {
		return 0, fmt.Errorf("not one line: %q", text)
	}
	*l = append(*l, string(text))
	return len(text), nil
}
