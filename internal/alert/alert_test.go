package alert_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	arnPrefix = "arn:aws:sqs:eu-central-1:123456789012:"
	execution = "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-prod:6b1f8c1e-2f2a-4b0e-9d3c-0a6f3f1c7a10"
	primary   = "primary docs-primary (eu-central-1)"
	both      = primary + " and replica docs-replica (eu-west-1)"
)

var prod = alert.Context{
	Stage:     "prod",
	Execution: execution,
	Queues: alert.Queues{
		ValidationARN: arnPrefix + "autobackup-validation-queue-prod",
		FailureARN:    arnPrefix + "autobackup-failure-queue-prod",
		DLQURL:        "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-validation-dlq-prod",
		DLQARN:        arnPrefix + "autobackup-validation-dlq-prod",
	},
}

// created is the body of an event about a key.
func created(key string) string {
	encoded, _ := json.Marshal(key)
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","account":"123456789012","time":"2026-03-02T09:14:05Z","region":"eu-central-1",`+
		`"detail":{"bucket":{"name":"docs-primary"},"object":{"key":%s,"size":48213,"etag":"5d41402abc4b2a76b9719d911017c592","version-id":"3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"},"reason":"PutObject"}}`, encoded)
}

func marker(key string) string {
	body := strings.Replace(created(key), "Object Created", "Object Deleted", 1)
	return strings.Replace(body, `"reason":"PutObject"`, `"reason":"DeleteObject","deletion-type":"Delete Marker Created"`, 1)
}

func failure(code reason.Code, key, detail string) batch.Failed {
	return batch.Failed{ID: "059f36b4-87a3-44ab-83d2-661975960001", Body: created(key), Reason: code, Detail: detail}
}

func TestOperatorsReadForEachReason(t *testing.T) {
	const key = "reports/2026/annual report.pdf"
	details := map[reason.Code]string{
		reason.ContentMismatch:   both + ": full-object checksums CRC64NVME differ: rosUhgp5mIg= and AAAAAAAAAAA=",
		reason.SizeMismatch:      both + ": sizes differ: 48213 and 48212 bytes",
		reason.Inconclusive:      both + ": no common checksum, and the ETags of SSE-KMS objects say nothing",
		reason.ReplicaMissing:    both + ": the replica does not have the version; status PENDING after 4h0m0s",
		reason.ReplicationFailed: both + ": the replica does not have the version; status FAILED after 5s",
		reason.NotReplicated:     primary + ": no replication rule covers the key",
		reason.UnreadableSSEC:    primary + " shows sse-c",
		reason.Archived:          both + ": the replica is in storage class DEEP_ARCHIVE",
		reason.AccessDenied:      "replica docs-replica (eu-west-1) shows denied: 403 Forbidden",
		reason.Unreachable:       "replica docs-replica (eu-west-1) shows unreachable: 503 Slow Down",
		reason.RuleNotSupported:  primary + " shows unsupported: rule all-tagged selects by tag",
		reason.MetadataDiffers:   both + ": the content is verified (full-object checksum CRC64NVME), but metadata differs: headers, tags",
		reason.WorkflowError:     "the workflow stopped before a verdict: States.Timeout",
		reason.MalformedEvent:    "malformed event: the message is not one JSON value; find out who sends to this queue",
	}
	for _, code := range failedCodes(t) {
		t.Run(string(code), func(t *testing.T) {
			require.Contains(t, details, code, "the test needs a detail for each reason")
			f := failure(code, key, details[code])
			if code == reason.MalformedEvent {
				f.Body = "hello\nPrimary: \x1b[31mnot a bucket"
			}
			golden(t, string(code), alert.Compose(prod, []batch.Failed{f}))
		})
	}
}

func TestOperatorsReadInOtherSituations(t *testing.T) {
	again := prod
	again.Alerted = 2
	unknown := prod
	unknown.Execution = ""
	lagged := failure(reason.ReplicaMissing, "old.txt", both+": the replica does not have the version; status PENDING after 24h0m0s")
	lagged.Body = marker("old.txt")
	two := "replica docs-replica (eu-west-1) and replica docs-third (us-east-1): sizes differ"
	tests := map[string]struct {
		context alert.Context
		failed  []batch.Failed
	}{
		"a hostile key":             {prod, []batch.Failed{failure(reason.SizeMismatch, "a'b\"\n  Primary:  evil\x1b[2J\u202etxt.exe", both)}},
		"a key the CLI would load":  {prod, []batch.Failed{failure(reason.SizeMismatch, "file:///etc/passwd", both)}},
		"a repeated alert":          {again, []batch.Failed{failure(reason.SizeMismatch, "a.txt", both)}},
		"a lost delete marker":      {prod, []batch.Failed{lagged}},
		"a reason nobody knows":     {prod, []batch.Failed{failure("\x1b[1mEVIL\n", "a.txt", "whatever\nPrimary: fake")}},
		"no execution":              {unknown, []batch.Failed{failure(reason.WorkflowError, "a.txt", "could not be processed")}},
		"several failures together": {prod, []batch.Failed{failure(reason.Unreachable, "a.txt", both), failure(reason.ContentMismatch, "b.txt", both), failure(reason.SizeMismatch, "c.txt", two), failure(reason.Unreachable, "d.txt", both)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			golden(t, strings.ReplaceAll(name, " ", "-"), alert.Compose(tt.context, tt.failed))
		})
	}
}

func TestNoFailureMakesNoAlert(t *testing.T) {
	assert.Equal(t, batch.Alert{}, alert.Compose(prod, nil))
}

func TestAlertTellsHowManyFailuresItLeavesOut(t *testing.T) {
	failed := make([]batch.Failed, 200)
	for i := range failed {
		failed[i] = failure(reason.AccessDenied, fmt.Sprintf("%s%03d", strings.Repeat("k", 900), i), both)
	}
	got := alert.Compose(prod, failed)
	listed := strings.Count(got.Message, "\n  ACCESS_DENIED ")
	assert.Greater(t, listed, 20)
	assert.Contains(t, got.Message, fmt.Sprintf("\n  and %d more, left out here: see the parked messages and the execution below\n", 200-listed))
	assert.Contains(t, got.Message, "The backup check failed for 200 objects in stage prod.\n")
	assert.Contains(t, got.Subject, " (+199 more)")
	assert.LessOrEqual(t, encodedSize(t, got), alert.MaxBytes)
}

func TestInvariant4AMissingPermissionReadsAsOne(t *testing.T) {
	got := alert.Compose(prod, []batch.Failed{failure(reason.AccessDenied, "a.txt", both+": the replica shows denied (403)")})
	assert.Contains(t, got.Subject, "ACCESS_DENIED")
	for _, permission := range []string{"s3:GetObjectVersion", "s3:ListBucket", "s3:GetReplicationConfiguration", "kms:Decrypt"} {
		assert.Contains(t, got.Message, permission)
	}
	assert.Contains(t, got.Message, "Nothing was compared.")
	assert.NotRegexp(t, "(?i)mismatch|corrupt|differ|deadline", got.Subject+got.Message)
}

func golden(t *testing.T, name string, got batch.Alert) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	text := "Subject: " + got.Subject + "\n\n" + got.Message
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./internal/alert -update")
	assert.Equal(t, string(want), text)
}

func encodedSize(t require.TestingT, a batch.Alert) int {
	encoded, err := json.Marshal(a)
	require.NoError(t, err)
	return len(encoded)
}

// failedCodes reads the codes of failed verdicts from package reason itself, so
// that a new one can't be forgotten here.
func failedCodes(t *testing.T) []reason.Code {
	file, err := parser.ParseFile(token.NewFileSet(), "../reason/reason.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var codes []reason.Code
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST || !strings.HasPrefix(group.Doc.Text(), "Reasons of a failed verdict") {
			continue
		}
		for _, spec := range group.Specs {
			code, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			codes = append(codes, reason.Code(code))
		}
	}
	require.NotEmpty(t, codes)
	return codes
}
