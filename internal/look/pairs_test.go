package look_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/look"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

func TestVersionsOfAnAuditAreLookedAtInTheirBucketAndTheReplicaThatIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegions(t)
		here := r.put(t, "a", "content")
		time.Sleep(time.Minute)
		looks := r.looker.LookAt(t.Context(), look.Versions{Replica: "copy", Versions: []s3event.ObjectVersion{
			{Bucket: "docs", Key: "a", VersionID: here}, {Bucket: "docs", Key: "absent", VersionID: here}, {Bucket: "no-such-bucket", Key: "a", VersionID: here},
		}}).Looks
		require.Len(t, looks, 3, "in their order")
		assert.Equal(t, []verdict.Found{verdict.Object, verdict.Object}, []verdict.Found{looks[0].Primary.Found, looks[0].Replicas[0].Found})
		assert.Equal(t, "copy", looks[0].Replicas[0].Bucket)
		assert.Equal(t, verdict.Missing, looks[1].Primary.Found)
		assert.Equal(t, "no-such-bucket", looks[2].Primary.Bucket)
		assert.NotEqual(t, verdict.Object, looks[2].Primary.Found)
		assert.Empty(t, looks[2].Replicas)
	})
}

func TestARequestIsABatchOrVersions(t *testing.T) {
	many, err := json.Marshal(look.Versions{Replica: "docs-copy", Versions: make([]s3event.ObjectVersion, look.MaxVersions)})
	require.NoError(t, err)
	more, err := json.Marshal(look.Versions{Replica: "docs-copy", Versions: make([]s3event.ObjectVersion, look.MaxVersions+1)})
	require.NoError(t, err)
	for payload, want := range map[string]string{
		`{"messages": [{"messageId": "1", "body": "b"}]}`: "",
		`{"replica": "r", "versions": []}`:                "",
		string(many):                                      "",
		`{}`:                                              `"messages" is missing`,
		`{"versions": []}`:                                `"replica" is missing: it is the bucket that the versions are compared with`,
		string(more):                                      `"versions" has 101: at most 100 are looked at in one invocation`,
	} {
		var r look.Request
		require.NoError(t, json.Unmarshal([]byte(payload), &r), payload)
		err := r.Validate()
		if want == "" {
			assert.NoError(t, err, payload)
			assert.Equal(t, strings.Contains(payload, `"versions"`), r.Versions != nil)
			assert.Equal(t, strings.Contains(payload, `"messages"`), r.Batch != nil)
			continue
		}
		assert.ErrorContains(t, err, want)
	}
	assert.ErrorContains(t, new(look.Request).Validate(), "neither a batch nor versions")
	assert.Error(t, json.Unmarshal([]byte(`{"versions": 1}`), new(look.Request)))
}
