package discover

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
)

func TestARuleCoversEveryKeyWithoutPrefixAndTags(t *testing.T) {
	for name, tt := range map[string]struct {
		rule types.ReplicationRule
		want bool
	}{
		"no filter":                         {types.ReplicationRule{}, true},
		"an empty filter":                   {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{}}, true},
		"an empty prefix":                   {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")}}, true},
		"a prefix":                          {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{Prefix: aws.String("a/")}}, false},
		"a tag":                             {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{Tag: &types.Tag{}}}, false},
		"a prefix in And":                   {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Prefix: aws.String("a")}}}, false},
		"tags in And":                       {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Tags: make([]types.Tag, 1)}}}, false},
		"an old configuration's prefix":     {types.ReplicationRule{Prefix: aws.String("a/")}, false}, //nolint:staticcheck // S3 still answers it
		"an old configuration's every key":  {types.ReplicationRule{Prefix: aws.String("")}, true},    //nolint:staticcheck // the same
		"a filter of And without any of it": {types.ReplicationRule{Filter: &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{}}}, true},
	} {
		assert.Equal(t, tt.want, Every(tt.rule), name)
	}
}

func TestOnlyEnabledRulesCount(t *testing.T) {
	rule := func(status types.ReplicationRuleStatus, metrics types.MetricsStatus) types.ReplicationRule {
		return types.ReplicationRule{ID: aws.String("r"), Status: status, Destination: &types.Destination{
			Bucket: aws.String("arn:aws-cn:s3:::to"), Account: aws.String("444455556666"), Metrics: &types.Metrics{Status: metrics},
		}}
	}
	assert.Equal(t, []Rule{{ID: "r", To: "to", Account: "444455556666", Every: true, Metrics: true}},
		enabled([]types.ReplicationRule{rule("Disabled", "Enabled"), rule("Enabled", "Enabled")}))
	assert.False(t, enabled([]types.ReplicationRule{rule("Enabled", "Disabled")})[0].Metrics)
}

func TestAccountsAreOneALine(t *testing.T) {
	all, err := ReadAccounts(strings.NewReader("\ufeff# ours\n111122223333 # main\r\n\n  444455556666\n111122223333\n"))
	assert.NoError(t, err)
	assert.Equal(t, []string{"111122223333", "444455556666"}, all)
	_, err = ReadAccounts(strings.NewReader("111122223333\n1111-2222-\x1b[2J\n"))
	assert.EqualError(t, err, `line 2: "1111-2222-\x1b[2J" is no account: write one of 12 digits a line`)
	_, err = ReadAccounts(strings.NewReader("111122223333, 444455556666"))
	assert.ErrorContains(t, err, "line 1")
}
