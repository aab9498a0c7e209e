package heartbeat_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/heartbeat"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestAVerdictStaysAsItIsUnlessItIsWhatWasPlanted(t *testing.T) {
	const own = heartbeat.Bucket("own")
	failed := func(code reason.Code) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Failed, Reason: code, Replicas: []verdict.Entry{{Bucket: "r", Outcome: verdict.Failed, Reason: code}}}
	}
	verified := verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	planted := func(code string) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Skipped, Reason: reason.AsPlanted, Detail: code + " was planted, and found"}
	}
	for name, c := range map[string]struct {
		of          heartbeat.Bucket
		bucket, key string
		v, want     verdict.Verdict
	}{
		"a loss that was planted":                  {own, "own", heartbeat.Lost, failed(reason.ReplicaMissing), planted("REPLICA_MISSING")},
		"one below what keys must begin with":      {own, "own", "only/" + heartbeat.Lost, failed(reason.ReplicaMissing), planted("REPLICA_MISSING")},
		"sides that were made to differ":           {own, "own", heartbeat.Different, failed(reason.ContentMismatch), planted("CONTENT_MISMATCH")},
		"a loss that fails for something else":     {own, "own", heartbeat.Lost, failed(reason.AccessDenied), failed(reason.AccessDenied)},
		"a loss that differs":                      {own, "own", heartbeat.Lost, failed(reason.ContentMismatch), failed(reason.ContentMismatch)},
		"a loss that is called verified":           {own, "own", heartbeat.Lost, verified, verified},
		"a heartbeat that is verified":             {own, "own", heartbeat.Verified, verified, verified},
		"a heartbeat that really is lost":          {own, "own", heartbeat.Verified, failed(reason.ReplicaMissing), failed(reason.ReplicaMissing)},
		"an object of another bucket of this key":  {own, "documents", heartbeat.Lost, failed(reason.ReplicaMissing), failed(reason.ReplicaMissing)},
		"a stage without heartbeats":               {"", "own", heartbeat.Lost, failed(reason.ReplicaMissing), failed(reason.ReplicaMissing)},
		"a message without a bucket, and no stage": {"", "", heartbeat.Lost, failed(reason.ReplicaMissing), failed(reason.ReplicaMissing)},
		"a loss that lags":                         {own, "own", heartbeat.Lost, verdict.Verdict{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing}, verdict.Verdict{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing}},
		"a failure without a reason":               {own, "own", heartbeat.Verified, verdict.Verdict{Outcome: verdict.Failed}, verdict.Verdict{Outcome: verdict.Failed}},
	} {
		assert.Equal(t, c.want, c.of.Came(c.bucket, c.key, c.v), name)
	}
}
