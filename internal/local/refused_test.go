package local_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParametersOutOfRangeAreRefusedWithWhatIsTaken(t *testing.T) {
	tests := map[string]struct {
		environment string
		parameters  map[string]string
		want        string
	}{
		"more days than S3 takes": {
			"replica", map[string]string{"ObjectLockMode": "GOVERNANCE", "ObjectLockDays": "36501"},
			`"36501" is more than 36500`},
		"days below zero": {
			"replica", map[string]string{"ObjectLockMode": "GOVERNANCE", "ObjectLockDays": "-1"},
			`"-1" is less than 0`},
		"a batch that does not fit an execution": {
			"default", map[string]string{"BatchSize": "46"},
			`"46" is more than 45`},
		"days that are no number": {
			"default", map[string]string{"NoncurrentExpirationDays": "a year"},
			`"a year" is not a number`},
		"a category twice": {
			"default", map[string]string{"Categories": "media,media"},
			"this key comes out twice: let it hold the loop's identifier, and the collection no item twice"},
		"no category": {
			"replica", map[string]string{"Categories": ""},
			`"" does not match [a-z][a-z0-9]{0,15}: each category is 1 to 16 lower-case letters and digits, a letter first.`},
		"a category that no bucket can be named after": {
			"default", map[string]string{"Categories": "media,Data_Bases"},
			`"Data_Bases" does not match [a-z][a-z0-9]{0,15}: each category is 1 to 16 lower-case letters and digits, a letter first.`},
		"a stage too long for a bucket's name": {
			"default", map[string]string{"Stage": "production1"},
			`"production1" does not match [a-z][a-z0-9]{0,9}: 1 to 10 lower-case letters and digits, a letter first, such as dev or prod.`},
		"no e-mail address": {
			"default", map[string]string{"AlertEmail": "oncall"},
			"an e-mail address, such as oncall@example.com."},
		"an account that is none": {
			"default", map[string]string{"ReplicaAccount": "1234"},
			`"1234" does not match |[0-9]{12}: an account's 12 digits, or empty.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := stack(t, tt.environment, tt.parameters)
			require.Error(t, err)
			assert.True(t, strings.HasSuffix(err.Error(), tt.want), err.Error())
		})
	}
}

// Object Lock and replication need versions. No parameter turns them off, so
// there is no combination to refuse.
func TestBucketsOfACategoryKeepVersionsWhateverTheParametersSay(t *testing.T) {
	every := map[string]map[string]string{
		"default": {"StorageEncryption": "SSE-KMS", "ReplicaKmsKeyArn": ownKey, "ReplicaAccount": otherAccount, "IntelligentTieringDays": "30"},
		"replica": {"StorageEncryption": "SSE-KMS", "PrimaryAccount": otherAccount, "ObjectLockMode": "COMPLIANCE", "ObjectLockDays": "30"},
	}
	for environment, bucket := range map[string]string{"default": "PrimaryBucketmedia", "replica": "ReplicaBucketmedia"} {
		for _, parameters := range []map[string]string{nil, every[environment]} {
			s, err := stack(t, environment, parameters)
			require.NoError(t, err)
			assert.Equal(t, "Enabled", property(t, s, bucket, "VersioningConfiguration", "Status"), bucket)
		}
	}
}
