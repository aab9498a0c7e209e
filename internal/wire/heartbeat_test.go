package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/wire"
)

var ofHeartbeats = map[string]string{
	"STAGE": "test", "HEARTBEAT_BUCKET": "primary", "HEARTBEAT_REPLICA": "replica", "REPLICA_REGION": "eu-west-1", "KEY_PREFIX": "",
	"VALIDATION_QUEUE_ARN": "arn:aws:sqs:eu-central-1:123456789012:q", "COMPARE_ETAGS_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:c", "DIGEST_ALGORITHM": "SHA256",
	"PRIMARY_HASH_BYTES_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:h", "REPLICA_HASH_BYTES_ARNS": "arn:aws:lambda:eu-west-1:123456789012:function:h",
}

func TestEachVariableOfTheFunctionOfHeartbeatsIsTold(t *testing.T) {
	for name, want := range map[string]string{
		"STAGE":                   "environment variable STAGE is not set: set it to a value like dev",
		"HEARTBEAT_BUCKET":        "environment variable HEARTBEAT_BUCKET is not set: set it to a value like autobackup-dev-primary-beat-123456789012",
		"HEARTBEAT_REPLICA":       "environment variable HEARTBEAT_REPLICA is not set: set it to a value like autobackup-dev-replica-beat-eu-west-1-123456789012",
		"REPLICA_REGION":          "environment variable REPLICA_REGION is not set: set it to a value like eu-west-1",
		"VALIDATION_QUEUE_ARN":    `environment variable VALIDATION_QUEUE_ARN is "": set it to an ARN like`,
		"COMPARE_ETAGS_ARN":       `environment variable COMPARE_ETAGS_ARN is "": set it to an ARN like`,
		"DIGEST_ALGORITHM":        `environment variable DIGEST_ALGORITHM is "": set it to one of`,
		"PRIMARY_HASH_BYTES_ARN":  `environment variable PRIMARY_HASH_BYTES_ARN is "": set it to an ARN like`,
		"REPLICA_HASH_BYTES_ARNS": "",
		"KEY_PREFIX":              "",
	} {
		without := maps.Clone(ofHeartbeats)
		delete(without, name)
		_, err := wire.Heartbeat(aws.Config{Region: "eu-central-1"}, func(name string) string { return without[name] }, slog.New(slog.DiscardHandler))
		if want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, want, name)
	}
}

// unreached is a network with nobody in it.
type unreached struct{}

func (unreached) Do(*http.Request) (*http.Response, error) { return nil, errors.New("nobody is there") }

// Also where all fails: alarms wait for what comes out only where they know that something was put.
func TestAHeartbeatWritesZerosForWhatItWaitsForWhateverFails(t *testing.T) {
	var metrics bytes.Buffer
	at := time.Date(2026, 11, 29, 20, 0, 0, 0, time.UTC)
	cfg := aws.Config{Region: "eu-central-1", HTTPClient: unreached{}, Retryer: func() aws.Retryer { return aws.NopRetryer{} }, Credentials: aws.AnonymousCredentials{}}
	f, err := wire.HeartbeatTo(&metrics, func() time.Time { return at })(cfg, func(name string) string { return ofHeartbeats[name] }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = f(t.Context(), []byte(`{"detail-type": "Scheduled Event"}`))
	assert.ErrorContains(t, err, "PutObject of s3://primary/heartbeat/verified")
	assert.ErrorContains(t, err, "invoke arn:aws:lambda:eu-central-1:123456789012:function:c with sides that differ")
	var values map[string]any
	require.NoError(t, json.Unmarshal(metrics.Bytes(), &values))
	delete(values, "_aws")
	assert.Equal(t, map[string]any{"Stage": "test", "HeartbeatVerified": 0.0, "HeartbeatLost": 0.0, "HeartbeatDifferent": 0.0}, values)
}
