package evidence_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/evidence"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/s3"
)

const (
	away    = "eu-west-1"
	account = "111122223333"
	kmsKey  = "arn:aws:kms:" + away + ":" + account + ":key/a"
)

// stored is the sample in a bucket, below a prefix, beside what is none of it.
func stored(t *testing.T, prefix string, change ...func(*s3.BucketConfig)) (*s3test.Server, evidence.Options) {
	t.Helper()
	config := s3.BucketConfig{Name: "acme-evidence", Region: away, Versioned: true}
	for _, c := range change {
		c(&config)
	}
	server := s3test.New(t, away, config)
	require.NoError(t, fs.WalkDir(os.DirFS(sample), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(sample + "/" + path) // #nosec G304: of the sample
		server.Put("acme-evidence", prefix+path, string(content))
		return err
	}))
	server.Put("acme-evidence", "another/evidence/2025/03/01/09-9.jsonl.gz", "of another stage")
	server.Put("acme-evidence", prefix+"audits/report.html", "of an audit")
	o := options("s3://acme-evidence/" + prefix)
	o.Access = pair.Access{Endpoint: server.URL, Region: "eu-central-1"}
	return server, o
}

func TestEvidenceInABucketIsReadWhereverItIs(t *testing.T) {
	for _, prefix := range []string{"", "prod/"} {
		_, o := stored(t, prefix)
		for _, where := range []string{o.Where, strings.TrimSuffix(o.Where, "/")} {
			o.Where = where
			v, err := evidence.Verify(t.Context(), o)
			require.NoError(t, err)
			assert.Empty(t, v.Problems)
			assert.EqualValues(t, 11, v.Files)
			assert.EqualValues(t, 3, v.Manifests)
		}
		o.Folder = t.TempDir()
		r, err := evidence.Report(t.Context(), o)
		require.NoError(t, err)
		assert.EqualValues(t, 9, r.Seen)
	}
}

func TestWhatWasDeletedOrReplacedInTheBucketIsNamed(t *testing.T) {
	server, o := stored(t, "")
	server.Mark("acme-evidence", "evidence/2025/03/01/09-1.jsonl.gz")
	server.Put("acme-evidence", "evidence/2025/03/01/09-2.jsonl.gz", "else")
	v, err := evidence.Verify(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, "file missing 1, file changed 1", v.Summary())
}

func TestEveryPageOfTheBucketsListIsRead(t *testing.T) {
	server, o := stored(t, "")
	for n := range 1000 {
		server.Put("acme-evidence", fmt.Sprintf("evidence/%04d", n), "")
	}
	v, err := evidence.Verify(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, "file in no manifest 1000", v.Summary())
	assert.EqualValues(t, 11, v.Files)
}

func TestABucketThatIsNotThereOrHasNothingSaysSo(t *testing.T) {
	_, o := stored(t, "prod/")
	for where, want := range map[string]string{
		"s3://nobody":               "verify s3://nobody: find the bucket nobody: it does not exist",
		"s3://acme-evidence/nobody": "there is nothing in evidence/ there",
	} {
		o.Where = where
		_, err := evidence.Verify(t.Context(), o)
		assert.ErrorContains(t, err, want)
	}
	o.Where, o.Access.Profile = "s3://acme-evidence", "nobody"
	_, err := evidence.Verify(t.Context(), o)
	assert.ErrorContains(t, err, "load the AWS configuration for the evidence in acme-evidence: ")
}

func TestAnAnswerThatSaysNothingOfTheEvidenceIsAnError(t *testing.T) {
	for operation, f := range map[string]struct {
		fault s3.Fault
		want  string
	}{
		"ListObjectsV2": {s3.Fault{Status: http.StatusBadRequest, Code: "ExpiredToken"}, "list s3://acme-evidence/evidence/: ListObjectsV2 answered 400 ExpiredToken: ExpiredToken (a fault of the local S3): check the credentials"},
		"GetObject":     {s3.Fault{Status: http.StatusBadRequest, Code: "InvalidArgument"}, "open evidence/2025/03/01/manifest.json: GetObject answered 400 InvalidArgument: InvalidArgument (a fault of the local S3): try again"},
	} {
		server, o := stored(t, "")
		server.Fault = func(r s3.Request) *s3.Fault {
			if r.Operation != operation {
				return nil
			}
			return &f.fault
		}
		_, err := evidence.Verify(t.Context(), o)
		assert.ErrorContains(t, err, f.want)
	}
}

// Each permission of the printed policy is needed, and what is missing is told by its name.
func TestTheCommandNeedsThePrintedPolicyAndNoMore(t *testing.T) {
	server, o := stored(t, "prod/", func(b *s3.BucketConfig) { b.Encryption = s3.BucketEncryption{Algorithm: "aws:kms", KMSKey: kmsKey} })
	server.Gate = gate.New(account)
	require.NoError(t, server.Gate.Attach(kmsKey, iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": account}, "Action": "kms:*", "Resource": "*",
	}}))
	as := func(p policytest.Printed) (said string, err error) {
		user, err := server.Gate.User("auditor", p)
		require.NoError(t, err)
		t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKey())
		o.Folder = t.TempDir()
		r, err := evidence.Report(t.Context(), o)
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		require.NoError(t, evidence.ReportScreen(&b, "w", "f", r))
		assert.EqualValues(t, 11, r.Verification.Files)
		return b.String(), nil
	}
	p := policytest.Print(t, "evidence", "--evidence", "s3://acme-evidence/prod", "--kms-key", kmsKey)
	_, err := as(p)
	require.NoError(t, err)
	require.Len(t, p.Without(), 3)
	for lacks, policy := range p.Without() {
		_, err := as(policy)
		require.Error(t, err, lacks)
		assert.ErrorContains(t, err, "answered 403", lacks)
		if !strings.HasPrefix(lacks, "s3:ListBucket") { // of which HEAD tells no more
			assert.ErrorContains(t, err, "grant what autobackup policy evidence prints", lacks)
		}
	}
}
