package alarms_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

// changed is an alarm with one thing in it removed or turned.
type changed struct {
	what string
	template.Resource
}

// instead are words that stand in each other's place.
var instead = [][]string{
	{"GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"},
	{"Sum", "Minimum", "Maximum", "Average", "SampleCount"},
	{"missing", "ignore", "breaching", "notBreaching"},
}

// actions are what an alarm has, or may have.
var actions = []string{"AlarmActions", "OKActions", "InsufficientDataActions", "ActionsEnabled"}

// changes are all that can be changed of an alarm, each alone: every property that its state or
// whom it tells rests on.
func changes(t *testing.T, r template.Resource) (all []changed) {
	t.Helper()
	encoded, err := json.Marshal(r.Properties)
	require.NoError(t, err)
	add := func(what string, change func(p map[string]any)) {
		var p map[string]any
		require.NoError(t, json.Unmarshal(encoded, &p))
		change(p)
		c := changed{what, r}
		c.Properties = p
		all = append(all, c)
	}
	of := func(what string, at func(p map[string]any) map[string]any) {
		for key, value := range at(r.Properties) {
			for _, other := range others(key, fmt.Sprint(value)) {
				add(fmt.Sprintf("%s%s: %v is %s", what, key, value, other), func(p map[string]any) { at(p)[key] = other })
			}
			if !slices.Contains([]string{"AlarmName", "AlarmDescription", "Label"}, key) {
				add(what+key+": removed", func(p map[string]any) { delete(at(p), key) })
			}
		}
	}
	of("", func(p map[string]any) map[string]any { return p })
	for _, key := range actions {
		if _, has := r.Properties[key]; !has && key != "ActionsEnabled" {
			add(key+": added", func(p map[string]any) { p[key] = []any{"topic"} })
		}
	}
	queries, _ := r.Properties["Metrics"].([]any)
	for i := range queries {
		query := func(p map[string]any) map[string]any { return p["Metrics"].([]any)[i].(map[string]any) }
		name := fmt.Sprintf("Metrics.%v.", query(r.Properties)["Id"])
		of(name, query)
		if _, reads := query(r.Properties)["MetricStat"]; reads {
			stat := func(p map[string]any) map[string]any { return query(p)["MetricStat"].(map[string]any) }
			of(name, stat)
			of(name, func(p map[string]any) map[string]any { return stat(p)["Metric"].(map[string]any) })
		}
	}
	return all
}

// others are what may stand in the place of a property's value.
func others(key, value string) (all []string) {
	switch key {
	case "Threshold", "EvaluationPeriods", "DatapointsToAlarm", "Period":
		var n int
		if _, err := fmt.Sscan(value, &n); err != nil {
			return nil
		}
		steps := []int{-1, 1}
		if key == "Period" {
			steps = []int{-60, 60, n, -n / 2}
		}
		for _, step := range steps {
			all = append(all, fmt.Sprint(n+step))
		}
	case "Expression", "AlarmRule":
		return texts(value)
	case "MetricName", "Namespace":
		return []string{value + "2"}
	}
	for _, words := range instead {
		if slices.Contains(words, value) {
			all = append(all, slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == value })...)
		}
	}
	return all
}

// token is a word of an expression or of a rule.
var token = regexp.MustCompile(`"[^"]*"|\w+|[^\s\w]+?`)

// symbols are what may stand in each other's place in an expression or a rule.
var symbols = [][]string{{"+", "*", "/", ">", "==", "AND"}, {"AND", "OR"}, {"ALARM", "OK", "INSUFFICIENT_DATA"}}

// texts are an expression or a rule with a word in another's place, or without some that follow
// each other.
func texts(text string) (all []string) {
	places := token.FindAllStringIndex(strings.ReplaceAll(text, "==", "= "), -1)
	for i := 0; i < len(places); i++ {
		if text[places[i][0]:places[i][1]] == "=" { // the first of two
			places[i][1]++
		}
	}
	var words []string
	for _, p := range places {
		words = append(words, text[p[0]:p[1]])
	}
	known := map[string]bool{}
	for _, w := range words {
		if regexp.MustCompile(`^[a-z]+$|^".*"$`).MatchString(w) {
			known[w] = true
		}
	}
	add := func(from, to int, with ...string) {
		all = append(all, strings.Join(slices.Concat(words[:from], with, words[to:]), " "))
	}
	for i, w := range words {
		for _, of := range symbols {
			if slices.Contains(of, w) {
				for _, other := range of {
					if other != w {
						add(i, i+1, other)
					}
				}
			}
		}
		for other := range known {
			if known[w] && other != w {
				add(i, i+1, other)
			}
		}
		var n int
		if _, err := fmt.Sscan(w, &n); err == nil && fmt.Sprint(n) == w {
			add(i, i+1, fmt.Sprint(n+1))
			add(i, i+1, fmt.Sprint(max(0, n-1)))
		}
		for to := i + 1; to <= len(words); to++ {
			add(i, to)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == strings.Join(words, " ") })
}

// alike are changes that nobody could notice, each kind with its reason.
var alike = map[string]string{
	`(Statistic|Stat): (Sum is Maximum|Maximum is Sum)$`:                                                                 "above 0 one is exactly where the other is: no count is below",
	`^HeartbeatStoppedAlarm, (Statistic: Sum is Minimum|Threshold: 0 is -1)$`:                                            "no count is below 0, and so none is below the threshold",
	`, DatapointsToAlarm: removed$`:                                                                                      "where nothing is said, it is as many as EvaluationPeriods says",
	`^PipeNotRunningAlarm, .* is IF \( waiting (\+ 0 )?AND received \+ empty \+ 0 \* waiting == 0 , 1 , 0 \)$`:           "no number of messages is below 0",
	`^PipeNotRunningAlarm, .* is IF \( .* , 2 , 0 \)$`:                                                                   "above 0 it is either way",
	`^PipeNotRunningAlarm, .* is IF \( waiting > 0 AND received \+ empty (\+ 0 [/>]|> 0 \*|\*) waiting == 0 , 1 , 0 \)$`: "where something waits it is 0 for the same numbers, and elsewhere the alarm does not ring",
}

// Each number, word and operand of an alarm is there for something that a row says; what isn't is
// no part of the template.
func TestEveryChangeOfAnAlarmIsNoticed(t *testing.T) {
	var survived []string
	used := map[string]bool{}
	tried, refused, same := 0, 0, 0
	for form, all := range forms(t) {
		for _, r := range all {
			c := check(r)
			for _, m := range changes(t, r) {
				tried++
				if wrong := c.wrong(t, m.Resource, form == "full"); wrong != "" {
					if strings.HasPrefix(wrong, "refused: ") {
						refused++
					}
					continue
				}
				what, known := r.LogicalID+", "+m.what, false
				for kind := range alike {
					if regexp.MustCompile(kind).MatchString(what) {
						used[kind], known = true, true
					}
				}
				if known {
					same++
				} else {
					survived = append(survived, what)
				}
			}
		}
	}
	slices.Sort(survived)
	t.Logf("%d changes of %d alarms: %d are refused, %d noticed, %d make no difference", tried, len(rows)+len(causes), refused, tried-refused-same-len(survived), same)
	assert.Empty(t, strings.Join(slices.Compact(survived), "\n"))
	assert.ElementsMatch(t, slices.Collect(maps.Keys(alike)), slices.Collect(maps.Keys(used)), "no change is as one of these says")
}
