package alarms_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
)

// values are numbers as AWS's page has them: [30, -, 0] has no value in the middle.
func values(of string) (all []float64) {
	for field := range strings.FieldsSeq(of) {
		v := math.NaN()
		if field != "-" {
			if _, err := fmt.Sscan(field, &v); err != nil {
				panic(err) //nolint:forbidigo // a typing error in a test
			}
		}
		all = append(all, v)
	}
	return all
}

// The examples are AWS's where its page has one, and otherwise worked out by hand from the
// sentence that is quoted.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func TestMetricMathComesToWhatAWSsPageSays(t *testing.T) {
	for _, c := range []struct {
		text string
		in   map[string]string
		want string
	}{
		// "Missing values in a time series are treated as 0."
		{"m1 + m2", map[string]string{"m1": "30 20 - -", "m2": "1 - 2 -"}, "31 20 2 -"},
		{"m1 * m2", map[string]string{"m1": "30 20 - -", "m2": "2 - 2 -"}, "60 0 0 -"},
		{"5 * m1", map[string]string{"m1": "30 0 -"}, "150 0 -"},
		{"0 * m1", map[string]string{"m1": "30 0 -"}, "0 0 -"},
		{"m1 / 60", map[string]string{"m1": "90 0 -"}, "1.5 0 -"},
		// "If the value of a data point causes a function to attempt to divide by zero, the data point is dropped."
		{"m1 / m2", map[string]string{"m1": "30 30 30 -", "m2": "2 0 - 5"}, "15 - - 0"},
		// "The function treats the missing value in the other time series as 0"; the other examples are the page's.
		{"m1 > m2", map[string]string{"m1": "30 20 0 0 -", "m2": "20 - 20 - -"}, "1 1 0 0 -"},
		{"m2 > m1", map[string]string{"m1": "30 20 0 0 -", "m2": "20 - 20 - -"}, "0 0 1 0 -"},
		{"m1 > 15 AND m2 > 15", map[string]string{"m1": "30 20 0 0", "m2": "20 - 20 -"}, "1 0 0 0"},
		{"m1 == m2", map[string]string{"m1": "30 0 5 -", "m2": "30 - 6 -"}, "1 1 0 -"},
		{"m1 == 0", map[string]string{"m1": "0 1 -"}, "1 0 -"},
		// "FALSE if the value of the condition data point is 0, and TRUE if it is any other value, whether positive or negative."
		{"IF(m1, 5, 2)", map[string]string{"m1": "1 1 0 0 -"}, "5 5 2 2 -"},
		{"IF(m1 + m2, 5, 2)", map[string]string{"m1": "-3 3 0", "m2": "1 -3 -"}, "5 2 2"},
		{"IF(m1 > 400, 10, 2)", map[string]string{"m1": "500 400 -"}, "10 2 -"},
		// "Fills the missing values of a time series."
		{"FILL(m1, 10)", map[string]string{"m1": "1 - 3 -"}, "1 10 3 10"},
		{"FILL(m1, 0)", map[string]string{"m1": "- - -"}, "- - -"}, // see decision 68
		// "A time series with the running sum of the values in the original time series."
		{"RUNNING_SUM(m1)", map[string]string{"m1": "1 2 - 3"}, "1 3 - 6"},
		{"RUNNING_SUM(FILL(m1, 0))", map[string]string{"m1": "1 2 - 3"}, "1 3 3 6"},
		// What binds closer, and brackets.
		{"m1 + m2 * m1", map[string]string{"m1": "2", "m2": "3"}, "8"},
		{"(m1 + m2) * m1", map[string]string{"m1": "2", "m2": "3"}, "10"},
		{"m1 / m2 * m1", map[string]string{"m1": "6", "m2": "3"}, "12"},
		{"m1 == 3 > 0", map[string]string{"m1": "3 2"}, "1 0"}, // from the left
		{"m1 > 0 AND m1 + m2 == 5 AND m2 > 2", map[string]string{"m1": "2 3 0", "m2": "3 2 5"}, "1 0 0"},
	} {
		read := map[string][]float64{}
		for id, of := range c.in {
			read[id] = values(of)
		}
		want := values(c.want)
		got, err := alarms.Math(c.text, read, len(want))
		require.NoError(t, err, c.text)
		assert.Equal(t, fmt.Sprint(want), fmt.Sprint(got), c.text) // NaN is no NaN's equal
	}
}

func TestWhatMetricMathIsNotKnownIsRefusedByName(t *testing.T) {
	for text, want := range map[string]string{
		"m1 - m2":          `"-" is no operator of metric math that is known here`,
		"m1 >= m2":         `">=" is no operator of metric math that is known here`,
		"m1 > 0 OR m2 > 0": `"OR" is no operator of metric math that is known here`,
		"m1 m2":            `"m2" is no operator of metric math that is known here`,
		"m1 +":             `there must be a metric's id, a number or a function where "" stands`,
		"-m1":              `there must be a metric's id, a number or a function where "-" stands`,
		"m3 + 1":           "m3 is no id of a metric of this alarm, and no function of metric math that is known here",
		"MAX(m1)":          "MAX is no id of a metric of this alarm, and no function of metric math that is known here",
		"if(m1, 1, 0)":     "if is no id of a metric of this alarm, and no function of metric math that is known here",
		"(m1 + m2":         `there must be a ) where "" stands`,
		"IF(m1, 1)":        `IF: there must be a , where ")" stands`,
		"IF(m1, 1, 0, 2)":  `IF: there must be a ) where "," stands`,
		"FILL m1":          `FILL: there must be a ( where "m1" stands`,
		"IF(m1, m2, 0)":    "IF with a time series in place 2 is not known here",
		"IF(1, 1, 0)":      "IF with a number in place 1 is not known here",
		"FILL(m1, REPEAT)": "REPEAT is no id of a metric of this alarm, and no function of metric math that is known here",
		"RUNNING_SUM(1)":   "RUNNING_SUM with a number in place 1 is not known here",
		"m1 + 2 * 3":       "* between two numbers is not known here: write what it comes to",
		"5":                "its result is a number, where an alarm needs a time series",
		"":                 `there must be a metric's id, a number or a function where "" stands`,
	} {
		_, err := alarms.Math(text, map[string][]float64{"m1": {1}, "m2": {1}}, 1)
		require.EqualError(t, err, want, text)
	}
}
