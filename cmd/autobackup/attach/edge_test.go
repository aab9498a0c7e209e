package attach_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	locals3 "autobackup/local/s3"
)

// told is what the JSON of a report has of its only bucket.
func told(t *testing.T, r *attach.Report) (bucket map[string]any, exit int) {
	t.Helper()
	var out strings.Builder
	require.NoError(t, r.JSON(&out))
	var report struct {
		Buckets []map[string]any `json:"buckets"`
		Exit    int              `json:"exit"`
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &report))
	require.Len(t, report.Buckets, 1)
	return report.Buckets[0], report.Exit
}

func TestTheReportForProgramsSaysOfABucketThatItChangedOnlyWhereItDid(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	for _, tt := range []struct {
		name    string
		edit    func(*attach.Options)
		changed bool
		outcome string
		exit    int
	}{
		{"planned", func(o *attach.Options) { o.Plan = filepath.Join(t.TempDir(), "plan.json") }, false, "planned", 0},
		{"printed", func(o *attach.Options) { o.Print = "aws" }, false, "printed", 0},
		{"nobody said yes", func(o *attach.Options) { o.Yes = false }, false, "", 1},
		{"changed", func(*attach.Options) {}, true, "changed: EventBridge on, failure notices to ", 0},
		{"attached already", func(*attach.Options) {}, false, "", 0},
	} {
		o := w.options(docs)
		tt.edit(&o)
		r, _ := w.run(attach.Run, o)
		bucket, exit := told(t, r)
		assert.Equal(t, tt.changed, bucket["changed"], tt.name)
		assert.Equal(t, tt.exit, exit, tt.name)
		outcome, _ := bucket["outcome"].(string)
		assert.True(t, strings.HasPrefix(outcome, tt.outcome), "%s: %s", tt.name, outcome)
	}
}

func TestEachAnswerDoesWhatTheQuestionSaysOfIt(t *testing.T) {
	w := newWorld(t)
	w.pair(func(c *locals3.BucketConfig) { c.Tags = map[string]string{"aws:cloudformation:stack-name": "data"} })
	w.takes(docs, "acme-plain")
	w.bucket("acme-plain", w.first, nil, replica)
	w.bucket("acme-lone", w.first, nil)
	o := w.options(docs, "acme-plain", "acme-lone")
	o.Yes = false
	t.Chdir(t.TempDir())
	o.Choose = func(question string) (string, error) {
		assert.Contains(t, question, "c print code: cloudformation, terraform   N stop:")
		return "c", nil
	}
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit, "of one bucket nothing could be printed")
	assert.Contains(t, screen, "nothing was changed: what was printed is for your own code   exit 1")
	assert.Contains(t, screen, "# "+docs+": the whole of its notifications, with what attach adds.\n# Of its AWS::S3::Bucket's Properties:\n")
	assert.Contains(t, screen, "resource \"aws_s3_bucket_notification\" \"acme-plain\" {")
	assert.NotContains(t, screen, "resource \"aws_s3_bucket_notification\" \"acme_invoices\" {")

	o.Choose = func(string) (string, error) { return "p", nil }
	_, screen = w.run(attach.Run, o)
	assert.Contains(t, screen, "attach-plan.json is the plan")
	assert.FileExists(t, "attach-plan.json")
	assert.Empty(t, w.writes())
}

func TestWhoStopsAtTheQuestionIsToldThatNothingWasChanged(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	for i, do := range []func(context.Context, aws.Config, attach.Options) (*attach.Report, error){attach.Run, attach.Detach} {
		name := []string{"attach", "detach"}[i]
		ctx, stop := context.WithCancel(t.Context())
		o.Yes, o.Choose = false, func(string) (string, error) {
			stop()
			return "", ctx.Err()
		}
		r, err := do(ctx, w.config(), o)
		require.NoError(t, err, name)
		assert.Equal(t, 1, r.Exit, name)
		assert.Equal(t, "nothing was changed: it was stopped at the question", r.Changes, name)
		assert.Empty(t, w.writes(), name)
		o.Yes = true
		w.run(attach.Run, o) // so that there is something to take back
		w.asked()
	}
}

func TestWhatIsNotPrintedIsSaidSo(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.bucket("acme-lone", w.first, nil)
	o := w.options(docs, "acme-lone")
	o.Print = "aws"
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "FAIL     acme-lone: not printed: cannot be attached")
	assert.Contains(t, screen, "done     "+docs+": printed")
}

func TestAPlanIsWrittenOverNothing(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	t.Chdir(t.TempDir())
	o := w.options(docs)
	o.Yes = false
	for _, tt := range []struct {
		file string
		ask  bool
	}{{"a plan.json", false}, {"attach-plan.json", true}} {
		require.NoError(t, os.WriteFile(tt.file, []byte("reviewed"), 0o600))
		o.Plan, o.Choose = tt.file, nil
		if tt.ask {
			o.Plan, o.Choose = "", func(string) (string, error) { return "p", nil }
		}
		_, err := attach.Run(t.Context(), w.config(), o)
		assert.EqualError(t, err, `write the plan: "`+tt.file+`" is there already, and may be a plan that somebody reviewed: name another file with --plan, or remove it; nothing was changed`)
		content, err := os.ReadFile(tt.file)
		require.NoError(t, err)
		assert.Equal(t, "reviewed", string(content))
	}
	o.Plan, o.Choose = "another plan.json", nil
	_, screen := w.run(attach.Run, o)
	assert.Contains(t, screen, "--apply='another plan.json' applies it", "as a shell takes it")
	o.Plan = "nowhere/plan.json"
	_, err := attach.Run(t.Context(), w.config(), o)
	assert.ErrorContains(t, err, "no such file or directory: name another file with --plan; nothing was changed")
}

func TestAPlanSaysInTheWordsOfTheScreenWhatIsChangedAndLeavesOutNothingSilently(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.bucket("acme-lone", w.first, nil)
	w.bucket("acme-other", w.first, nil, replica)
	o := w.options(docs, "acme-lone", "acme-other")
	o.Plan = filepath.Join(t.TempDir(), "plan.json")
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "FAIL     acme-lone: not planned: cannot be attached")
	assert.Contains(t, screen, "FAIL     acme-other: not planned: the stage does not take it yet")
	assert.Contains(t, screen, "done     "+docs+": planned")
	content, err := os.ReadFile(o.Plan)
	require.NoError(t, err)
	assert.Contains(t, string(content), `"text": "EventBridge off → on (events of all kinds are billed, $1.00 a million)"`)

	twice := strings.Replace(string(content), `"buckets": [`, `"buckets": [{"bucket": "`+docs+`"},`, 1)
	require.NoError(t, os.WriteFile(o.Plan, []byte(twice), 0o600))
	o.Apply, o.Plan = o.Plan, ""
	_, err = attach.Run(t.Context(), w.config(), o)
	assert.EqualError(t, err, "the plan names "+docs+" twice: write it again with --plan")
}

// bare answers as a server that keeps no checksums.
type bare struct{ *world }

func (b bare) Do(r *http.Request) (*http.Response, error) {
	answer, err := b.world.Do(r)
	if err == nil {
		maps.DeleteFunc(answer.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Amz-Checksum-") })
	}
	return answer, err
}

func TestTheSDKWritesNothingOfAnswersThatHaveNoChecksum(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	var written bytes.Buffer
	cfg := w.config()
	cfg.HTTPClient, cfg.Logger = bare{w}, logging.NewStandardLogger(&written)
	cfg.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported // as a configuration that is loaded has it
	for _, do := range []func(context.Context, aws.Config, attach.Options) (*attach.Report, error){attach.Run, attach.Detach} {
		r, err := do(t.Context(), cfg, w.options(docs))
		require.NoError(t, err)
		assert.NotNil(t, cmp.Or(r.Buckets[0].Facts.Record, r.Buckets[0].Record))
	}
	assert.Empty(t, written.String())
}

func TestAChangeWithoutAnAnswerIsNotSaidToBeMadeOrNot(t *testing.T) {
	const unknown = ", of which nobody knows whether they were changed; the same command again tells"
	w := newWorld(t)
	w.pair(nil)
	for _, tt := range []struct {
		fault   locals3.Fault
		unknown bool
	}{{locals3.Fault{Status: 500}, true}, {locals3.Fault{Status: 503}, false}, {locals3.Fault{Status: 403, Code: "AccessDenied"}, false}} {
		w.failing(func(r locals3.Request) *locals3.Fault {
			if r.Operation == "PutBucketNotificationConfiguration" {
				return &tt.fault
			}
			return nil
		})
		_, screen := w.run(attach.Run, w.options(docs))
		assert.Contains(t, screen, "FAIL     "+docs+": change its notifications", tt.fault.Status)
		assert.Equal(t, tt.unknown, strings.Contains(screen, unknown), screen)
	}
}

func TestWhoIsStoppedInTheMiddleOfAChangeIsToldOfEachBucket(t *testing.T) {
	w := newWorld(t)
	names := w.pairs(2)
	ctx, stop := context.WithCancel(t.Context())
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "PutBucketNotificationConfiguration" {
			stop()
		}
		return nil
	})
	r, err := attach.Run(ctx, w.config(), w.options(names...))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, r.Buckets[0].Outcome, "nobody knows whether they were changed")
	assert.Equal(t, "not tried: nothing of it was changed", r.Buckets[1].Outcome)
	w.failing(nil)
	r, screen := w.run(attach.Run, w.options(names...))
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "to be changed: 1, attached: 1; 1 bucket changed   exit 0", "the change that had no answer was made")
}

func TestOfABucketWhoseRegionIsNotKnownNothingElseIsAsked(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "HeadBucket" && r.Bucket == replica {
			return &locals3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	})
	o := w.options(docs)
	o.Yes = false
	_, screen := w.run(attach.Run, o)
	assert.Contains(t, screen, "region of "+replica+": HeadBucket answered 503")
	assert.Contains(t, screen, "  ?        versioning of "+replica+": not asked for, as its region is not known\n")
	assert.Contains(t, screen, "  ?        bucket policy of "+replica+": not asked for, as its region is not known\n")
	assert.NotContains(t, screen, "no bucket policy denies the looks")
	assert.NotContains(t, screen, "endpoint")
}

func TestWhatComesBeforeAChangeIsNamedWhereNothingCanBeChangedYet(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.bucket("acme-waits", w.first, nil, replica)
	for _, plan := range []string{"", filepath.Join(t.TempDir(), "plan.json")} {
		o := w.options("acme-waits")
		o.Yes, o.Plan = plan == "", plan
		_, screen := w.run(attach.Run, o)
		assert.Contains(t, screen, "the stage does not take it yet: 1; nothing was changed")
		assert.Contains(t, screen, ": what the lines FAIL and next say comes first   exit 1")
	}
}

func TestTheCommandThatAppliesAPlanMeansItsFileWhateverTheName(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	t.Chdir(t.TempDir())
	for name, typed := range map[string]string{"-x.json": "--apply='-x.json'", "a b'c.json": `--apply='a b'\''c.json'`} {
		o := w.options(docs)
		o.Plan = name
		_, screen := w.run(attach.Run, o)
		assert.Contains(t, screen, typed+" applies it")
	}
}

// Whatever ends the program between the record and the change, the same plan is applied again.
func TestAPlanThatEndedBetweenItsRecordAndItsChangeIsAppliedAgain(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	o.Plan = filepath.Join(t.TempDir(), "plan.json")
	w.run(attach.Run, o)
	o.Apply, o.Plan = o.Plan, ""
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "PutBucketNotificationConfiguration" {
			return &locals3.Fault{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	r, _ := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	w.failing(nil)
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.NotNil(t, w.notifications(docs).EventBridgeConfiguration)
}
