package serve_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	"autobackup/cmd/autobackup/serve"
	"autobackup/internal/overview"
)

// command runs a command of the program in a shell that talks to this serve, and answers what it says.
func (r running) command(t *testing.T, words ...string) string {
	t.Helper()
	cfg := r.client(t, "")
	key, err := cfg.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": *cfg.BaseEndpoint, "AWS_REGION": cfg.Region, "AWS_ACCESS_KEY_ID": key.AccessKeyID, "AWS_SECRET_ACCESS_KEY": key.SecretAccessKey,
		"AWS_PROFILE": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
	} {
		t.Setenv(name, value)
	}
	var out, problems bytes.Buffer
	assert.NotEqual(t, 2, cli.Run(words, &out, &problems), "%s", &problems)
	return out.String()
}

func TestCommandsAndThePageGoByTheClockOfServe(t *testing.T) {
	r := served(t, serve.Options{Fast: true})
	cfg := r.client(t, "")
	r.press(t, "c", "the next replica has a flipped bit")
	upload(t, cfg, "damaged")
	r.says(t, `(?m)  documents  damaged  failed  CONTENT_MISMATCH$`)
	for _, key := range []string{"first", "second"} {
		r.press(t, "l", "the next replica comes after 10 minutes")
		upload(t, cfg, key)
		r.says(t, `(?m)  documents  `+key+`  verified  `)
	}
	begun := time.Now()

	b := r.browse(t)
	require.Eventually(t, func() bool { // a process's lines are written a moment behind its answer
		var status struct{ Figures overview.Figures }
		require.NoError(t, json.Unmarshal([]byte(r.command(t, "status", "--json")), &status))
		sums := map[string]string{}
		for _, count := range status.Figures.Counts {
			sums[count.Name] = status.Figures.Sum(count, time.Hour)
		}
		return sums["Failed"] == "1" && sums["Verified"] == "2" && status.Figures.At.After(begun.Add(15*time.Minute))
	}, time.Minute, 100*time.Millisecond)
	b.does("POST", "again", "")
	assert.Contains(t, b.opens(""), "failed in the last 24 hours: 1")

	explained := r.command(t, "explain", "s3://"+documents+"/damaged", "--stage", "dev")
	assert.NotContains(t, explained, "nothing of this version")
	assert.Regexp(t, `(?m)so far .*\n?.*CONTENT_MISMATCH`, explained)

	older := []string{"--older-than", "15m"}
	var parked retry.Look
	require.NoError(t, json.Unmarshal([]byte(r.command(t, append([]string{"parked", "--json"}, older...)...)), &parked))
	require.Len(t, parked.Reasons, 1)
	assert.Equal(t, 1, parked.Reasons[0].Number)
	assert.Contains(t, r.command(t, append([]string{"retry", "--from", "parked", "--dry-run"}, older...)...), "1 message")
	assert.Contains(t, b.does("POST", "plan", "from=parked&do=retry&older-than=15m"), "Send 1 message to autobackup-validation-queue-dev?")

	r.command(t, "discard", "--from", "parked", "--why", "a test", "--yes", "--reason", "CONTENT_MISMATCH")
	var history struct{ Operations []operations.Done }
	require.NoError(t, json.Unmarshal([]byte(r.command(t, "parked", "--done", "--since", "1h", "--json")), &history))
	require.Len(t, history.Operations, 1)
	assert.Greater(t, history.Operations[0].Begin.At, begun.Add(15*time.Minute))
}
