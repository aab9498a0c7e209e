package look_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// metadataOf is what a primary shows that sends these headers.
func metadataOf(t *testing.T, header map[string]string) verdict.Metadata {
	t.Helper()
	got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 200, header: header}}))
	require.NotNil(t, got.Primary.Metadata)
	return *got.Primary.Metadata
}

var labeled = map[string]string{
	"Content-Type": "text/plain", "Content-Encoding": "gzip", "Content-Language": "en", "Content-Disposition": "inline",
	"Cache-Control": "no-store", "Expires": "Wed, 02 Jan 2030 03:04:05 GMT", "x-amz-meta-owner": "me",
	"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2030-01-02T03:04:05Z", "x-amz-object-lock-legal-hold": "ON",
}

func TestEveryHeaderOfMetadataCountsInItsGroupOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		was := metadataOf(t, labeled)
		assert.Equal(t, was, metadataOf(t, labeled), "the same twice")
		for name, changed := range map[string]func(m *verdict.Metadata) *string{
			"Content-Type":        func(m *verdict.Metadata) *string { return &m.Headers },
			"Content-Encoding":    func(m *verdict.Metadata) *string { return &m.Headers },
			"Content-Language":    func(m *verdict.Metadata) *string { return &m.Headers },
			"Content-Disposition": func(m *verdict.Metadata) *string { return &m.Headers },
			"Cache-Control":       func(m *verdict.Metadata) *string { return &m.Headers },
			"Expires":             func(m *verdict.Metadata) *string { return &m.Headers },
			"x-amz-meta-owner":    func(m *verdict.Metadata) *string { return &m.User },

			"x-amz-object-lock-mode":              func(m *verdict.Metadata) *string { return &m.Retention },
			"x-amz-object-lock-retain-until-date": func(m *verdict.Metadata) *string { return &m.Retention },
			"x-amz-object-lock-legal-hold":        func(m *verdict.Metadata) *string { return &m.LegalHold },
		} {
			other := map[string]string{
				"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "2031-01-02T03:04:05Z", "x-amz-object-lock-legal-hold": "OFF",
			}[name]
			if other == "" {
				other = "other"
			}
			for _, value := range []string{other, ""} {
				sent := maps.Clone(labeled)
				if sent[name] = value; value == "" {
					delete(sent, name)
				}
				got := metadataOf(t, sent)
				assert.NotEqual(t, *changed(&was), *changed(&got), "%s %q", name, value)
				*changed(&got) = *changed(&was)
				assert.Equal(t, was, got, name)
			}
		}
		more := maps.Clone(labeled)
		more["x-amz-meta-other"] = ""
		assert.NotEqual(t, was.User, metadataOf(t, more).User)
		swapped := maps.Clone(labeled)
		swapped["Content-Type"], swapped["Content-Encoding"] = labeled["Content-Encoding"], labeled["Content-Type"]
		assert.NotEqual(t, was.Headers, metadataOf(t, swapped).Headers)
	})
}

func TestWhatS3DoesNotShowOfMetadataStaysEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		assert.Equal(t, *bare, metadataOf(t, nil))
		for name, value := range map[string]string{
			"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2030-01-02T03:04:05Z",
			"x-amz-object-lock-legal-hold": strings.Repeat("ON", 99),
		} {
			assert.Equal(t, *bare, metadataOf(t, map[string]string{name: value}), name)
		}
		assert.Empty(t, metadataOf(t, map[string]string{"x-amz-missing-meta": "1"}).User, "S3 left some out")
	})
}

func getTags(bucket, region string) string {
	return fmt.Sprintf("GET %s.s3.%s.amazonaws.com/docs/a.txt?tagging=&versionId=v1", bucket, region)
}

// tagSet is an answer with these tags: key, value and so on.
func tagSet(pairs ...string) answer {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", pairs[i], pairs[i+1])
	}
	return answer{status: 200, body: "<Tagging><TagSet>" + b.String() + "</TagSet></Tagging>"}
}

func TestTagsAreReadOnBothSidesWhereOneHasSome(t *testing.T) {
	const equal, differ, unread, unasked = "equal", "differ", "unread", "unasked"
	tagged := answer{status: 200, header: map[string]string{"x-amz-tagging-count": "2"}}
	for name, tt := range map[string]struct {
		primary, replica         answer // to HeadObject
		primaryTags, replicaTags answer
		want                     string
	}{
		"in any order":                      {tagged, tagged, tagSet("a", "1", "b", "2"), tagSet("b", "2", "a", "1"), equal},
		"another value":                     {tagged, tagged, tagSet("a", "1", "b", "2"), tagSet("a", "1", "b", "3"), differ},
		"another key":                       {tagged, tagged, tagSet("a", "1", "b", "2"), tagSet("a", "1", "c", "2"), differ},
		"keys and values swapped":           {tagged, tagged, tagSet("a", "b"), tagSet("b", "a"), differ},
		"lost in the replica":               {tagged, object, tagSet("a", "1", "b", "2"), tagSet(), differ},
		"in the replica only":               {object, tagged, tagSet(), tagSet("a", "1", "b", "2"), differ},
		"the replica's may not be read":     {tagged, object, tagSet("a", "1"), failure(403, "AccessDenied", "no"), unread},
		"the replica is gone in between":    {tagged, tagged, tagSet("a", "1"), failure(404, "NoSuchVersion", "gone"), unread},
		"neither has any, or shows them":    {object, object, answer{}, answer{}, unasked},
		"the replica is missing":            {tagged, answer{status: 404}, answer{}, answer{}, unread},
		"the primary is missing":            {answer{status: 404}, tagged, answer{}, answer{}, unread},
		"S3 does not answer about the tags": {tagged, tagged, tagSet("a", "1"), answer{after: time.Hour}, unread},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := map[string]answer{headObject("docs", home): tt.primary, headObject("copy", away): tt.replica}
				if tt.primaryTags.status != 0 {
					answers[getTags("docs", home)], answers[getTags("copy", away)] = tt.primaryTags, tt.replicaTags
				}
				got := lookAt(t.Context(), newFake(t, replicated, answers))
				var tags []string
				for _, s := range append(got.Replicas, verdict.Replica{Side: got.Primary}) {
					if s.Metadata != nil {
						tags = append(tags, s.Metadata.Tags)
					}
				}
				switch tt.want {
				case equal:
					assert.Equal(t, tags[0], tags[1])
					assert.Len(t, tags[0], len(bare.User))
				case differ:
					assert.NotEqual(t, tags[0], tags[1])
					assert.NotContains(t, tags, verdict.TagsUnread)
					assert.NotContains(t, tags, "")
				case unread:
					assert.Equal(t, verdict.TagsUnread, tags[0])
				default:
					assert.Equal(t, []string{"", ""}, tags)
				}
			})
		})
	}
}

func TestTagsAreReadOnEverySideThatHoldsTheObject(t *testing.T) {
	tagged := answer{status: 200, header: map[string]string{"x-amz-tagging-count": "1"}}
	tags := func(value string) answer {
		a := tagSet("a", value)
		a.after = time.Second
		return a
	}
	for name, sides := range map[string][]answer{ // to HeadObject: the primary, and three replicas, of which the second is missing
		"where the primary shows some":           {tagged, object, {status: 404}, object},
		"where the first replica shows some":     {object, tagged, {status: 404}, object},
		"where the last replica shows some":      {object, object, {status: 404}, tagged},
		"where all sides that are there show it": {tagged, tagged, {status: 404}, tagged},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				got := lookAt(t.Context(), newFake(t, replicatedTo("copy", "second", "third"), map[string]answer{
					headObject("docs", home): sides[0], headObject("copy", away): sides[1], headObject("second", away): sides[2], headObject("third", away): sides[3],
					getTags("docs", home): tags("1"), getTags("copy", away): tags("1"), getTags("third", away): tags("3"),
				}))
				assert.Equal(t, time.Second, time.Since(start), "all sides are read at the same time")
				primary, first, last := got.Primary.Metadata.Tags, got.Replicas[0].Metadata.Tags, got.Replicas[2].Metadata.Tags
				assert.Len(t, primary, len(bare.User))
				assert.Equal(t, primary, first)
				assert.Len(t, last, len(bare.User))
				assert.NotEqual(t, primary, last)
				assert.Nil(t, got.Replicas[1].Metadata)
			})
		})
	}
}

func TestMetadataOfAReplicaAgainstLocalS3(t *testing.T) {
	labels := func(in *sdk.PutObjectInput) {
		in.ContentType, in.Metadata, in.Tagging = aws.String("text/plain"), map[string]string{"Owner": "ünï"}, aws.String("team=x&tier=1")
	}
	t.Run("is that of the primary", against(func(t *testing.T, r *regions) {
		version := r.put(t, "a.txt", "content", labels)
		time.Sleep(time.Second)
		got := r.look(t, "a.txt", version)
		assert.NotEqual(t, bare, got.Primary.Metadata)
		assert.NotEqual(t, verdict.TagsUnread, got.Primary.Metadata.Tags)
		assert.Equal(t, got.Primary.Metadata, got.Replicas[0].Metadata)
		assert.Equal(t, 1, r.Requests()[s3.Counted{Operation: "GetObjectTagging", Bucket: "copy"}])
	}))
	t.Run("differs where the content type does", against(func(t *testing.T, r *regions) {
		r.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: s3.Relabel} }
		version := r.put(t, "a.txt", "content", labels)
		time.Sleep(time.Second)
		got := r.look(t, "a.txt", version)
		assert.NotEqual(t, got.Primary.Metadata.Headers, got.Replicas[0].Metadata.Headers)
		assert.True(t, verdict.Compare(got.Primary, got.Replicas[0]).Verified())
	}))
	t.Run("costs no request without tags", against(func(t *testing.T, r *regions) {
		version := r.put(t, "a.txt", "content")
		time.Sleep(time.Second)
		r.look(t, "a.txt", version)
		for request := range r.Requests() {
			assert.NotEqual(t, "GetObjectTagging", request.Operation)
		}
	}))
}
