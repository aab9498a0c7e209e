package wire_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/evidence"
	"autobackup/internal/program"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
)

// puts keeps what is put, and answers with a status.
type puts struct {
	status int
	paths  []string
	bodies [][]byte
}

func (p *puts) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p.paths, p.bodies = append(p.paths, r.Method+" "+r.URL.Path+" "+r.Header.Get("If-None-Match")), append(p.bodies, body)
	out := response(p.status, "", http.Header{})
	out.Request = r
	return out, nil
}

// config has requests say what they put as it is.
func (p *puts) config() aws.Config {
	cfg := awsConfig(p)
	cfg.BaseEndpoint = aws.String("http://s3.test")
	return cfg
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func factsOf(t *testing.T, content []byte) (all []evidence.Record) {
	t.Helper()
	for r, err := range evidence.Read(bytes.NewReader(content)) {
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func TestEverySampleOfCompareETagsLeavesItsEndingsAsFacts(t *testing.T) {
	paths, err := filepath.Glob("../../events/compare-etags/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		p := &puts{status: 200}
		f, err := wire.CompareETagsTo(io.Discard, func() time.Time { return noon })(p.config(), environ("FACTS_BUCKET", "work"), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		plain, err := wire.CompareETagsTo(io.Discard, func() time.Time { return noon })(aws.Config{}, environ(), slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		payload, err := os.ReadFile(path) // #nosec G304: the project's own
		require.NoError(t, err)
		answer, err := f(t.Context(), payload)
		require.NoError(t, err, path)
		without, err := plain(t.Context(), payload)
		require.NoError(t, err)
		assert.Equal(t, string(without), string(answer), "%s: the workflow sees nothing of it", path)
		var got batch.Batch
		require.NoError(t, json.Unmarshal(answer, &got))
		want := 0
		for _, line := range got.Summary.Objects {
			if line.Verdict != verdict.Reading {
				want++
			}
		}
		if want == 0 {
			assert.Empty(t, p.paths, path)
			continue
		}
		require.Len(t, p.paths, 1, path)
		assert.Regexp(t, `^PUT /work/facts/[0-9a-f]{64}\.jsonl\.gz \*$`, p.paths[0])
		records := factsOf(t, p.bodies[0])
		require.Len(t, records, want, path)
		for i, r := range records {
			assert.Equal(t, []any{noon, evidence.Upload, got.Execution, program.Template()}, []any{r.Time, r.Source, r.Run, r.Template}, path)
			want := string(got.Summary.Objects[i].Verdict)
			if filepath.Base(path) == "skipped-source-deleted.json" { // no side of it has the version
				want = string(evidence.Erased)
			}
			assert.Equal(t, want, string(r.Verdict), path)
		}
	}
}

func TestFactsThatCannotBePutFailTheRoundAndCountNothing(t *testing.T) {
	for status, want := range map[int]string{503: reason.Transient, 409: reason.Transient, 403: reason.Internal, 404: reason.Internal} {
		synctest.Test(t, func(t *testing.T) {
			p, metrics := &puts{status: status}, bytes.Buffer{}
			f, err := wire.CompareETagsTo(&metrics, time.Now)(p.config(), environ("FACTS_BUCKET", "work"), slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			_, err = f(t.Context(), verifiedDocument(t))
			var named messages.InvokeResponse_Error
			require.ErrorAs(t, err, &named)
			assert.Equal(t, want, named.Type, status)
			assert.Contains(t, named.Message, "leave facts for the evidence: PutObject of s3://work/facts/")
			assert.Empty(t, metrics.String())
			p.status = 412
			_, err = f(t.Context(), verifiedDocument(t))
			require.NoError(t, err, "an attempt before this one put them")
			assert.Contains(t, metrics.String(), `"Verified":1`)
			assert.Equal(t, p.paths[0], p.paths[len(p.paths)-1])
		})
	}
}

func TestTheFunctionEvidenceSaysWhichVariableIsMissing(t *testing.T) {
	all := []string{"STAGE", "dev", "ACCOUNT", "123456789012", "WORK_BUCKET", "w", "EVIDENCE_BUCKET", "e"}
	_, err := wire.Evidence(aws.Config{}, environ(all...), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, name := range []string{"STAGE", "ACCOUNT", "WORK_BUCKET", "EVIDENCE_BUCKET"} {
		_, err := wire.Evidence(aws.Config{}, environ(append(all, name, "")...), slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, "environment variable "+name+" is not set")
	}
	_, err = wire.Evidence(aws.Config{}, environ(append(all, "AWS_SAM_LOCAL", "true")...), slog.New(slog.DiscardHandler))
	assert.ErrorContains(t, err, "sam local invoke calls no account of yours")
	_, err = wire.CompareETags(aws.Config{}, environ("FACTS_BUCKET", "w", "AWS_SAM_LOCAL", "true"), slog.New(slog.DiscardHandler))
	assert.ErrorContains(t, err, "sam local invoke calls no account of yours")
}

func TestTheFunctionEvidenceLogsWhatItKept(t *testing.T) {
	var log strings.Builder
	p := &puts{status: 200}
	cfg := awsConfig(lists{p})
	cfg.BaseEndpoint = aws.String("http://s3.test")
	f, err := wire.EvidenceBy(func() time.Time { return noon })(cfg, environ("ACCOUNT", "123456789012", "EVIDENCE_BUCKET", "e"), slog.New(slog.NewJSONHandler(&log, nil)))
	require.NoError(t, err)
	answer, err := f(t.Context(), []byte(`{"source":"aws.events"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"facts":0,"files":0,"manifests":0,"waiting":0}`, string(answer))
	assert.Contains(t, log.String(), `"kept":{"facts":0,`)
}

// lists answers each listing with nothing.
type lists struct{ *puts }

func (lists) Do(r *http.Request) (*http.Response, error) {
	out := response(200, "<ListBucketResult></ListBucketResult>", http.Header{})
	out.Request = r
	return out, nil
}
