package local_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local/gate"
)

// everyBreakage is whether every breakage is tried, and not only a share:
//
//	go test ./local -run TestEachBreakage -every-breakage -v
var everyBreakage = flag.Bool("every-breakage", false, "try every breakage that an alarm must notice")

// breakage is something that breaks a stack which worked, and who notices.
type breakage struct {
	changes []change
	// code is what stands in a function's place once it is broken.
	code    map[string]func(handler.Func) handler.Func
	late    time.Duration // how much the functions' clock is, then
	breaks  func(w *world)
	denies  func(*gate.Gate, gate.Call) error // every call from then on, where it says so
	uploads func(*s3.PutObjectInput)          // what uploads are like from then on
	rings   string                            // the alarm whose runbook it is for
	lean    string                            // the one that tells in the lean form, where that is another
}

// withoutHeartbeats is in the place of an alarm where the lean form, which has none, notices nothing.
const withoutHeartbeats = "nobody notices without heartbeats"

// later is the alarm that tells in the lean form where the pipe's have none there: once a message is as
// old as OldestMessageMinutes, which takes more than an hour.
const later = "validation-queue-too-old-metric"

// ofTheFullForm is in the place of an alarm where the lean form has nothing that could break so.
const ofTheFullForm = "the lean form has none of it"

// broken is a breakage that was played.
type broken struct {
	rang  map[string]int // minutes after it until the first e-mail of each alarm
	mails int
}

// play has uploads come every three minutes and heartbeats every ten, breaks something after half
// an hour and goes on for so many minutes. The scheduled doctor has looked a minute before.
func (b breakage) play(t *testing.T, form string, minutes int) (all broken) {
	var on atomic.Bool
	all.rang = map[string]int{}
	rebuild := func(builds map[string]wire.Build) {
		for name, other := range b.code {
			build := builds[name]
			builds[name] = func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
				code, err := build(cfg, env, log)
				broken := other(code)
				return func(ctx context.Context, payload []byte) ([]byte, error) {
					if on.Load() {
						return broken(ctx, payload)
					}
					return code(ctx, payload)
				}, err
			}
		}
	}
	changes := append(slices.Clone(b.changes), defaults("template.yaml", "DoctorSchedule", "rate(1 hour)"), defaults("template.yaml", "Form", form))
	now := func() time.Time {
		if on.Load() {
			return time.Now().Add(-b.late)
		}
		return time.Now()
	}
	prepare := func(g *gate.Gate) {
		g.Fault = func(c gate.Call) error {
			if on.Load() && b.denies != nil {
				return b.denies(g, c)
			}
			return nil
		}
	}
	inPreparedWorld(t, preparation{prepare: prepare, rebuild: rebuild, now: now}, func(w *world) {
		minute := func(n int) {
			if n%3 == 0 {
				in := &s3.PutObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String(fmt.Sprint(n)), Body: strings.NewReader(fmt.Sprint("content of ", n))}
				if on.Load() && b.uploads != nil {
					b.uploads(in)
				}
				_, _ = w.client.PutObject(w.t.Context(), in) // what is refused, whoever uploads sees
			}
			if n%10 == 5 {
				_ = w.Events.Fire(w.region, "autobackup-heartbeat-dev")
			}
			if n%60 == 29 {
				_ = w.Events.Fire(w.region, "autobackup-doctor-dev")
			}
			time.Sleep(time.Minute)
			w.rang()
		}
		const healthy = 30
		for n := range healthy {
			minute(n)
		}
		synctest.Wait()
		require.Empty(w.t, w.notOKBut("doctor-failed"), "it did not work before")
		before := len(w.published("failure-topic"))
		on.Store(true)
		if b.breaks != nil {
			b.breaks(w)
		}
		for n := range minutes {
			minute(healthy + n)
			for _, p := range w.published("failure-topic")[before:] {
				state, name, _ := strings.Cut(p.Subject, `: "autobackup-`)
				if state != "ALARM" && state != "INSUFFICIENT_DATA" {
					continue
				}
				name, _, _ = strings.Cut(name, `-dev"`)
				if _, known := all.rang[name]; !known {
					all.rang[name] = n + 1
				}
			}
		}
		all.mails = len(w.published("failure-topic")) - before
	}, changes...)
	return all
}

// notOKBut are the alarms that are not OK, without some.
func (w *world) notOKBut(names ...string) map[string]string {
	states := w.notOK()
	for _, name := range names {
		delete(states, name)
	}
	return states
}

// String is what rang, in this order.
func (b broken) String() string {
	names := slices.SortedFunc(maps.Keys(b.rang), func(x, y string) int { return b.rang[x] - b.rang[y] })
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("%s after %d minutes", name, b.rang[name]))
	}
	return strings.Join(all, ", ")
}

const hour = 60 // minutes

func TestEachBreakageIsNoticedWithinTheHour(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(breakages)) {
		if *everyBreakage || slices.Contains(playedByDefault, name) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := breakages[name]
				b.noticed(t, name, b.rings, b.play(t, "full", hour))
			})
		}
	}
	noted(t, "breakages: all", len(breakages))
	for _, name := range playedByDefault {
		assert.Contains(t, breakages, name)
	}
}

// The lean form has fewer alarms, and one of its own tells later.
func TestEachBreakageIsNoticedInTheLeanForm(t *testing.T) {
	if !*everyBreakage {
		t.Skip("with -every-breakage")
	}
	for _, name := range slices.Sorted(maps.Keys(breakages)) {
		b := breakages[name]
		rings, minutes := cmp.Or(b.lean, b.rings), hour
		if rings == later {
			minutes += 20
		}
		if rings != ofTheFullForm {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b.noticed(t, name, rings, b.play(t, "lean", minutes))
			})
		}
	}
}

// noticed holds that an alarm told, and with few e-mails.
func (b breakage) noticed(t *testing.T, name, rings string, got broken) {
	t.Helper()
	t.Logf("%s: %s; %d e-mails in all", name, got, got.mails)
	if rings == withoutHeartbeats {
		assert.Empty(t, got.rang, "name the alarm that notices it")
		return
	}
	assert.Contains(t, got.rang, rings)
	assert.LessOrEqual(t, got.mails, 15)
}
