package audit_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
)

// facts are the records that were left in the working bucket, by their versions.
func (s *stage) facts() map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for name, content := range s.objects {
		if !strings.HasPrefix(name, keep.Root) {
			continue
		}
		for r, err := range evidence.Read(bytes.NewReader(content)) {
			require.NoError(s.t, err)
			require.Equal(s.t, []any{evidence.Audit, primary}, []any{r.Source, r.Bucket})
			require.Regexp(s.t, "^"+primary+"/[0-9]{8}-[0-9]{6}-[0-9a-f]{8}$", r.Run)
			all[r.Key+"|"+r.Version] = string(r.Verdict) + " " + string(r.Reason)
		}
	}
	return all
}

func TestAnAuditLeavesWhatItsReportTellsAsFactsAndTriedAgainNoMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, _ := small(t)
		s.Facts = keep.Bucket{Client: s.working, Name: "work"}
		summary, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		items, _ := told(t, s.folder(summary))
		require.NotEmpty(t, items)
		words := strings.NewReplacer("finding ", "failed ", "expected ", "skipped ")
		facts := s.facts()
		for version, item := range items {
			assert.Equal(t, words.Replace(item), facts[version], version)
		}
		before := len(s.objects)
		_, err = s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.Equal(t, facts, s.facts())
		assert.Len(t, s.objects, before, "the same names")
	})
}

// refusing is a bucket that nothing can be put into.
type refusing struct{ *working }

// PutObject implements keep.Client.
func (refusing) PutObject(context.Context, *sdk.PutObjectInput, ...func(*sdk.Options)) (*sdk.PutObjectOutput, error) {
	return nil, refusedWith(http.StatusServiceUnavailable)
}

func TestAnAuditWhoseFactsCannotBeLeftHasNoSummaryYet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, _ := small(t)
		s.Facts = keep.Bucket{Client: refusing{s.working}, Name: "work"}
		_, err := s.run("e1", audit.Order{Bucket: primary})
		assert.ErrorContains(t, err, "leave facts for the evidence: PutObject of s3://work/facts/")
		for name := range s.objects {
			assert.NotContains(t, name, "summary.json")
		}
		s.Facts = keep.Bucket{Client: s.working, Name: "work"}
		_, err = s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.NotEmpty(t, s.facts())
	})
}
