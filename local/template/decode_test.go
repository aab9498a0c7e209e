package template_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

type queue struct {
	QueueName string `cfn:",required"`
	Delay     int    `cfn:"DelaySeconds"`
	Fifo      *bool
	Ratio     float64
	Redrive   *struct {
		Target string `cfn:"deadLetterTargetArn,required"`
		Max    int    `cfn:"maxReceiveCount"`
	} `cfn:"RedrivePolicy"`
	Rules    []struct{ ID string }
	Settings map[string]string
	Policy   any

	internal string
}

func decode(t *testing.T, properties string, into any, ignore ...string) error {
	t.Helper()
	stack, err := resolve("Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n"+properties, nil)
	require.NoError(t, err)
	return template.Decode(stack.Resources[0], into, ignore...)
}

func TestDecodeTakesLooseScalars(t *testing.T) {
	var q queue
	require.NoError(t, decode(t, `
      QueueName: 5
      DelaySeconds: '60'
      Fifo: 'true'
      Ratio: '0.5'
      RedrivePolicy: {deadLetterTargetArn: arn, maxReceiveCount: 3}
      Rules: [{ID: a}, {ID: b, Filter: {Prefix: x}}]
      Settings: {A: 1, B: true}
      Policy: {Version: 2012-10-17}
      Tags: []
`, &q, "Tags", "Rules.Filter"))
	assert.Equal(t, "5", q.QueueName)
	assert.Equal(t, 60, q.Delay)
	assert.True(t, *q.Fifo)
	assert.InDelta(t, 0.5, q.Ratio, 0)
	assert.Equal(t, "arn", q.Redrive.Target)
	assert.Equal(t, 3, q.Redrive.Max)
	assert.Equal(t, []struct{ ID string }{{"a"}, {"b"}}, q.Rules)
	assert.Equal(t, map[string]string{"A": "1", "B": "true"}, q.Settings)
	assert.Equal(t, map[string]any{"Version": "2012-10-17"}, q.Policy)
	assert.Empty(t, q.internal)
}

func TestDecodeLeavesAloneWhatTheTemplateDoesNotSay(t *testing.T) {
	q := queue{Delay: 7}
	require.NoError(t, decode(t, `      QueueName: a`, &q))
	assert.Equal(t, queue{QueueName: "a", Delay: 7}, q)
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	const at = "t.yaml:5: Resources.Q.Properties."
	for name, c := range map[string]struct{ written, want string }{
		"an unknown property":        {`Tags: []`, at + "Tags: this property of AWS::SQS::Queue is not supported here; known are DelaySeconds, Fifo, Policy, QueueName, Ratio, RedrivePolicy, Rules, Settings"},
		"a mistyped property":        {`DelaySecond: 5`, at + `DelaySecond: this property of AWS::SQS::Queue is not supported here; did you mean "DelaySeconds"?`},
		"a field's own name":         {`Delay: 5`, at + `Delay: this property of AWS::SQS::Queue is not supported here; known are DelaySeconds, Fifo, Policy, QueueName, Ratio, RedrivePolicy, Rules, Settings`},
		"an unexported field":        {`internal: 5`, at + `internal: this property of AWS::SQS::Queue is not supported here; known are DelaySeconds, Fifo, Policy, QueueName, Ratio, RedrivePolicy, Rules, Settings`},
		"an unknown nested property": {`Rules: [{ID: a, I: b}]`, at + `Rules[0].I: this property of AWS::SQS::Queue is not supported here; did you mean "ID"?`},
		"text for a number":          {`DelaySeconds: soon`, at + `DelaySeconds: must be a whole number, not "soon"`},
		"a fraction for an integer":  {`DelaySeconds: 1.5`, at + `DelaySeconds: must be a whole number, not "1.5"`},
		"text for a fraction":        {`Ratio: half`, at + `Ratio: must be a number, not "half"`},
		"a number for a boolean":     {`Fifo: 1`, at + `Fifo: must be true or false, not "1"`},
		"a list for text":            {`QueueName: [a]`, at + `QueueName: must be text, not a list`},
		"a mapping for a list":       {`Rules: {ID: a}`, at + `Rules: must be a list, not a mapping`},
		"text for a mapping":         {`Settings: a`, at + `Settings: must be a mapping, not text`},
		"text for a struct":          {`Rules: [a]`, at + `Rules[0]: must be a mapping, not text`},
		"a missing nested property":  {`RedrivePolicy: {maxReceiveCount: 3}`, at + `RedrivePolicy: deadLetterTargetArn is missing`},
		"a missing property":         {`DelaySeconds: 5`, "t.yaml:2: Resources.Q: QueueName is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.EqualError(t, decode(t, "      "+c.written, &queue{}), c.want)
		})
	}
}

func TestDecodeTellsTheLineOfAValueDeepInside(t *testing.T) {
	err := decode(t, "      QueueName: a\n      Rules:\n        - ID: a\n        - ID: b\n          Kind: c", &queue{})
	assert.EqualError(t, err, "t.yaml:9: Resources.Q.Properties.Rules[1].Kind: this property of AWS::SQS::Queue is not supported here; known are ID")
}

func TestDecodeNeedsAStructToFill(t *testing.T) {
	for _, target := range []any{queue{}, new(int), (*queue)(nil), nil} {
		err := decode(t, "      QueueName: a", target)
		assert.ErrorContains(t, err, "decode Resources.Q: the target must be a pointer to a struct, not ")
	}
	err := decode(t, "      C: a", &struct{ C chan int }{})
	assert.EqualError(t, err, "t.yaml:5: Resources.Q.Properties.C: cannot be decoded into a Go chan int")
	err = decode(t, "      C: a", &struct{ C error }{})
	assert.EqualError(t, err, "t.yaml:5: Resources.Q.Properties.C: cannot be decoded into a Go error")
	err = decode(t, "      C: {a: b}", &struct{ C map[int]string }{})
	assert.EqualError(t, err, "t.yaml:5: Resources.Q.Properties.C: cannot be decoded into a Go map[int]string")
}
