package demo

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/gate"
)

func TestAReportTellsOfDeliveriesThatFailedAndOnlyThen(t *testing.T) {
	var without, with strings.Builder
	require.NoError(t, (&Report{}).Text(&without))
	assert.NotContains(t, without.String(), "Deliveries")
	require.NoError(t, (&Report{Undelivered: []local.Undelivered{{What: "rule r: dropped", Times: 2}}}).Text(&with))
	assert.Contains(t, with.String(), "\nDeliveries that failed\n\n2 × rule r: dropped\n")
}

func TestNothingIsAsExpectedWhereAnythingWentWrong(t *testing.T) {
	good := func() *Report {
		return &Report{Objects: []Row{{Expected: true}}, Paths: []Path{{Status: types.ExecutionStatusSucceeded}}}
	}
	assert.True(t, good().asExpected())
	for what, spoil := range map[string]func(*Report){
		"an outcome is another": func(r *Report) { r.Objects = append(r.Objects, Row{}) },
		"a file was not read":   func(r *Report) { r.Unread = []Unread{{}} },
		"a delivery failed":     func(r *Report) { r.Undelivered = []local.Undelivered{{}} },
		"a call was refused":    func(r *Report) { r.Refused = []Refused{{}} },
		"an execution failed":   func(r *Report) { r.Paths[0].Status = types.ExecutionStatusFailed },
	} {
		r := good()
		spoil(r)
		assert.False(t, r.asExpected(), what)
	}
}

func TestAReportTellsWhatThePoliciesDecided(t *testing.T) {
	var allowed, refused strings.Builder
	require.NoError(t, (&Report{}).Text(&allowed))
	assert.Contains(t, allowed.String(), "\nevery call was allowed by the policies of the templates, and by those that autobackup policy prints\n")
	require.NoError(t, (&Report{Refused: []Refused{{gate.Refusal{By: "arn:aws:iam::1:role/r", Action: "s3:GetObject"}, 3}}}).Text(&refused))
	assert.Contains(t, refused.String(), "\nREFUSED 3 × s3:GetObject by arn:aws:iam::1:role/r: no policy allows it\n")
	assert.NotContains(t, refused.String(), "every call was allowed")
}

func TestAKeyWithSpacesAtItsEndsShowsThem(t *testing.T) {
	for key, want := range map[string]string{
		"sub/ ": `"sub/ "`, " a": `" a"`, "a b": "a b", "": "", `a"b`: `a"b`, "a\tb": `"a\tb"`,
	} {
		assert.Equal(t, want, printable(key))
	}
}
