package local_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readers are the functions that read buckets.
var readers = []string{"FetchETagsFunction", "HashBytesFunction"}

func TestTheFunctionsThatReadBucketsRunInTheSubnetsThatAreNamedAndNoOthers(t *testing.T) {
	named := map[string]string{"SubnetIds": "subnet-0a1b2c3d,subnet-4e5f6a7b", "SecurityGroupIds": "sg-0a1b2c3d"}
	inside := map[string]any{"SubnetIds": []any{"subnet-0a1b2c3d", "subnet-4e5f6a7b"}, "SecurityGroupIds": []any{"sg-0a1b2c3d"}}
	for _, environment := range []string{"default", "replica"} {
		for given, parameters := range map[string]map[string]string{"none": nil, "both": named} {
			s, err := stack(t, environment, parameters)
			require.NoError(t, err)
			for _, r := range ofType(s, "AWS::Serverless::Function") {
				if given == "both" && slices.Contains(readers, r.LogicalID) {
					assert.Equal(t, inside, r.Properties["VpcConfig"], "%s %s", environment, r.LogicalID)
				} else {
					assert.NotContains(t, r.Properties, "VpcConfig", "%s %s, %s given", environment, r.LogicalID, given)
				}
			}
		}
	}
}

func TestTheStacksWorkWithSubnetsNamed(t *testing.T) {
	inWorld(t, func(w *world) {
		w.everything()
		assert.Empty(t, w.Gate.Refusals())
	}, slices.Concat(always, []change{
		naming("template.yaml", "SubnetIds", "subnet-0a1b2c3d"), naming("template.yaml", "SecurityGroupIds", "sg-0a1b2c3d"),
		naming("replica.yaml", "SubnetIds", "subnet-0a1b2c3d"), naming("replica.yaml", "SecurityGroupIds", "sg-0a1b2c3d"),
	})...)
}
