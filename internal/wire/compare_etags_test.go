package wire_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/wire"
)

// environ is a good environment of both functions that write alerts.
func environ(changes ...string) func(string) string {
	const queue = "arn:aws:sqs:eu-central-1:123456789012:autobackup-"
	values := map[string]string{
		"STAGE": "test", "WORK_BUCKET": "autobackup-test-work-123456789012", "DEADLINE_MINUTES": "240", "MARKER_DEADLINE_MINUTES": "1440",
		"BYTE_VERIFICATION":    "inconclusive",
		"METADATA_DIFFERENCES": "record",
		"MESSAGE_BYTES":        "2048",
		"VALIDATION_QUEUE_ARN": queue + "validation-queue-test", "VALIDATION_DLQ_ARN": queue + "validation-dlq-test",
		"FAILURE_QUEUE_ARN": queue + "failure-queue-test", "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:autobackup-failure-topic-test",
	}
	for i := 0; i < len(changes); i += 2 {
		values[changes[i]] = changes[i+1]
	}
	return func(name string) string { return values[name] }
}

func TestEverySampleOfCompareETagsGetsTheVerdictItIsNamedAfter(t *testing.T) {
	paths, err := filepath.Glob("../../events/compare-etags/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	f, err := wire.CompareETagsTo(io.Discard, time.Now)(aws.Config{}, environ(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			payload, err := os.ReadFile(path)
			require.NoError(t, err)
			answer, err := f(t.Context(), payload)
			require.NoError(t, err)
			var got batch.Batch
			require.NoError(t, json.Unmarshal(answer, &got))
			if name == "lagging" {
				assert.Equal(t, batch.Counts{Lagging: 1}, got.Counts)
				assert.Positive(t, got.Wait)
				return
			}
			require.Len(t, got.Summary.Objects, 1)
			settled := got.Summary.Objects[0]
			what := string(settled.Reason) + string(settled.Evidence)
			said := strings.Trim(strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(string(settled.Verdict)+"-"+what)), "-")
			named, _, _ := strings.Cut(name, "--") // one of several with this end
			named, differs := strings.CutSuffix(named, "-metadata-differs")
			assert.Equal(t, differs, settled.Finding == reason.MetadataDiffers)
			assert.True(t, strings.HasPrefix(said, named), "%s is not %s", said, name)
			assert.Equal(t, settled.Verdict == "failed", got.Counts.Failed == 1)
		})
	}
}

func TestEveryReasonHasASampleOfCompareETags(t *testing.T) {
	for _, code := range slices.Concat(reason.Severity(), []reason.Code{reason.IsReplica, reason.SourceDeleted, reason.LifecycleMarker, reason.MarkerNotReplicated, reason.NotSelected}) {
		named := "*" + strings.ReplaceAll(strings.ToLower(string(code)), "_", "-") + "*.json"
		paths, err := filepath.Glob(filepath.Join("../../events/compare-etags", named))
		require.NoError(t, err)
		assert.NotEmpty(t, paths, named)
	}
}

func TestCompareETagsLogsSuccessOfAVerifiedObject(t *testing.T) {
	var log bytes.Buffer
	f, err := wire.CompareETagsTo(io.Discard, time.Now)(aws.Config{}, environ(), handler.Logger(&log))
	require.NoError(t, err)
	payload, err := os.ReadFile("../../events/compare-etags/verified-full-object-checksum.json")
	require.NoError(t, err)
	_, err = f(t.Context(), payload)
	require.NoError(t, err)
	assert.Contains(t, log.String(), `"level":"SUCCESS","msg":"verified"`)
}

func TestCompareETagsTakesNothingButABatch(t *testing.T) {
	f, err := wire.CompareETags(aws.Config{}, environ(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, payload := range []string{`[]`, `{}`, `null`, `{"messages":null}`, `{"messages":[`} {
		_, err := f(t.Context(), []byte(payload))
		var named messages.InvokeResponse_Error
		require.ErrorAs(t, err, &named, payload)
		assert.Equal(t, reason.BadInput, named.Type, payload)
	}
}

func TestCompareETagsSaysWhichByteVerificationsThereAre(t *testing.T) {
	_, err := wire.CompareETags(aws.Config{}, environ("BYTE_VERIFICATION", "sometimes"), slog.New(slog.DiscardHandler))
	assert.EqualError(t, err, `environment variable BYTE_VERIFICATION: "sometimes" is none of never, inconclusive, always and sample-N with N from 1 to 999`)
}

func TestFunctionsRefuseABadEnvironment(t *testing.T) {
	const arn = ": set it to an ARN like arn:aws:sqs:eu-central-1:123456789012:autobackup-dev"
	tests := []struct{ name, value, want string }{
		{"DEADLINE_MINUTES", "", `environment variable DEADLINE_MINUTES is "": set it to a whole number of minutes from 1 to 525600`},
		{"DEADLINE_MINUTES", "0", `environment variable DEADLINE_MINUTES is "0": set it to a whole number of minutes from 1 to 525600`},
		{"DEADLINE_MINUTES", "1.5", `environment variable DEADLINE_MINUTES is "1.5": set it to a whole number of minutes from 1 to 525600`},
		{"MARKER_DEADLINE_MINUTES", "525601", `environment variable MARKER_DEADLINE_MINUTES is "525601": set it to a whole number of minutes from 1 to 525600`},
		{"MARKER_DEADLINE_MINUTES", "-1", `environment variable MARKER_DEADLINE_MINUTES is "-1": set it to a whole number of minutes from 1 to 525600`},
		{"MESSAGE_BYTES", "1023", `environment variable MESSAGE_BYTES is "1023": set it to a whole number of bytes from 1024 to 1048576`},
		{"MESSAGE_BYTES", "1048577", `environment variable MESSAGE_BYTES is "1048577": set it to a whole number of bytes from 1024 to 1048576`},
		{"STAGE", "", "environment variable STAGE is not set: set it to a value like dev"},
		{"VALIDATION_QUEUE_ARN", "arn:aws:sqs::123456789012:q", `environment variable VALIDATION_QUEUE_ARN is "arn:aws:sqs::123456789012:q"` + arn},
		{"VALIDATION_QUEUE_ARN", "queue", `environment variable VALIDATION_QUEUE_ARN is "queue"` + arn},
		{"VALIDATION_QUEUE_ARN", "arn:aws:sqs:eu-central-1::q", `environment variable VALIDATION_QUEUE_ARN is "arn:aws:sqs:eu-central-1::q"` + arn},
		{"VALIDATION_QUEUE_ARN", "arn:aws:sqs:eu-central-1:123456789012:", `environment variable VALIDATION_QUEUE_ARN is "arn:aws:sqs:eu-central-1:123456789012:"` + arn},
		{"VALIDATION_DLQ_ARN", "", `environment variable VALIDATION_DLQ_ARN is ""` + arn},
		{"FAILURE_QUEUE_ARN", "arn:aws:sns:eu-central-1:123456789012:x", `environment variable FAILURE_QUEUE_ARN is "arn:aws:sns:eu-central-1:123456789012:x"` + arn},
		{"WORK_BUCKET", "", "environment variable WORK_BUCKET is not set: set it to a value like autobackup-dev-work-123456789012"},
		{"TOPIC_ARN", "arn:aws:sqs:a:1:x", `environment variable TOPIC_ARN is "arn:aws:sqs:a:1:x": set it to an ARN like arn:aws:sns:eu-central-1:123456789012:autobackup-dev`},
	}
	compare := []string{"DEADLINE_MINUTES", "MARKER_DEADLINE_MINUTES", "MESSAGE_BYTES", "STAGE"}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.value, func(t *testing.T) {
			build := wire.FailureNotifier
			if slices.Contains(compare, tt.name) {
				build = wire.CompareETags
			}
			_, err := build(aws.Config{}, environ(tt.name, tt.value), slog.New(slog.DiscardHandler))
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestMetadataDifferencesAreRecordedOrAlerted(t *testing.T) {
	payload, err := os.ReadFile("../../events/compare-etags/verified-full-object-checksum-metadata-differs.json")
	require.NoError(t, err)
	for value, want := range map[string]string{"record": "verified (METADATA_DIFFERS)", "alert": "failed METADATA_DIFFERS"} {
		f, err := wire.CompareETagsTo(io.Discard, time.Now)(aws.Config{}, environ("METADATA_DIFFERENCES", value), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		answer, err := f(t.Context(), payload)
		require.NoError(t, err)
		var got batch.Batch
		require.NoError(t, json.Unmarshal(answer, &got))
		settled := got.Summary.Objects[0]
		said := string(settled.Verdict)
		if settled.Finding != "" {
			said += " (" + string(settled.Finding) + ")"
		} else {
			said += " " + string(settled.Reason)
		}
		assert.Equal(t, want, said)
		assert.Len(t, got.Failed, map[string]int{"record": 0, "alert": 1}[value])
	}
	_, err = wire.CompareETags(aws.Config{}, environ("METADATA_DIFFERENCES", "Alert"), slog.New(slog.DiscardHandler))
	assert.EqualError(t, err, `environment variable METADATA_DIFFERENCES is "Alert": set it to record or alert`)
}
