package local_test

import (
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/gate"
	locals3 "autobackup/local/s3"
	"autobackup/local/template"
	"autobackup/local/wire"
)

// evidenced is a stage that keeps evidence.
func evidenced(more ...change) []change {
	return append([]change{defaults("template.yaml", "EvidenceDays", "45")}, more...)
}

func (w *world) evidence() shelf { return shelf{w, w.client, "autobackup-dev-evidence-" + account} }

// hours has so many hours come and go, in each of which the schedule invokes the function
// evidence, and gives the errors that it ended with.
func (w *world) hours(n int) (failed []error) {
	w.t.Helper()
	for range n {
		now := w.Clock.Now()
		time.Sleep(now.Add(-15 * time.Minute).Truncate(time.Hour).Add(75 * time.Minute).Sub(now)) // to a quarter past
		if err := w.Events.Fire(w.region, "autobackup-evidence-dev"); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// names are those of all objects, in their order.
func (f shelf) names(prefix string) (all []string) {
	f.w.t.Helper()
	pages := s3.NewListObjectsV2Paginator(f.client, &s3.ListObjectsV2Input{Bucket: &f.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.w.t.Context())
		require.NoError(f.w.t, err)
		for _, o := range page.Contents {
			all = append(all, *o.Key)
		}
	}
	return all
}

func (f shelf) open(name string) (io.ReadCloser, error) {
	out, err := f.client.GetObject(f.w.t.Context(), &s3.GetObjectInput{Bucket: &f.name, Key: &name})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}

// kept is the evidence that manifests vouch for: as it was written, and all its records.
func (w *world) kept() (v evidence.Verification, records []evidence.Record) {
	w.t.Helper()
	f := w.evidence()
	names := f.names("")
	v, err := evidence.Verify(names, f.open, evidence.Options{Now: w.Clock.Now()})
	require.NoError(w.t, err)
	assert.Empty(w.t, v.Problems)
	for _, name := range names {
		if _, part, is := evidence.Place(name); !is || part == 0 {
			continue
		}
		r, err := f.open(name)
		require.NoError(w.t, err)
		for record, err := range evidence.Read(r) {
			require.NoError(w.t, err)
			records = append(records, record)
		}
		require.NoError(w.t, r.Close())
	}
	return v, records
}

// ends are how many records there are of each ending.
func ends(records []evidence.Record, of evidence.Source) map[string]int {
	all := map[string]int{}
	for _, r := range records {
		if r.Source == of {
			all[strings.TrimSpace(string(r.Verdict)+" "+string(r.Reason))]++
		}
	}
	return all
}

// Uploads, of which some fail, and an audit, over a day: what the executions and the report say
// is what the evidence says.
func TestSettingEvidenceDaysKeepsWhatBecameOfEachVersion(t *testing.T) {
	for _, name := range encryptions {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.everything()
				lost := w.put("lost", "content")
				w.settle()
				want := map[string]int{}
				for _, e := range w.States.Executions() {
					for _, line := range w.summary(e).Objects {
						if line.Verdict != verdict.Reading && !ofHeartbeats(line) { // another execution has its ending
							want[strings.TrimSpace(string(line.Verdict)+" "+string(line.Reason))]++
						}
					}
				}
				require.NotEmpty(t, want["failed CONTENT_MISMATCH"])
				require.Empty(t, w.hours(75))
				v, records := w.kept()
				assert.Equal(t, want, ends(records, evidence.Upload))
				assert.Equal(t, int64(len(records)), v.Records, "a manifest vouches for each")
				assert.Equal(t, evidence.Deployment{Stage: "dev", Account: account, Region: w.region}, v.Deployment)
				assert.Empty(t, w.work().names("facts/"))

				w.lose("lost", lost)
				findings := int64(0)
				for _, s := range w.audit() {
					findings += s.Findings
				}
				require.Empty(t, w.hours(27))
				v, records = w.kept()
				audited := ends(records, evidence.Audit)
				failed := 0
				for ending, n := range audited {
					if strings.HasPrefix(ending, "failed") {
						failed += n
					}
				}
				assert.EqualValues(t, findings, failed)
				assert.Equal(t, int64(len(records)), v.Records)
				assert.Empty(t, w.Gate.Refusals())
				assert.Empty(t, w.messages("failure-dlq"))

				f, object := w.evidence(), v.Last
				out, err := f.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &f.name, Key: aws.String("evidence/" + strings.ReplaceAll(object.Day, "-", "/") + "/manifest.json")})
				require.NoError(t, err)
				if name == "SSE-S3" {
					assert.Equal(t, types.ServerSideEncryptionAes256, out.ServerSideEncryption)
				} else {
					assert.Contains(t, aws.ToString(out.SSEKMSKeyId), "-StorageKey")
				}
				assert.Empty(t, out.ObjectLockMode, "nothing is locked that nobody asked to lock")
			}, audited(evidenced(configurations[name]...)...)...)
		})
	}
}

// A version that is deleted by its id is NOT_ERASED where the replica still has it, and erased once
// that has it no more, both of an upload and of an audit.
func TestAnErasureIsEvidenceOnceBothSidesHaveTheVersionNoMore(t *testing.T) {
	inWorld(t, func(w *world) {
		erase := func(key, version string) {
			_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.bucket()), Key: &key, VersionId: &version})
			require.NoError(t, err)
		}
		kept, half := w.put("kept", "content"), w.put("half", "content")
		w.settle()
		require.NotEmpty(t, kept)
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} }
		erase("at once", w.put("at once", "content"))
		w.settle()
		time.Sleep(2 * day)
		erase("half", half)
		w.audit()
		time.Sleep(day)
		w.lose("half", half)
		w.audit()
		require.Empty(t, w.hours(27))
		skipped := 0
		for _, e := range w.States.Executions() {
			if !strings.Contains(e.ARN, ":autobackup-validation-dev:") {
				continue
			}
			for _, line := range w.summary(e).Objects {
				if line.Reason == reason.SourceDeleted {
					assert.Equal(t, verdict.Skipped, line.Verdict, "the workflow has nothing to compare")
					skipped++
				}
			}
		}
		require.Positive(t, skipped)
		_, records := w.kept()
		assert.Equal(t, map[string]int{"verified": 2, "erased": skipped}, ends(records, evidence.Upload), "the evidence counts what was skipped as erased")
		audits := ends(records, evidence.Audit)
		assert.Equal(t, 1, audits["failed NOT_ERASED"])
		assert.Equal(t, 1, audits["erased"])

		f := w.evidence()
		r, err := evidence.MakeReport(f.names(""), f.open, evidence.Options{Now: w.Clock.Now(), From: records[0].Time.Format(time.DateOnly), To: w.Clock.Now().Format(time.DateOnly)}, func(evidence.Row) error { return nil })
		require.NoError(t, err)
		require.Len(t, r.Buckets, 1)
		of := r.Buckets[0]
		assert.Equal(t, evidence.Erasures{Both: 2}, of.Erasures)
		require.Len(t, of.Failures, 1)
		assert.Equal(t, reason.NotErased, of.Failures[0].Reason)
		assert.Equal(t, map[evidence.Verdict]int64{evidence.Erased: 1}, of.Failures[0].Became)
		assert.Positive(t, of.Failures[0].Longest, "it was settled")
		assert.Empty(t, w.Gate.Refusals())
	}, audited(evidenced()...)...)
}

func TestEveryGrantOfEvidenceIsUsed(t *testing.T) {
	of := regexp.MustCompile(`^autobackup-dev-(Evidence|CompareETags|Audit)`)
	for _, name := range []string{"SSE-KMS", "attached", "an own key for environments"} {
		t.Run(name, func(t *testing.T) {
			all, used, done := counted()
			defer done()
			inWorld(t, func(w *world) {
				lost := w.put("lost", "content")
				w.settle()
				require.Empty(t, w.hours(72))
				w.lose("lost", lost)
				w.audit()
				w.interrupted()
				w.audit()
				require.Empty(t, w.hours(27))
				_, records := w.kept()
				assert.NotEmpty(t, ends(records, evidence.Audit))
				assert.Empty(t, w.Gate.Refusals())
			}, audited(evidenced(configurations[name]...)...)...)
			var idle []string
			for g := range all {
				if of.MatchString(g.policy) && !used[g] && unseen[g.action] == "" && unseen[g.String()] == "" && unaskedOfAudits[g.action] == "" && !category.MatchString(g.policy) {
					idle = append(idle, g.String())
				}
			}
			slices.Sort(idle)
			assert.Empty(t, idle)
		})
	}
}

// What can't be written as evidence is no success: it is tried again, and then told and parked.
func TestFactsThatCannotBePutAreTriedAgainAndThenToldAndParked(t *testing.T) {
	for name, tt := range map[string]struct {
		refusals int
		parked   []string
		records  int
	}{
		"three times": {3, nil, 1},
		"always":      {1 << 30, []string{"WORKFLOW_ERROR"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				refused := 0
				w.Gate.Fault = func(c gate.Call) error {
					if c.Action == "s3:PutObject" && strings.Contains(c.Resource, "/facts/") && refused < tt.refusals {
						refused++
						return &wire.Error{Code: "SlowDown", Status: 503, Message: "Please reduce your request rate."}
					}
					return nil
				}
				w.put("k", "v")
				w.settle()
				assert.GreaterOrEqual(t, refused, min(tt.refusals, 20))
				assert.Equal(t, tt.parked, w.reasons())
				w.Gate.Fault = nil
				require.Empty(t, w.hours(2))
				_, records := w.kept()
				assert.Len(t, records, tt.records)
			}, evidenced()...)
		})
	}
}

func TestTheFunctionEvidenceFailsWhereItMayNotAndLosesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("k", "v")
		w.settle()
		w.Gate.Fault = func(c gate.Call) error {
			if c.Action == "s3:PutObject" && strings.Contains(c.Resource, "/evidence/") {
				return &gate.Refused{Call: c}
			}
			return nil
		}
		assert.Len(t, w.hours(30), 29, "each hour an error, which the alarm tells; of the first nothing is due yet")
		assert.Len(t, w.work().names("facts/"), 1)
		w.Gate.Fault = nil
		require.Empty(t, w.hours(2))
		v, records := w.kept()
		assert.Len(t, records, 1)
		assert.Equal(t, int64(1), v.Records)
	}, evidenced()...)
}

func TestSettingEvidenceLockLocksWhatIsWritten(t *testing.T) {
	for _, mode := range []string{"GOVERNANCE", "COMPLIANCE"} {
		inWorld(t, func(w *world) {
			w.put("k", "v")
			w.settle()
			require.Empty(t, w.hours(27))
			f := w.evidence()
			names := f.names("")
			require.Len(t, names, 2, "a file and its manifest")
			for _, name := range names {
				out, err := f.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &f.name, Key: &name})
				require.NoError(t, err)
				assert.Equal(t, mode, string(out.ObjectLockMode))
				assert.InDelta(t, 45, out.ObjectLockRetainUntilDate.Sub(*out.LastModified).Hours()/24, 0.01)
				_, err = f.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: &f.name, Key: &name, VersionId: out.VersionId})
				assert.ErrorContains(t, err, "AccessDenied")
			}
		}, evidenced(defaults("template.yaml", "EvidenceLock", mode))...)
	}
	_, err := stack(t, "default", map[string]string{"EvidenceLock": "GOVERNANCE"})
	assert.ErrorContains(t, err, "EvidenceLock needs EvidenceDays. Say for how many days evidence is kept, or set EvidenceLock=NONE.")
}

func TestSettingTheEvidenceBucketForgets(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		f := w.evidence()
		time.Sleep(noon)
		f.put("evidence/k", 1)
		f.put("evidence/twice", 1)
		f.put("evidence/twice", 1)
		f.put("other", 1)
		there := f.upload()
		w.work().put("facts/f", 1)
		began := w.Clock.Now().Truncate(day)
		until := func(days int) { time.Sleep(began.Add(time.Duration(days) * day).Add(time.Hour).Sub(w.Clock.Now())) }
		until(1)
		assert.Len(t, f.versions("evidence/twice"), 2)
		until(2)
		assert.Len(t, f.versions("evidence/twice"), 1, "what was overwritten")
		until(7)
		assert.True(t, there())
		until(8)
		assert.False(t, there())
		until(14)
		assert.Len(t, w.work().versions("facts/f"), 1)
		until(15)
		assert.Empty(t, w.work().versions("facts/f"))
		until(45)
		assert.Equal(t, []string{"STANDARD"}, f.versions("evidence/k"))
		until(46)
		assert.Equal(t, []string{"marker", "STANDARD"}, f.versions("evidence/k"))
		until(48)
		assert.Empty(t, f.versions("evidence/k"))
		until(100)
		assert.Len(t, f.versions("other"), 1, "what is no evidence is somebody else's")
	}, evidenced()...)
}

func TestSettingTheEvidenceBucketCannotBeMadePublicAndStaysWithItsStack(t *testing.T) {
	inWorld(t, func(w *world) {
		f := w.evidence()
		policy := map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + f.name + "/*",
		}}
		_, _, err := w.S3.Types().Create(template.Target{Stack: "s", Region: firstRegion, Account: account}, template.Resource{
			LogicalID: "P", Type: "AWS::S3::BucketPolicy", Properties: map[string]any{"Bucket": f.name, "PolicyDocument": policy},
		})
		assert.ErrorContains(t, err, "AccessDenied")
		out, err := f.client.GetBucketVersioning(w.t.Context(), &s3.GetBucketVersioningInput{Bucket: &f.name})
		require.NoError(t, err)
		assert.Equal(t, types.BucketVersioningStatusEnabled, out.Status)
	}, evidenced()...)
	s, err := stack(t, "default", map[string]string{"EvidenceDays": "45"})
	require.NoError(t, err)
	for _, r := range s.Resources {
		if r.LogicalID == "EvidenceBucket" {
			assert.Equal(t, []string{"RetainExceptOnCreate", "Retain"}, []string{r.DeletionPolicy, r.UpdateReplacePolicy})
		}
	}
}

// The function logs what it kept into its own group, which is kept as long as others.
func TestSettingTheLogOfTheFunctionEvidenceIsItsOwn(t *testing.T) {
	inWorld(t, func(w *world) {
		require.Empty(t, w.hours(1))
		group, days := arnOf("logs", "log-group:/aws/lambda/autobackup-evidence-dev"), kept(t, "the logs of functions")[0]
		time.Sleep(time.Duration(days-1) * day)
		assert.NotEmpty(t, w.Logs.Lines(group))
		time.Sleep(2 * day)
		assert.Empty(t, w.Logs.Lines(group))
	}, evidenced()...)
}

func TestSettingNothingMakesNothingForEvidence(t *testing.T) {
	s, err := stack(t, "default", map[string]string{"AuditLevel": "rest"})
	require.NoError(t, err)
	for _, r := range s.Resources {
		assert.NotContains(t, r.LogicalID, "Evidence")
		assert.NotContains(t, mustJSON(t, r.Properties["Policies"]), "/facts/", r.LogicalID)
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		environment, _ := r.Properties["Environment"].(map[string]any)
		variables, _ := environment["Variables"].(map[string]any)
		assert.Empty(t, slices.DeleteFunc(slices.Collect(maps.Keys(variables)), func(name string) bool { return name != "FACTS_BUCKET" || variables[name] == "" }), r.LogicalID)
	}
}
