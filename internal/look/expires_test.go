package look_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/look"
	"autobackup/internal/verdict"
)

// lifecycle is a bucket with a rule that removes noncurrent versions after a day,
// which the version of event is older than when a test begins.
func lifecycle(id string) answer {
	return answer{status: 200, body: "<LifecycleConfiguration><Rule><ID>" + id + "</ID><Status>Enabled</Status><Filter><Prefix>docs/</Prefix></Filter>" +
		"<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>"}
}

func withStatus(status string) answer {
	return answer{status: 200, header: map[string]string{"x-amz-replication-status": status}}
}

func expiries(seen verdict.Look) (all []string) {
	for _, r := range seen.Replicas {
		all = append(all, r.Expires)
	}
	return all
}

// The fake fails the test for any request that was not prepared.
func TestWhatMayHaveRemovedAReplicaIsAskedOnlyWhereItIsGone(t *testing.T) {
	missing, marker := answer{status: 404}, answer{status: 405, header: map[string]string{"x-amz-delete-marker": "true", "x-amz-replication-status": "COMPLETED"}}
	ignoring := strings.Replace(rule("copy"), "Enabled</Status></DeleteMarker", "Disabled</Status></DeleteMarker", 1)
	asked := map[string]answer{getLifecycle("copy", away): lifecycle("expire-nc-1")}
	for name, tt := range map[string]struct {
		primary, replica answer
		more             map[string]answer
		want             string
	}{
		"it was replicated, and is gone":        {withStatus("COMPLETED"), missing, asked, "expire-nc-1"},
		"a delete marker was, and is gone":      {marker, missing, asked, "expire-nc-1"},
		"it is there":                           {withStatus("COMPLETED"), object, nil, ""},
		"nobody can see":                        {withStatus("COMPLETED"), answer{status: 403}, map[string]answer{getByte("copy", away): {status: 403}}, ""},
		"it is still to be replicated":          {withStatus("PENDING"), missing, nil, ""},
		"S3 gave up to replicate it":            {withStatus("FAILED"), missing, nil, ""},
		"S3 tells nothing":                      {object, missing, nil, ""},
		"the primary is gone, too":              {missing, missing, nil, ""},
		"the replica's bucket is gone":          {withStatus("COMPLETED"), answer{}, map[string]answer{headBucket("copy"): {status: 404}}, ""},
		"a marker is gone that nobody expected": {marker, missing, map[string]answer{getReplication("docs"): rules(ignoring)}, ""},
		"an object under a rule without markers": {withStatus("COMPLETED"), missing,
			map[string]answer{getReplication("docs"): rules(ignoring), getLifecycle("copy", away): lifecycle("expire-nc-1")}, "expire-nc-1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sides := map[string]answer{headObject("docs", home): tt.primary}
				if tt.replica.status != 0 {
					sides[headObject("copy", away)] = tt.replica
				}
				got := lookAt(t.Context(), newFake(t, replicated, sides, tt.more))
				assert.Equal(t, []string{tt.want}, expiries(got))
			})
		})
	}
}

func TestOfLifecycleRulesThatCanNotBeReadNothingIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		rules answer
		takes time.Duration
	}{
		"there are none":     {failure(404, "NoSuchLifecycleConfiguration", "none"), 0},
		"they are empty":     {answer{status: 200, body: "<LifecycleConfiguration></LifecycleConfiguration>"}, 0},
		"denied":             {failure(403, "AccessDenied", "no"), 0},
		"not implemented":    {failure(501, "NotImplemented", "no"), 0},
		"S3 does not answer": {answer{after: time.Hour}, 8 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got := lookAt(t.Context(), newFake(t, replicated, map[string]answer{
					headObject("docs", home): withStatus("COMPLETED"), headObject("copy", away): {status: 404}, getLifecycle("copy", away): tt.rules,
				}))
				assert.Equal(t, []verdict.Replica{{Side: verdict.Side{Bucket: "copy", Region: away, Found: verdict.Missing}}}, got.Replicas)
				assert.Equal(t, tt.takes, time.Since(start))
			})
		})
	}
}

func TestEveryReplicaThatIsGoneHasItsOwnRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(id string) answer {
			a := lifecycle(id)
			a.after = time.Second
			return a
		}
		start := time.Now()
		got := lookAt(t.Context(), newFake(t, replicatedTo("copy", "second", "third"), map[string]answer{
			headObject("docs", home): withStatus("COMPLETED"), headObject("copy", away): {status: 404},
			headObject("second", away): object, headObject("third", away): {status: 404},
			getLifecycle("copy", away): slow("one"), getLifecycle("third", away): slow("three"),
		}))
		assert.Equal(t, []string{"one", "", "three"}, expiries(got))
		assert.Equal(t, time.Second, time.Since(start), "they are read at the same time")
	})
}

func TestLifecycleRulesAreReadOnceInFiveMinutes(t *testing.T) {
	for name, tt := range map[string]struct {
		rules answer
		want  int
	}{
		"of a bucket that has some": {lifecycle("expire"), 2},
		"of a bucket that has none": {failure(404, "NoSuchLifecycleConfiguration", "none"), 2},
		"but errors are not kept":   {failure(403, "AccessDenied", "no"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, replicated, map[string]answer{
					headObject("docs", home): withStatus("COMPLETED"), headObject("copy", away): {status: 404}, getLifecycle("copy", away): tt.rules,
				})
				looker := f.looker()
				for range 2 {
					looker.Look(t.Context(), messages(event("docs", "docs/a.txt")))
				}
				time.Sleep(5 * time.Minute)
				looker.Look(t.Context(), messages(event("docs", "docs/a.txt")))
				assert.Equal(t, tt.want, f.asked[getLifecycle("copy", away)])
			})
		})
	}
}

// Its region is not known, so no S3 could be asked.
func TestOfABucketThatIsGoneNoRulesAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, replicated, map[string]answer{headObject("docs", home): withStatus("COMPLETED"), headBucket("copy"): {status: 404}})
		client := sdkClient(f)
		got := look.New(client, unaskedLifecycle{client, t}, time.Now).Look(t.Context(), messages(event("docs", "docs/a.txt"))).Messages[0].Look
		assert.Equal(t, verdict.Missing, got.Replicas[0].Found)
	})
}

type unaskedLifecycle struct {
	*s3.Client
	t *testing.T
}

func (u unaskedLifecycle) GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	u.t.Error("lifecycle rules were asked for")
	return nil, errors.New("unexpected request")
}

func TestARuleBySizeIsHeldAgainstTheSizeOfThePrimary(t *testing.T) {
	for size, want := range map[string]string{"1000": "", "1001": "large"} {
		synctest.Test(t, func(t *testing.T) {
			primary := answer{status: 200, header: map[string]string{"x-amz-replication-status": "COMPLETED", "Content-Length": size}}
			rules := lifecycle("large")
			rules.body = strings.Replace(rules.body, "<Prefix>docs/</Prefix>", "<ObjectSizeGreaterThan>1000</ObjectSizeGreaterThan>", 1)
			got := lookAt(t.Context(), newFake(t, replicated, map[string]answer{
				headObject("docs", home): primary, headObject("copy", away): {status: 404}, getLifecycle("copy", away): rules,
			}))
			assert.Equal(t, []string{want}, expiries(got))
		})
	}
}

func TestALongIDOfALifecycleRuleIsOnePrintableLine(t *testing.T) {
	for id, want := range map[string]string{
		"ümlaut\nline":                        "?mlaut line",
		strings.Repeat("x", 200):              strings.Repeat("x", 77) + "...",
		strings.Repeat("&lt;", 200):           "too long",
		strings.Repeat("&#34;", 80):           strings.Repeat(`"`, 80), // 162 bytes of JSON
		"&lt;x" + strings.Repeat("&#34;", 77): "too long",              // 163
	} {
		t.Run(fmt.Sprintf("%.10q", id), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lookAt(t.Context(), newFake(t, replicated, map[string]answer{
					headObject("docs", home): withStatus("COMPLETED"), headObject("copy", away): {status: 404}, getLifecycle("copy", away): lifecycle(id),
				}))
				require.Equal(t, []string{want}, expiries(got))
			})
		})
	}
}
