package local_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What AWS takes at most, in characters without white space, and in managed policies of a role.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	patternLimit, managedLimit, inlineLimit, keyLimit, queueLimit, parameterLimit = 2048, 6144, 10240, 32768, 8192, 4096

	attachedLimit = 10
	aList         = 25 // names, as docs/deploy.md says
	someKeys      = 20 // in a list of keys, of the longest

	leftOut, leftOutLetters = 10, 10 // beginnings of keys
)

// longest are n different names or parts of ARNs of so many letters.
func longest(n, letters int, of string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(of, fmt.Sprintf("%0*d", letters, i))
	}
	return strings.Join(all, ",")
}

// full are parameters with every list of a template as long as it may be.
func full(environment, region, partition string) map[string]string {
	all := map[string]string{}
	for _, list := range []string{"", "2", "3", "4"} {
		all["ReplicaBuckets"+list] = longest(aList, 63, "%s")
	}
	keys := longest(someKeys, 32, "arn:"+partition+":kms:"+region+":123456789012:key/mrk-%s")
	all["ReplicaKeyArns"] = keys
	if environment == "replica" {
		return all
	}
	for _, list := range []string{"", "2", "3", "4"} {
		all["Buckets"+list] = longest(aList, 63, "%s")
	}
	all["BucketKeyArns"], all["ReplicaRegion"] = keys, thirdRegion
	all["AlertEvents"], all["OwnerTag"], all["DoctorSchedule"] = "Enabled", "team", "rate(1 day)"
	all["AuditLevel"], all["AuditSchedule"], all["ScrubDays"], all["EvidenceDays"] = "rest", "rate(1 day)", "90", "400"
	all["LeftOutPrefixes"] = longest(leftOut, leftOutLetters, "%s")
	all["ReplicaHashBytesArns"] = longest(3, 3, "arn:"+partition+":lambda:"+region+":123456789012:function:autobackup-hash-bytes-abcdefg%s")
	return all
}

func size(t *testing.T, value any) int {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return len(text)
}

func TestFullListsFitInEveryPatternPolicyAndParameter(t *testing.T) {
	for partition, region := range map[string]string{"aws": "ap-southeast-3", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"} {
		for _, environment := range []string{"default", "replica"} {
			t.Run(partition+" "+environment, func(t *testing.T) {
				s, err := stackIn(t, environment, partition, region, full(environment, region, partition))
				require.NoError(t, err)
				attached, inline := map[string]int{}, map[string]int{}
				for _, r := range s.Resources {
					switch r.Type {
					case "AWS::Events::Rule":
						assert.Less(t, size(t, r.Properties["EventPattern"]), patternLimit, r.LogicalID)
					case "AWS::IAM::ManagedPolicy":
						assert.Less(t, size(t, r.Properties["PolicyDocument"]), managedLimit, r.LogicalID)
						attached[r.Properties["Roles"].([]any)[0].(string)]++
						names := aList * 2
						if strings.HasPrefix(r.LogicalID, "FailureNotifier") || strings.HasPrefix(r.LogicalID, "Doctor") || strings.HasPrefix(r.LogicalID, "Audit") { // which read no objects
							names = aList
						}
						assert.Equal(t, names, strings.Count(mustJSON(t, r.Properties), ":"+strings.Repeat("0", 61)), "%s: every name as a bucket and as objects", r.LogicalID)
					case "AWS::IAM::Role":
						inline[r.LogicalID] = size(t, r.Properties["Policies"])
						assert.Less(t, inline[r.LogicalID], inlineLimit, r.LogicalID)
					case "AWS::KMS::Key":
						assert.Less(t, size(t, r.Properties["KeyPolicy"]), keyLimit, r.LogicalID)
					case "AWS::SQS::QueuePolicy":
						assert.Less(t, size(t, r.Properties["PolicyDocument"]), queueLimit, r.LogicalID)
					}
				}
				for role, n := range attached {
					assert.LessOrEqual(t, n, attachedLimit, role)
				}
				assert.NotEmpty(t, attached)
				for name, value := range s.Parameters {
					assert.LessOrEqual(t, len(value), parameterLimit, name)
				}
			})
		}
	}
}

// Chosen beginnings of keys stand in the place of those that are left out.
func TestChosenBeginningsFitIntoThePatternBesideAFullList(t *testing.T) {
	const letters = 15 // as docs/deploy.md says
	parameters := full("default", firstRegion, "aws")
	parameters["LeftOutPrefixes"] = ""
	for _, more := range []string{"", "2", "3", "4"} {
		parameters["OnlyPrefix"+more] = strings.Repeat("x", letters-1) + more + "/"[:1-len(more)]
	}
	s, err := stackIn(t, "default", "aws", firstRegion, parameters)
	require.NoError(t, err)
	rules := 0
	for _, r := range s.Resources {
		if pattern := r.Properties["EventPattern"]; r.Type == "AWS::Events::Rule" && pattern != nil {
			rules++
			assert.Less(t, size(t, pattern), patternLimit, r.LogicalID)
			assert.Equal(t, 4, strings.Count(mustJSON(t, r.Properties), strings.Repeat("x", letters-1)))
		}
	}
	assert.Equal(t, 5, rules)
}

// Every name ends up where it is granted, in ARNs of its partition.
func TestNamesBecomeARNsOfTheirPartition(t *testing.T) {
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov"} {
		s, err := stackIn(t, "default", partition, firstRegion, map[string]string{"Buckets": "acme-a,acme.b", "ReplicaBuckets4": "acme-c", "ReplicaRegion": thirdRegion})
		require.NoError(t, err)
		arn := func(name string) string { return "arn:" + partition + ":s3:::" + name }
		resource := func(policy, statement string) any {
			return property(t, s, policy, "PolicyDocument", "Statement", statement, "Resource")
		}
		for _, function := range []string{"FetchETags", "HashBytes"} {
			assert.Equal(t, []any{arn("acme-a"), arn("acme.b")}, resource(function+"BucketsPolicy", "0"))
			assert.Equal(t, []any{arn("acme-a/*"), arn("acme.b/*")}, resource(function+"BucketsPolicy", "1"))
			assert.Equal(t, []any{arn("acme-c")}, resource(function+"ReplicaBuckets4Policy", "0"))
			assert.Equal(t, []any{arn("acme-c/*")}, resource(function+"ReplicaBuckets4Policy", "1"))
		}
		assert.Equal(t, []any{"acme-a", "acme.b"}, property(t, s, "UploadRuleBuckets", "EventPattern", "detail", "bucket", "name"))
		for _, source := range property(t, s, "SQSKey", "KeyPolicy", "Statement", "4", "Condition", "ArnLike", "aws:SourceArn").([]any) {
			assert.Regexp(t, `^arn:[a-z*-]+:s3:::.+$`, source)
		}
	}
}

// An empty list leaves nothing in a stack, whichever it is.
func TestSettingAListThatIsEmptyMakesNothing(t *testing.T) {
	made := func(environment string, parameters map[string]string, of string) (found []string) {
		s, err := stack(t, environment, parameters)
		require.NoError(t, err)
		for _, r := range s.Resources {
			if regexp.MustCompile(of).MatchString(r.LogicalID) {
				found = append(found, r.LogicalID)
			}
		}
		slices.Sort(found)
		return found
	}
	const ofLists, ofCategories = `Buckets\d?(Policy|Alarm)?$`, `^Replica(BucketPolicy|Bucket$|tionRole)|^Primary`
	assert.Empty(t, made("default", nil, ofLists))
	assert.Empty(t, made("replica", nil, ofLists))
	assert.Equal(t, []string{
		"AuditBuckets3Policy", "AuditReplicaBucketsPolicy", "DoctorBuckets3Policy", "DoctorReplicaBucketsPolicy", "EventDeliveryFailedBuckets3Alarm", "FailureNotifierBuckets3Policy", "FetchETagsBuckets3Policy", "FetchETagsReplicaBucketsPolicy", "HashBytesBuckets3Policy", "HashBytesReplicaBucketsPolicy", "UploadRuleBuckets3",
	}, made("default", map[string]string{"Buckets3": "acme-a", "ReplicaBuckets": "acme-b"}, ofLists))
	assert.Equal(t, []string{"HashBytesReplicaBuckets2Policy"}, made("replica", map[string]string{"ReplicaBuckets2": "acme-b"}, ofLists))
	assert.Empty(t, made("default", map[string]string{"Categories": "", "Buckets": "acme-a"}, ofCategories))
	assert.Empty(t, made("replica", map[string]string{"Categories": "", "ReplicaBuckets": "acme-b"}, ofCategories))
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
