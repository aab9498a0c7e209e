package ticket_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/ticket"
)

// accepted holds an event about audits against the schema, and answers with its JSON.
func accepted(t require.TestingT, s *jsonschema.Schema, a ticket.Audit) string {
	encoded, err := json.Marshal(a)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(encoded)))
	require.NoError(t, err)
	require.NoError(t, s.Validate(doc), string(encoded))
	return string(encoded)
}

func counted(bucket string, n int64) ticket.Audited {
	return ticket.Audited{Bucket: bucket, Report: "s3://work/audits/" + bucket + "/1/report/", Count: &ticket.Count{Result: "findings", Listed: 9, Findings: n, New: n}}
}

func TestOneEventTellsOfAllBucketsThatHaveNews(t *testing.T) {
	s := schema(t)
	cut := counted("cut", 0)
	cut.Cut = "the audit has cost $1"
	broken := ticket.Audited{Bucket: "broken", Error: "it does not exist"}
	for _, c := range []struct {
		buckets []ticket.Audited
		want    []ticket.News
	}{
		{[]ticket.Audited{counted("docs", 2)}, []ticket.News{ticket.New}},
		{[]ticket.Audited{cut}, []ticket.News{ticket.NotAllKnown}},
		{[]ticket.Audited{broken}, []ticket.News{ticket.NotAudited}},
		{[]ticket.Audited{cut, broken, counted("docs", 1)}, []ticket.News{ticket.New, ticket.NotAudited, ticket.NotAllKnown}},
	} {
		a := ticket.OfAudits("test", execution, "[test] Backup audit: 2 new", c.buckets, noon)
		accepted(t, s, a)
		assert.Equal(t, c.want, a.News)
		assert.Equal(t, c.buckets, a.Buckets)
		assert.Equal(t, []any{"test", execution, "[test] Backup audit: 2 new", noon, 0}, []any{a.Stage, a.Execution, a.Summary, a.Time, a.More})
	}
}

func TestABucketThatCouldNotBeAuditedHasNoCounts(t *testing.T) {
	text := accepted(t, schema(t), ticket.OfAudits("test", execution, "title", []ticket.Audited{{Bucket: "broken", Error: "gone"}}, noon))
	assert.Contains(t, text, `"buckets":[{"bucket":"broken","error":"gone"}]`, "none found would be said of what nobody looked at")
}

func TestTheSchemaTakesNothingElseForAnEventAboutAudits(t *testing.T) {
	s := schema(t)
	text := accepted(t, s, ticket.OfAudits("test", execution, "title", []ticket.Audited{counted("docs", 1), {Bucket: "broken", Error: "gone"}}, noon))
	for was, is := range map[string]string{
		`"stage":`:               `"severity":"error","stage":`,
		`"news":["new"`:          `"news":["old"`,
		`,"error":"gone"`:        ``,
		`"error":"gone"`:         `"error":"gone","listed":0`,
		`"findings":1,`:          ``,
		`"more":0`:               `"more":-1`,
		`"report":"s3://`:        `"report":"https://`,
		`"execution":`:           `"key":`,
		`"bucket":"docs"`:        `"bucket":"docs","owner":"team"`,
		`"schemaVersion":"1.2"`:  `"schemaVersion":"2.0"`,
		`"time":"2026-03-02T12:`: `"time":"at 12:`,
		`"result":"findings"`:    `"result":1`,
	} {
		changed := strings.Replace(text, was, is, 1)
		require.NotEqual(t, text, changed, was)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		require.NoError(t, err)
		assert.Error(t, s.Validate(doc), is)
	}
}

// maxAudit is how long the event about audits is at most, in bytes: less than EventBridge takes,
// and it is in a state that has the e-mail, too.
const maxAudit = 66 << 10

func TestTheEventOfManyBucketsIsCutBetweenThemAndSaysHowManyAreMissing(t *testing.T) {
	var all []ticket.Audited
	for i := range 1000 {
		all = append(all, counted(fmt.Sprintf("docs-%d", i), 1))
	}
	all = append(all, ticket.Audited{Bucket: "broken", Error: "gone"})
	a := ticket.OfAudits("test", execution, "title", all, noon)
	assert.LessOrEqual(t, len(accepted(t, schema(t), a)), maxAudit)
	assert.Greater(t, len(a.Buckets), 300)
	assert.Equal(t, len(all), len(a.Buckets)+a.More)
	assert.Equal(t, []ticket.News{ticket.New, ticket.NotAudited}, a.News, "of all, also of those without room")
}

func TestWhateverAnErrorSaysTheEventIsAcceptedAndBounded(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.OneOf(rapid.StringN(1, 50, -1), rapid.SampledFrom([]string{`"}],"stage":"prod`, "\x00\n\u202e", strings.Repeat("<", 9000), strings.Repeat("\U0001f600", 900), "\xff"}))
		bucket := rapid.Custom(func(t *rapid.T) ticket.Audited {
			if rapid.Bool().Draw(t, "broken") {
				return ticket.Audited{Bucket: hostile.Draw(t, "bucket"), Error: hostile.Draw(t, "error")}
			}
			b := counted(hostile.Draw(t, "bucket"), 1)
			b.Cut = hostile.Draw(t, "cut")
			return b
		})
		a := ticket.OfAudits("test", hostile.Draw(t, "execution"), hostile.Draw(t, "title"), rapid.SliceOfN(bucket, 1, 40).Draw(t, "buckets"), noon)
		encoded := accepted(t, s, a)
		assert.LessOrEqual(t, len(encoded), maxAudit)
		assert.Regexp(t, `^[ -~]*$`, encoded)
	})
}
