package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/verdict"
	"autobackup/local/gate"
	locals3 "autobackup/local/s3"
	"autobackup/local/template"
)

// Tests whose names begin with TestSetting hold what the templates set by what comes of it.
// What should come of it is written in docs, not in the templates.

// kept are the numbers of a row of the table in docs/operations.md of how long things are
// kept.
func kept(t *testing.T, what string) (numbers []int) {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n| "+what)
	require.True(t, found, what)
	row, _, _ := strings.Cut(rest, "\n")
	for _, digits := range regexp.MustCompile(`\d+`).FindAllString(row, -1) {
		n, err := strconv.Atoi(digits)
		require.NoError(t, err)
		numbers = append(numbers, n)
	}
	return numbers
}

// shelf is a bucket with the client of its region.
type shelf struct {
	w      *world
	client *s3.Client
	name   string
}

// shelves are the backup's buckets: of every category, on both sides.
func (w *world) shelves() (all []shelf) {
	for side, region := range map[string]string{"primary": firstRegion, "replica": secondRegion} {
		for _, category := range []string{"documents", "media", "databases"} {
			all = append(all, shelf{w, s3.NewFromConfig(w.AWSConfig(region)), "autobackup-dev-" + side + "-" + category + "-" + account})
		}
	}
	return all
}

func (w *world) work() shelf {
	return shelf{w, w.client, "autobackup-dev-work-" + account}
}

func (f shelf) put(key string, bytes int) {
	_, err := f.client.PutObject(f.w.t.Context(), &s3.PutObjectInput{Bucket: &f.name, Key: &key, Body: strings.NewReader(strings.Repeat("v", bytes))})
	require.NoError(f.w.t, err)
}

func (f shelf) remove(key string) {
	_, err := f.client.DeleteObject(f.w.t.Context(), &s3.DeleteObjectInput{Bucket: &f.name, Key: &key})
	require.NoError(f.w.t, err)
}

// versions of a key are told by their classes, the newest first; a delete marker is one.
func (f shelf) versions(key string) (classes []string) {
	out, err := f.client.ListObjectVersions(f.w.t.Context(), &s3.ListObjectVersionsInput{Bucket: &f.name, Prefix: &key})
	require.NoError(f.w.t, err)
	for range out.DeleteMarkers {
		classes = append(classes, "marker")
	}
	for _, v := range out.Versions {
		classes = append(classes, string(v.StorageClass))
	}
	return classes
}

// upload starts one that nobody completes, and answers whether it is still there.
func (f shelf) upload() (there func() bool) {
	out, err := f.client.CreateMultipartUpload(f.w.t.Context(), &s3.CreateMultipartUploadInput{Bucket: &f.name, Key: aws.String("incomplete")})
	require.NoError(f.w.t, err)
	return func() bool {
		_, err := f.client.UploadPart(f.w.t.Context(), &s3.UploadPartInput{
			Bucket: &f.name, Key: aws.String("incomplete"), UploadId: out.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("v"),
		})
		return err == nil
	}
}

func TestSettingHowVersionsOfTheBackupAge(t *testing.T) {
	both := kept(t, "an overwritten or deleted version")
	expiry, archive := both[0], both[1]
	inOpenWorld(t, func(w *world) {
		shelves := w.shelves()
		time.Sleep(noon)
		for _, f := range shelves {
			f.put("k", 128<<10)
			f.put("k", 128<<10)
			f.put("small", 1)
			f.put("small", 1)
			f.put("gone", 128<<10)
			f.remove("gone")
		}
		w.settle()
		began := w.Clock.Now().Truncate(day)
		until := func(days int) { time.Sleep(began.Add(time.Duration(days) * day).Sub(w.Clock.Now())) }
		all := func(key, when string, want ...string) {
			t.Helper()
			for _, f := range shelves {
				assert.Equal(t, want, f.versions(key), "%s of %s %s", key, f.name, when)
			}
		}
		until(archive)
		all("k", "before the archive", "STANDARD", "STANDARD")
		until(archive + 1)
		all("k", "archived", "STANDARD", "GLACIER_IR")
		all("gone", "archived", "marker", "GLACIER_IR")
		all("small", "too small", "STANDARD", "STANDARD")
		until(expiry)
		all("k", "before its end", "STANDARD", "GLACIER_IR")
		until(expiry + 1)
		all("k", "the current one stays", "STANDARD")
		all("small", "the current one stays", "STANDARD")
		until(expiry + 2)
		all("gone", "its marker goes with it")
		until(10 * expiry)
		all("k", "for ever", "STANDARD")
	}, unreplicated...)
}

const noon = 12 * time.Hour

// unreplicated keeps both sides apart, as lifecycle does what is tried on each.
var unreplicated = []change{replace("template.yaml", "- Id: everything\n                Status: Enabled\n                Priority", "- Id: everything\n                Status: Disabled\n                Priority")}

func TestSettingUploadsThatNobodyCompletesEnd(t *testing.T) {
	days := kept(t, "the parts of an upload")[0]
	inOpenWorld(t, func(w *world) {
		there := map[string]func() bool{}
		for _, f := range append(w.shelves(), w.work()) {
			there[f.name] = f.upload()
		}
		time.Sleep(time.Duration(days) * day)
		for name, is := range there {
			assert.True(t, is(), name)
		}
		time.Sleep(day)
		for name, is := range there {
			assert.False(t, is(), name)
		}
	})
}

func TestSettingTheWorkingBucketForgets(t *testing.T) {
	days := kept(t, "plans and results")[0]
	inOpenWorld(t, func(w *world) {
		const attached = "attached/acme-invoices.json"
		audited := []string{"audits/docs/lock.json", "operations/20260302T020000Z-retry-6b1f8c1e/begin.json"}
		f, keys := w.work(), []string{"plans/p", "results/r/0", "told/memory.json"}
		time.Sleep(noon)
		for _, key := range slices.Concat(keys, audited, []string{attached}) {
			f.put(key, 1)
		}
		time.Sleep(time.Duration(days) * day)
		for _, key := range keys {
			assert.Len(t, f.versions(key), 1, key)
		}
		time.Sleep(day)
		for _, key := range keys {
			assert.Empty(t, f.versions(key), key)
		}
		time.Sleep(time.Duration(kept(t, "reports of audits")[0]-days-1) * day)
		for _, key := range audited {
			assert.Len(t, f.versions(key), 1, key)
		}
		time.Sleep(day)
		for _, key := range audited {
			assert.Empty(t, f.versions(key), key)
		}
		assert.Len(t, f.versions(attached), 1, "what attach recorded stays until detach")
	})
}

// docs/parameters.md: IntelligentTieringDays moves current versions, not those under 128 KB.
func TestSettingCurrentVersionsMoveToIntelligentTieringWhereThatIsAsked(t *testing.T) {
	tiered := []change{
		replace("template.yaml", "IntelligentTieringDays:\n    Type: Number\n    Default: 0", "IntelligentTieringDays:\n    Type: Number\n    Default: 60"),
		replace("replica.yaml", "IntelligentTieringDays:\n    Type: Number\n    Default: 0", "IntelligentTieringDays:\n    Type: Number\n    Default: 60"),
	}
	inOpenWorld(t, func(w *world) {
		time.Sleep(noon)
		for _, f := range w.shelves() {
			f.put("k", 128<<10)
			f.put("small", 1)
		}
		time.Sleep(60 * day)
		for _, f := range w.shelves() {
			assert.Equal(t, []string{"STANDARD"}, f.versions("k"), f.name)
		}
		time.Sleep(day)
		for _, f := range w.shelves() {
			assert.Equal(t, []string{"INTELLIGENT_TIERING"}, f.versions("k"), f.name)
			assert.Equal(t, []string{"STANDARD"}, f.versions("small"), f.name)
		}
	}, append(tiered, unreplicated...)...)
}

// README.md: whatever can't be verified ends in an e-mail.
func TestSettingAnEmailReachesWhoSubscribedAndNobodyElse(t *testing.T) {
	inWorld(t, func(w *world) {
		w.everything()
		require.NotEmpty(t, w.published("failure-topic"))
		mails, err := filepath.Glob(filepath.Join(w.Outbox(), "*.eml"))
		require.NoError(t, err)
		require.Len(t, mails, len(w.published("failure-topic")), "each is sent to one")
		for _, file := range mails {
			text, err := os.ReadFile(file) // #nosec G304: its own outbox
			require.NoError(t, err)
			assert.Contains(t, string(text), "\nTo: <"+w.primary.Parameters["AlertEmail"]+">\n")
		}
	}, always...)
}

// docs/verdicts.md, and what an operator does with what is parked.
func TestSettingEveryPathOfTheWorkflowWorks(t *testing.T) {
	for _, name := range encryptions {
		changes := configurations[name]
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.everything()
				// S3 reports a replication that failed beside the upload itself.
				parked := []string{"CONTENT_MISMATCH", "REPLICATION_FAILED", "REPLICATION_FAILED"}
				verified := 0
				for _, line := range w.settled() {
					if line.Verdict == verdict.Verified && !ofHeartbeats(line) {
						verified++
					}
				}
				assert.Equal(t, 4, verified, "good, tagged, late and large")
				assert.Equal(t, parked, w.reasons())
				told := len(w.SNS.Published())
				w.move("validation-dlq", "failure-queue")
				assert.Greater(t, len(w.SNS.Published()), told, "told again")
				assert.Equal(t, parked, w.reasons(), "and parked again")
				w.move("validation-dlq", "validation-queue")
				assert.Equal(t, parked, w.reasons(), "looked at again")
				assert.Empty(t, w.messages("failure-dlq"))
				assert.Empty(t, w.Gate.Refusals())
				synctest.Wait()
			}, changes...)
		})
	}
}

// An uploader who names no storage class and no key of its own.
func TestSettingUploadsAreEncryptedAsTheParameterSays(t *testing.T) {
	for _, name := range encryptions {
		changes := configurations[name]
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				for _, f := range append(w.shelves(), w.work()) {
					f.put("k", 1) // into the replica bucket straight, too
					region := firstRegion
					if strings.Contains(f.name, "-replica-") {
						region = secondRegion
					}
					out, err := f.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &f.name, Key: aws.String("k")})
					require.NoError(t, err)
					if name == "SSE-S3" {
						assert.Equal(t, types.ServerSideEncryptionAes256, out.ServerSideEncryption)
						continue
					}
					assert.Equal(t, types.ServerSideEncryptionAwsKms, out.ServerSideEncryption)
					assert.Contains(t, aws.ToString(out.SSEKMSKeyId), ":kms:"+region+":")
					assert.Contains(t, aws.ToString(out.SSEKMSKeyId), "-StorageKey")
				}
				for _, one := range inventory(w.t, w.Stack) {
					if strings.Contains(one, ":kms:") && name == "SSE-S3" {
						assert.NotContains(t, strings.ToLower(one), "storage", "a key that nobody asked for costs a dollar a month")
						assert.NotContains(t, one, "s3-key")
					}
				}
			}, changes...)
		})
	}
}

// docs/metrics.md: the metrics are lines of the functions' logs; docs/security.md: each
// writes its own.
func TestSettingEachFunctionLogsIntoItsOwnGroup(t *testing.T) {
	inWorld(t, func(w *world) {
		w.everything()
		for _, f := range w.Lambda.Functions() {
			at, err := arn.Parse(f)
			require.NoError(t, err)
			name := strings.TrimPrefix(at.Resource, "function:")
			lines := w.Logs.Lines("arn:aws:logs:" + at.Region + ":" + account + ":log-group:/aws/lambda/" + name)
			require.NotEmpty(t, lines, f)
			for _, line := range lines {
				assert.Equal(t, name, line.Stream)
			}
		}
		assert.Empty(t, w.Gate.Refusals())
		days := kept(t, "the logs of functions")[0]
		group := arnOf("logs", "log-group:/aws/lambda/autobackup-compare-etags-dev")
		began := w.Clock.Now()
		time.Sleep(began.Add(time.Duration(days-1) * day).Sub(w.Clock.Now()))
		assert.NotEmpty(t, w.Logs.Lines(group))
		time.Sleep(2 * day)
		for _, arn := range w.Logs.Groups() {
			assert.Empty(t, w.Logs.Lines(arn), arn)
		}
	}, always...)
}

func TestSettingThePipeLogsWhatItCouldNotStart(t *testing.T) {
	prepare = func(g *gate.Gate) {
		g.Fault = func(c gate.Call) error {
			if c.Action == "states:StartExecution" && strings.Contains(c.By.Role, "ValidationPipeRole") {
				return errors.New("no execution starts")
			}
			return nil
		}
	}
	defer func() { prepare = nil }()
	inWorld(t, func(w *world) {
		w.put("k", "v")
		time.Sleep(time.Hour)
		synctest.Wait()
		lines := w.Logs.Lines(arnOf("logs", "log-group:/aws/vendedlogs/pipes/autobackup-validation-pipe-dev"))
		require.NotEmpty(t, lines)
		assert.Contains(t, lines[0].Text, "no execution starts")
		time.Sleep(time.Duration(kept(t, "the logs of functions")[0]+1) * day)
		assert.Empty(t, w.Logs.Lines(arnOf("logs", "log-group:/aws/vendedlogs/pipes/autobackup-validation-pipe-dev")))
	})
}

func TestSettingTheStateMachineLogsWhatFailed(t *testing.T) {
	inWorld(t, func(w *world) {
		w.States.TaskFault = func(_ context.Context, resource string, _ []byte) error {
			if strings.HasSuffix(resource, "sqs:sendMessage") {
				return errors.New("nothing is parked")
			}
			return nil
		}
		w.send("noise")
		w.settle()
		lines := w.Logs.Lines(arnOf("logs", "log-group:/aws/vendedlogs/states/autobackup-validation-dev"))
		require.NotEmpty(t, lines)
		assert.Contains(t, lines[0].Text, "FAILED")
		time.Sleep(time.Duration(kept(t, "the logs of functions")[0]+1) * day)
		assert.Empty(t, w.Logs.Lines(arnOf("logs", "log-group:/aws/vendedlogs/states/autobackup-validation-dev")))
	})
}

// Each alias stands for the key that its name tells.
func TestSettingAnAliasStandsForItsKey(t *testing.T) {
	inWorld(t, func(w *world) {
		for region, bucket := range map[string]string{firstRegion: w.bucket(), secondRegion: w.replicaBucket()} {
			client := s3.NewFromConfig(w.AWSConfig(region))
			_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("by alias"), Body: strings.NewReader("v"),
				ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String("alias/autobackup-s3-key-dev")})
			require.NoError(t, err)
			out, err := client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("by alias")})
			require.NoError(t, err)
			assert.Contains(t, aws.ToString(out.SSEKMSKeyId), region)
			assert.Contains(t, aws.ToString(out.SSEKMSKeyId), "-StorageKey")
		}
		// Only the key of the queues lets EventBridge in, and only that of the topic CloudWatch.
		sent := w.Gate.Service("events.amazonaws.com", arnOf("events", "rule/autobackup-s3-upload-trigger-dev"))
		require.NoError(t, sent.AtKMS("sqs").May("kms:GenerateDataKey", w.Gate.Key(firstRegion, account, "alias/autobackup-sqs-key-dev")))
		told := w.Gate.Service("cloudwatch.amazonaws.com", arnOf("cloudwatch", "alarm:autobackup-x-dev"))
		require.NoError(t, told.AtKMS("sns").May("kms:GenerateDataKey", w.Gate.Key(firstRegion, account, "alias/autobackup-sns-key-dev")))
	}, configurations["SSE-KMS"]...)
}

func TestSettingNoBucketCanBeMadePublic(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, f := range append(append(w.shelves(), w.beatShelves()...), w.work()) {
			for principal, refused := range map[any]bool{"*": true, "arn:aws:iam::" + account + ":root": false} {
				policy := map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
					"Effect": "Allow", "Principal": map[string]any{"AWS": principal}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + f.name + "/*",
				}}
				_, _, err := w.S3.Types().Create(template.Target{Stack: "s", Region: firstRegion, Account: account}, template.Resource{
					LogicalID: "P", Type: "AWS::S3::BucketPolicy", Properties: map[string]any{"Bucket": f.name, "PolicyDocument": policy},
				})
				if !refused {
					require.NoError(t, err, f.name)
					continue
				}
				require.ErrorContains(t, err, "AccessDenied: User: arn:aws:iam::"+account+":root is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::"+f.name+"\"", f.name)
			}
		}
	})
}

// docs/parameters.md: DeadlineMinutes, and MarkerDeadlineMinutes for delete markers.
func TestSettingWhatIsNotReplicatedIsToldAfterItsDeadline(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("marked", "v")
		w.settle()
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 90 * day} }
		w.put("late", "v")
		shelf{w, w.client, w.bucket()}.remove("marked")
		told := func(minutes int) (keys []string) {
			time.Sleep(time.Duration(minutes) * time.Minute)
			synctest.Wait()
			for _, m := range w.parked() {
				for _, key := range []string{"late", "marked"} {
					if strings.Contains(m.Body, `"key":"`+key+`"`) {
						keys = append(keys, key)
					}
				}
			}
			return keys
		}
		assert.Empty(t, told(230))
		assert.Equal(t, []string{"late"}, told(60), "the object after 240 minutes")
		assert.Equal(t, []string{"late"}, told(1430-290))
		assert.Equal(t, []string{"late", "marked"}, told(120), "the delete marker after 1440")
		time.Sleep(90 * day)
	})
}
