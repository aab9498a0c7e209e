package local_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/verdict"
	"autobackup/local/template"
)

// unbeating is a stage without heartbeats, for tests in which none come.
var unbeating = defaults("template.yaml", "Heartbeats", "Disabled")

// beats has the schedule of heartbeats come so many times, and gives the errors of the function.
func (w *world) beats(times int) (failed []error) {
	w.t.Helper()
	for range times {
		if err := w.Events.Fire(w.region, "autobackup-heartbeat-dev"); err != nil {
			failed = append(failed, err)
		}
		time.Sleep(10 * time.Minute)
	}
	return failed
}

// asTheyMust is what comes of two heartbeats.
var asTheyMust = map[string]map[string]int{
	"heartbeat/verified": {"verified": 2},
	"heartbeat/lost":     {"verified": 2, "skipped AS_PLANTED": 1},
}

// ofHeartbeats says whether a line of a summary is about one.
func ofHeartbeats(o batch.Settled) bool {
	return strings.HasPrefix(o.Object, "s3://autobackup-dev-primary-beat-")
}

// beatings are what came of heartbeats, by their keys.
func (w *world) beatings() map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, e := range w.validations() {
		if e.Result == nil || e.Result.Status != types.ExecutionStatusSucceeded {
			continue
		}
		for _, o := range w.summary(e).Objects {
			if !ofHeartbeats(o) {
				continue
			}
			_, key, _ := strings.Cut(strings.TrimPrefix(o.Object, "s3://"), "/")
			key, _, _ = strings.Cut(key, "@")
			if all[key] == nil {
				all[key] = map[string]int{}
			}
			if o.Verdict == verdict.Reading { // another execution has its verdict
				continue
			}
			all[key][strings.TrimSpace(string(o.Verdict)+" "+string(o.Reason))]++
		}
	}
	return all
}

// What a heartbeat costs rests on this: docs/costrows_test.go has the number.
func TestAHeartbeatIsOneExecutionOfSixteenTransitions(t *testing.T) {
	inWorld(t, func(w *world) {
		w.beats(3)
		w.settle()
		for n, want := range []struct{ messages, transitions int }{{2, 4}, {3, 16}, {3, 16}} {
			e := w.validations()[n]
			assert.Len(t, w.messagesOf(e), want.messages)
			assert.Equal(t, want.transitions, e.Result.Transitions)
		}
		assert.Len(t, w.validations(), 3)
	})
}

// In each form of the stack, heartbeats are verified and what was planted is found; nobody is told,
// nothing is parked, and no alarm rings, not even where the first ones have not come yet.
func TestSettingHeartbeatsComeOutAsTheyMustAndNobodyIsTold(t *testing.T) {
	for name, changes := range map[string][]change{
		"as it is":                            nil,
		"SSE-KMS":                             configurations["SSE-KMS"],
		"another account":                     configurations["another account"],
		"a boundary":                          configurations["a boundary"],
		"keys that must begin with something": {defaults("template.yaml", "OnlyPrefix", "backup/")},
		"evidence":                            {defaults("template.yaml", "EvidenceDays", "30")},
		"attached buckets alone":              configurations["attached"],
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				assert.Empty(t, w.rang())
				require.Empty(t, w.beats(5))
				w.settle()
				assert.Empty(t, w.Gate.Refusals())
				assert.Empty(t, w.published("failure-topic"))
				assert.Empty(t, w.parked())
				assert.Empty(t, w.rang())
				assert.Empty(t, w.notOK())
				facts, err := w.client.ListObjectsV2(w.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("autobackup-dev-work-" + account), Prefix: aws.String("facts/")})
				require.NoError(t, err)
				assert.Empty(t, facts.Contents, "evidence is about what people uploaded")
				prefix := w.primary.Parameters["OnlyPrefix"]
				assert.Equal(t, map[string]map[string]int{
					prefix + "heartbeat/verified": {"verified": 5},
					prefix + "heartbeat/lost":     {"verified": 5, "skipped AS_PLANTED": 4},
				}, w.beatings())
			}, changes...)
		})
	}
}

// The lean form has none, nor a stage that says so, or has no second region of its own.
func TestSettingAStageWithoutHeartbeatsHasNothingOfThem(t *testing.T) {
	for name, changes := range map[string][]change{
		"lean":             {defaults("template.yaml", "Form", "lean")},
		"disabled":         {unbeating, defaults("replica.yaml", "Heartbeats", "Disabled")},
		"no ReplicaRegion": slices.Concat(configurations["attached"], []change{replace("samconfig.toml", "ReplicaRegion="+secondRegion+" ", "")}),
	} {
		inWorld(t, func(w *world) {
			assert.Error(t, w.Events.Fire(w.region, "autobackup-heartbeat-dev"))
			if name == "disabled" {
				assert.NotRegexp(t, "-beat|heartbeat", strings.Join(inventory(w.t, w.Stack), " "))
			}
			assert.NotContains(t, strings.Join(slices.Collect(maps.Keys(w.notOK())), " "), "heartbeat", name)
		}, changes...)
	}
}

// beatShelves are the buckets of heartbeats.
func (w *world) beatShelves() []shelf {
	return []shelf{
		{w, w.client, "autobackup-dev-primary-beat-" + account},
		{w, s3.NewFromConfig(w.AWSConfig(secondRegion)), "autobackup-dev-replica-beat-" + secondRegion + "-" + account},
	}
}

// Nobody has to delete a heartbeat: of each key the newest version stays, and what came before it for
// a day. There is no delete marker, which would be an event. The buckets stay when their stacks are
// deleted, as CloudFormation deletes none that holds something.
func TestSettingHeartbeatsGoByThemselvesAndTheirBucketsStay(t *testing.T) {
	for _, name := range encryptions {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.beats(3)
				w.settle()
				primary, replica := w.beatShelves()[0], w.beatShelves()[1]
				encryption := map[bool]string{true: "aws:kms", false: "AES256"}[name == "SSE-KMS"]
				incomplete := []func() bool{primary.upload(), replica.upload()}
				time.Sleep(30 * time.Hour)
				assert.Len(t, primary.versions("heartbeat/lost"), 3)
				assert.Len(t, replica.versions("heartbeat/lost"), 1, "two were lost on purpose")
				assert.Len(t, replica.versions("heartbeat/verified"), 3)
				time.Sleep(18 * time.Hour)
				for _, f := range []shelf{primary, replica} {
					for _, key := range []string{"heartbeat/verified", "heartbeat/lost"} {
						assert.Equal(t, []string{"STANDARD"}, f.versions(key), "%s in %s", key, f.name)
						head, err := f.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &f.name, Key: &key})
						require.NoError(t, err)
						assert.Equal(t, encryption, string(head.ServerSideEncryption))
					}
				}
				replica.put("mine", 1) // which no rule encrypts
				head, err := replica.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: &replica.name, Key: aws.String("mine")})
				require.NoError(t, err)
				assert.Equal(t, encryption, string(head.ServerSideEncryption))
				time.Sleep(5*day + 12*time.Hour)
				for _, there := range incomplete {
					assert.True(t, there(), "seven days and a half")
				}
				time.Sleep(day)
				for _, there := range incomplete {
					assert.False(t, there(), "eight days and a half")
				}
				require.NoError(t, w.destroy())
				for _, f := range []shelf{primary, replica} {
					assert.Contains(t, inventory(w.t, w.Stack), f.name)
				}
			}, configurations[name]...)
		})
	}
}

// They are kept as the others are: nothing that is in a bucket goes with its stack, and what made no
// bucket leaves none.
func TestSettingBucketsOfHeartbeatsAreKeptAsOthersAre(t *testing.T) {
	for environment, id := range map[string]string{"default": "HeartbeatBucket", "replica": "HeartbeatReplica"} {
		s, err := stack(t, environment, nil)
		require.NoError(t, err)
		at := slices.IndexFunc(s.Resources, func(r template.Resource) bool { return r.LogicalID == id })
		require.GreaterOrEqual(t, at, 0)
		assert.Equal(t, []string{"RetainExceptOnCreate", "Retain"}, []string{s.Resources[at].DeletionPolicy, s.Resources[at].UpdateReplacePolicy}, id)
	}
}
