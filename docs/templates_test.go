package docs_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

// strung are all texts in a resource's properties, each with the key that it stands under.
func strung(key string, value any, each func(key, text string)) {
	switch v := value.(type) {
	case string:
		each(key, v)
	case []any:
		for _, one := range v {
			strung(key, one, each)
		}
	case map[string]any:
		for name, one := range v {
			strung(name, one, each)
		}
	}
}

func TestNothingInTheTemplatesIsOfOnePartitionOnly(t *testing.T) {
	vias := 0
	for file, s := range stacks {
		given := s.with(map[string]string{"StorageEncryption": "SSE-KMS"})
		if file == "template.yaml" {
			given["ReplicaRegion"], given["ReplicaKmsKeyArn"] = "cn-northwest-1", "arn:aws-cn:kms:cn-northwest-1:123456789012:key/own"
		}
		for _, r := range in(t, file, "aws-cn", "cn-north-1", given).Resources {
			strung(r.LogicalID, r.Properties, func(key, text string) {
				assert.NotContains(t, text, "arn:aws:", "%s of %s", key, r.LogicalID)
				if key == "kms:ViaService" {
					vias++
					of, _, _ := strings.Cut(text, ".amazonaws")
					matched, err := path.Match(text, of+".amazonaws.com.cn")
					require.NoError(t, err)
					assert.True(t, matched, "%s is not China's", text)
				}
			})
		}
	}
	assert.GreaterOrEqual(t, vias, 9)
}

// Else a replica would be missing that the primary still has, or a listing of one
// side would fill with markers of what is long gone.
func TestBothSidesForgetAlike(t *testing.T) {
	rules := func(file, bucket string) any {
		given := stacks[file].with(map[string]string{"IntelligentTieringDays": "30"})
		return propertiesOf(t, resolved(t, file, given), bucket)["LifecycleConfiguration"].(map[string]any)["Rules"]
	}
	primary := rules("template.yaml", "PrimaryBucketcategory")
	assert.Equal(t, primary, rules("replica.yaml", "ReplicaBucketcategory"))
	versions := primary.([]any)[0].(map[string]any)
	assert.Contains(t, versions, "NoncurrentVersionExpiration")
	assert.Equal(t, true, versions["ExpiredObjectDeleteMarker"], "a delete marker goes with the last version behind it")
}

// docs/decisions/0037
func TestDataIsKeptAndABucketIsNotWhoseStackFailed(t *testing.T) {
	kept := map[string][]string{}
	for file, s := range stacks {
		for _, r := range resolved(t, file, s.with(s.optional)).Resources {
			if r.Type != "AWS::S3::Bucket" && r.LogicalID != "StorageKey" {
				assert.Empty(t, r.DeletionPolicy+r.UpdateReplacePolicy, "%s: nothing is lost with it", r.LogicalID)
				continue
			}
			kept[file] = append(kept[file], r.LogicalID)
			want := "RetainExceptOnCreate" // its name would be taken when the deployment is repeated
			if r.LogicalID == "StorageKey" {
				want = "Retain" // it has no name, and something may be encrypted with it
			}
			assert.Equal(t, want, r.DeletionPolicy, r.LogicalID)
			assert.Equal(t, "Retain", r.UpdateReplacePolicy, r.LogicalID)
		}
		slices.Sort(kept[file])
	}
	assert.Equal(t, map[string][]string{
		"template.yaml": {"EvidenceBucket", "HeartbeatBucket", "PrimaryBucketcategory", "StorageKey", "WorkBucket"},
		"replica.yaml":  {"HeartbeatReplica", "ReplicaBucketcategory", "StorageKey"},
	}, kept)
}

// in is a template with these parameters, in a region of a partition.
func in(t *testing.T, file, partition, region string, parameters map[string]string) *template.Stack {
	t.Helper()
	tmpl, err := template.Load([]byte(read(t, "../"+file)), file)
	require.NoError(t, err)
	s, err := tmpl.Resolve(template.Options{
		StackName: "autobackup", Partition: partition, Region: region, Account: thisAccount, Parameters: parameters,
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			return r.LogicalID, map[string]string{"Arn": r.LogicalID, "QueueName": r.LogicalID}, nil
		},
	})
	require.NoError(t, err)
	return s
}
