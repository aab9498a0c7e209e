package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
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
func TestAStageWithoutHeartbeatsHasNothingOfThem(t *testing.T) {
	for name, changes := range map[string][]change{
		"lean":             {defaults("template.yaml", "Form", "lean")},
		"disabled":         {unbeating, defaults("replica.yaml", "Heartbeats", "Disabled")},
		"no ReplicaRegion": slices.Concat(configurations["attached"], []change{replace("samconfig.toml", "ReplicaRegion="+secondRegion+" ", "")}),
	} {
		inWorld(t, func(w *world) {
			assert.Error(t, w.Events.Fire(w.region, "autobackup-heartbeat-dev"))
			assert.NotContains(t, strings.Join(slices.Collect(maps.Keys(w.notOK())), " "), "heartbeat", name)
		}, changes...)
	}
}

// answering is code that does what code does, and changes what it answers.
func answering[Answer any](code wire.Build, change func(*Answer)) wire.Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		f, err := code(cfg, env, log)
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			out, err := f(ctx, payload)
			if err != nil {
				return out, err
			}
			var answer Answer
			if err := json.Unmarshal(out, &answer); err != nil {
				return nil, err
			}
			change(&answer)
			return json.Marshal(answer)
		}, err
	}
}

// passes has a round call verified whatever it is about.
func passes(b *batch.Batch) {
	for _, f := range b.Failed {
		b.Summary.Objects = append(b.Summary.Objects, batch.Settled{ID: f.ID, Verdict: verdict.Verified})
	}
	for i := range b.Summary.Objects {
		b.Summary.Objects[i].Verdict, b.Summary.Objects[i].Reason = verdict.Verified, ""
	}
	b.Failed, b.Lagging = nil, nil
	*b = b.Count()
}

// Each breakage ends heartbeats, or has what was planted be missed, and one of their alarms rings
// within the hour: also where an alarm of the cause is there, which then speaks for this one.
func TestSettingABreakageIsNoticedByHeartbeatsWithinTheHour(t *testing.T) {
	const verified, lost, different, stopped = "nothing-verified", "heartbeat-missed-Lost", "heartbeat-missed-Different", "heartbeat-stopped"
	for name, c := range map[string]struct {
		breaks func(w *world)
		code   map[string]func(wire.Build) wire.Build // in the place of a function's, once it is broken
		rings  []string
	}{
		"S3 tells of no uploads": {breaks: func(w *world) { w.S3.OnEvent = func(string, []byte) {} }, rings: []string{verified}},
		"S3 replicates nothing": {breaks: func(w *world) {
			w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 365 * day} }
		},
			rings: []string{verified, lost, different}},
		"a validator that passes everything": {code: map[string]func(wire.Build) wire.Build{
			"compare-etags": func(b wire.Build) wire.Build { return answering(b, passes) },
		}, rings: []string{different}},
		"bytes that are read as the same, whatever they are": {code: map[string]func(wire.Build) wire.Build{
			"hash-bytes": func(b wire.Build) wire.Build {
				return answering(b, func(a *hashbytes.Answers) {
					for i := range a.Answers {
						a.Answers[i].Digests = a.Answers[0].Digests
					}
				})
			},
		}, rings: []string{different}},
		"a function of heartbeats that fails": {code: map[string]func(wire.Build) wire.Build{
			"heartbeat": func(wire.Build) wire.Build {
				return func(aws.Config, func(string) string, *slog.Logger) (handler.Func, error) {
					return func(context.Context, []byte) ([]byte, error) { return nil, errors.New("broken") }, nil
				}
			},
		}, rings: []string{stopped}},
		"heartbeats may not be put": {breaks: func(w *world) {
			w.Gate.Change(func(d *iam.Document) {
				d.Statements = slices.DeleteFunc(d.Statements, func(s iam.Statement) bool {
					return slices.Contains(s.Actions, "s3:PutObject") && strings.Contains(strings.Join(s.Resources, " "), "primary-beat")
				})
			})
		}, rings: []string{verified}},
	} {
		t.Run(name, func(t *testing.T) {
			broken := false
			p := preparation{prepare: prepare, deployment: deployment, functions: func(all map[string]wire.Build) {
				for name, instead := range c.code {
					as, is := all[name], instead(all[name])
					all[name] = func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
						before, err := as(cfg, env, log)
						if err != nil {
							return nil, err
						}
						after, err := is(cfg, env, log)
						return func(ctx context.Context, payload []byte) ([]byte, error) {
							if broken {
								return after(ctx, payload)
							}
							return before(ctx, payload)
						}, err
					}
				}
			}}
			inPreparedWorld(t, p, func(w *world) {
				require.Empty(t, w.beats(6))
				require.Empty(t, w.rang())
				synctest.Wait()
				broken = true
				if c.breaks != nil {
					c.breaks(w)
				}
				w.beats(6)
				rang := map[string]bool{}
				for _, r := range w.rang() {
					rang[strings.TrimSuffix(strings.TrimPrefix(r.Name, "autobackup-"), "-dev")] = true
				}
				for _, alarm := range c.rings {
					assert.True(t, rang[alarm] || w.notOK()[alarm] == "INSUFFICIENT_DATA" && alarm == stopped, "%s: %v", alarm, rang)
				}
			})
		})
	}
}
