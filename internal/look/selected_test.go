package look_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/look"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// byTag is a rule to a bucket for versions with a tag.
func byTag(bucket, key, value string) string {
	tag := fmt.Sprintf("<Tag><Key>%s</Key><Value>%s</Value></Tag>", key, value)
	return strings.Replace(strings.Replace(rule(bucket), "<Prefix></Prefix>", tag, 1),
		"<DeleteMarkerReplication><Status>Enabled", "<DeleteMarkerReplication><Status>Disabled", 1)
}

// tagging is what HeadObject answers of an object with a tag, and this status.
func tagging(status string) answer {
	return answer{status: 200, header: map[string]string{"Content-Length": "3", "ETag": `"e"`, "x-amz-tagging-count": "1", "x-amz-replication-status": status}}
}

func untagged(status string) answer {
	a := tagging(status)
	a.header = maps.Clone(a.header)
	delete(a.header, "x-amz-tagging-count")
	return a
}

func TestWhatIsLookedAtWhereRulesSelectByTag(t *testing.T) {
	missing, denied := answer{status: 404}, failure(403, "AccessDenied", "Access Denied")
	marker := answer{status: 405, header: map[string]string{"x-amz-delete-marker": "true"}}
	one, two := rules(byTag("copy", "k", "v")), rules(byTag("copy", "k", "v"), byTag("second", "k", "w"))
	beside := rules(byTag("copy", "k", "v"), rule("second"))
	type found map[string]verdict.Found
	for name, tt := range map[string]struct {
		rules      answer
		primary    answer
		tags       map[string]answer // by bucket; tags that are not here are not read
		copies     map[string]answer
		want       found
		byTag      []string
		unselected bool
		detail     string // of tags that could not be read
	}{
		"the tag matches, and the replica is there": {rules: one, primary: tagging("COMPLETED"), tags: map[string]answer{"docs": tagSet("k", "v"), "copy": tagSet("k", "v")},
			copies: map[string]answer{"copy": tagging("REPLICA")}, want: found{"copy": "object"}},
		"the tag matches, and no rule took it": {rules: one, primary: tagging(""), tags: map[string]answer{"docs": tagSet("k", "v")},
			copies: map[string]answer{"copy": missing}, want: found{"copy": "missing"}, byTag: []string{"copy"}},
		"another tag": {rules: one, primary: tagging(""), tags: map[string]answer{"docs": tagSet("k", "w")}, unselected: true},
		"another tag, and a rule took it": {rules: one, primary: tagging("COMPLETED"), tags: map[string]answer{"docs": tagSet("k", "w"), "copy": tagSet("k", "v")},
			copies: map[string]answer{"copy": tagging("REPLICA")}, want: found{"copy": "object"}},
		"no tags, which may be read": {rules: one, primary: untagged(""), tags: map[string]answer{"docs": tagSet()}, unselected: true},
		"no tags, as they may not be read": {rules: one, primary: untagged(""), tags: map[string]answer{"docs": denied}, want: nil,
			detail: "grant s3:GetObjectVersionTagging on the bucket's objects, as its rules select by tag: GetObjectTagging answered 403 AccessDenied"},
		"tags that may not be read": {rules: one, primary: tagging("COMPLETED"), tags: map[string]answer{"docs": denied}, want: nil,
			detail: "grant s3:GetObjectVersionTagging on the bucket's objects, as its rules select by tag: GetObjectTagging answered 403 AccessDenied"},
		"tags that a policy keeps everybody from": {rules: one, primary: tagging(""), tags: map[string]answer{"docs": failure(403, "AccessDenied",
			"User: u is not authorized to perform: s3:GetObjectVersionTagging on resource: \"r\" with an explicit deny in a service control policy")},
			detail: "GetObjectTagging answered 403 AccessDenied: explicit deny of s3:GetObjectVersionTagging in a service control policy"},
		"a version that is gone before its tags are read": {rules: one, primary: tagging(""), tags: map[string]answer{"docs": failure(404, "NoSuchVersion", "gone")},
			detail: "GetObjectTagging answered 404 NoSuchVersion"},
		"a delete marker":               {rules: one, primary: marker, unselected: true},
		"a delete marker with a status": {rules: one, primary: answer{status: 405, header: map[string]string{"x-amz-delete-marker": "true", "x-amz-replication-status": "COMPLETED"}}, unselected: true},
		"a delete marker beside all":    {rules: beside, primary: marker, copies: map[string]answer{"second": marker}, want: found{"second": "delete marker"}},
		"a primary that is gone":        {rules: one, primary: missing, unselected: true},
		"an object beside all":          {rules: beside, primary: untagged("COMPLETED"), tags: map[string]answer{"docs": tagSet()}, copies: map[string]answer{"second": untagged("REPLICA")}, want: found{"second": "object"}},
		"a tagged object beside all":    {rules: beside, primary: tagging("COMPLETED"), tags: map[string]answer{"docs": tagSet("k", "v"), "second": tagSet("k", "v")}, copies: map[string]answer{"second": tagging("REPLICA"), "copy": missing}, want: found{"second": "object", "copy": "missing"}, byTag: []string{"copy"}},
		"a tag that is gone, and one of two holds it": {rules: two, primary: untagged("COMPLETED"), tags: map[string]answer{"docs": tagSet()},
			copies: map[string]answer{"copy": missing, "second": untagged("REPLICA")}, want: found{"second": "object"}},
		"a tag that is gone, and neither holds it": {rules: two, primary: untagged("PENDING"), tags: map[string]answer{"docs": tagSet()},
			copies: map[string]answer{"copy": missing, "second": missing}, want: found{"copy": "missing", "second": "missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := map[string]answer{headBucket("docs"): inHome, getReplication("docs"): tt.rules, headObject("docs", home): tt.primary}
				for bucket, a := range tt.tags {
					answers[getTags(bucket, map[string]string{"docs": home}[bucket]+map[string]string{"copy": away, "second": away}[bucket])] = a
				}
				for bucket, a := range tt.copies {
					answers[headBucket(bucket)], answers[headObject(bucket, away)] = inAway, a
				}
				f := newFake(t, answers)
				got := lookAt(t.Context(), f)
				f.allAsked()
				var replicas found
				var byTag []string
				for _, r := range got.Replicas {
					assert.Equal(t, name == "a tag that is gone, and neither holds it", r.Detail != "", "which it was is not claimed")
					if replicas == nil {
						replicas = found{}
					}
					if replicas[r.Bucket] = r.Found; r.ByTag {
						byTag = append(byTag, r.Bucket)
					}
				}
				assert.Equal(t, tt.want, replicas)
				assert.Equal(t, tt.byTag, byTag)
				assert.Equal(t, tt.unselected, got.Unselected)
				unread := verdict.Read{}
				if got.Unread != nil {
					unread = *got.Unread
				}
				assert.Equal(t, tt.detail, unread.Detail)
				assert.LessOrEqual(t, len(unread.Detail), verdict.MaxSideDetail)
				assert.Equal(t, tt.detail != "", unread.Found != "")
				for request, n := range f.asked {
					assert.LessOrEqual(t, n, 1, request)
				}
			})
		})
	}
}

func TestWhetherTagsMayBeReadIsAskedOncePerBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, map[string]answer{
			headBucket("docs"): inHome, getReplication("docs"): rules(byTag("copy", "k", "v")), headObject("docs", home): untagged(""), getTags("docs", home): tagSet(),
		})
		looker := f.looker()
		one := event("docs", "docs/a.txt")
		for range 3 {
			looker.Look(t.Context(), messages(one, one, one))
		}
		assert.Equal(t, 1, f.asked[getTags("docs", home)])
		assert.Equal(t, 9, f.asked[headObject("docs", home)])
	})
}

// Who compares two buckets looks at both, whatever the tags are.
func TestAPairWhoseRuleSelectsByTag(t *testing.T) {
	missing := answer{status: 404}
	for name, tt := range map[string]struct {
		primary, tags, copy            answer
		found                          verdict.Found
		byTag, unselected, all, unread bool // all: another bucket gets everything
	}{
		"the replica is there":                    {primary: untagged("COMPLETED"), copy: untagged("REPLICA"), found: verdict.Object},
		"it is missing, and the tag matches":      {primary: tagging(""), tags: tagSet("k", "v"), copy: missing, found: verdict.Missing, byTag: true},
		"it is missing, and another tag is there": {primary: tagging(""), tags: tagSet("k", "w"), copy: missing, found: verdict.Missing, unselected: true},
		"it is missing, and a rule took it":       {primary: tagging("COMPLETED"), tags: tagSet("k", "w"), copy: missing, found: verdict.Missing},
		"it is missing, and another rule took it": {primary: tagging("COMPLETED"), tags: tagSet("k", "w"), copy: missing, found: verdict.Missing, unselected: true, all: true},
		"its tags may not be read":                {primary: tagging(""), tags: failure(403, "AccessDenied", "no"), copy: missing, found: verdict.Missing, unread: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := map[string]answer{headBucket("docs"): inHome, headBucket("copy"): inAway, headObject("docs", home): tt.primary, headObject("copy", away): tt.copy}
				if tt.primary.header["x-amz-replication-status"] == "COMPLETED" && tt.copy.status == 404 {
					answers[getLifecycle("copy", away)] = failure(404, "NoSuchLifecycleConfiguration", "none")
				}
				if tt.tags.status != 0 {
					answers[getTags("docs", home)] = tt.tags
				}
				f := newFake(t, answers)
				all := []string{byTag("copy", "k", "v")}
				if tt.all {
					all = append(all, rule("second"))
				}
				got := f.looker().At(t.Context(), s3event.ObjectVersion{Bucket: "docs", Key: "docs/a.txt", VersionID: "v1"}, "copy", look.RuleFor(parsed(t, rules(all...)), "docs/a.txt", "copy"))
				f.allAsked()
				assert.Equal(t, verdict.Object, got.Primary.Found)
				if tt.unread {
					require.NotNil(t, got.Unread)
					assert.Equal(t, verdict.Denied, got.Unread.Found)
				}
				assert.Equal(t, tt.unselected, got.Unselected)
				require.Len(t, got.Replicas, 1)
				assert.Equal(t, tt.found, got.Replicas[0].Found)
				assert.Equal(t, tt.byTag, got.Replicas[0].ByTag)
			})
		})
	}
}

// parsed is the rules in an answer.
func parsed(t *testing.T, a answer) []types.ReplicationRule {
	t.Helper()
	out, err := sdkClient(anyAnswer(func(*http.Request) answer { return a })).GetBucketReplication(t.Context(), &s3.GetBucketReplicationInput{Bucket: aws.String("docs")})
	require.NoError(t, err)
	return out.ReplicationConfiguration.Rules
}
