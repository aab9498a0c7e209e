package conformance

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func noLifecycleConfiguration(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	failed(t, err, 404, "NoSuchLifecycleConfiguration")
}

// lifecycle puts lifecycle rules on a bucket, and answers those that it then has.
func (b *bed) lifecycle(t T, bucket *string, rules ...types.LifecycleRule) ([]types.LifecycleRule, error) {
	t.Helper()
	_, err := b.s3.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules},
	})
	if err != nil {
		return nil, err
	}
	out, err := b.s3.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	require.NoError(t, err)
	return out.Rules, nil
}

func lifecycleRulesKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	rules := []types.LifecycleRule{{
		ID: aws.String("everything"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
		Expiration:                  &types.LifecycleExpiration{Days: aws.Int32(7)},
		NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30), NewerNoncurrentVersions: aws.Int32(3)},
	}, {
		ID: aws.String("markers"), Status: types.ExpirationStatusDisabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("a/")},
		Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)},
	}, {
		ID: aws.String("tagged"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{
			Prefix: aws.String("b/"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		}},
		Expiration: &types.LifecycleExpiration{Date: aws.Time(time.Date(2035, 1, 2, 0, 0, 0, 0, time.UTC))},
	}}
	kept, err := b.lifecycle(t, bucket, rules...)
	require.NoError(t, err)
	assert.ElementsMatch(t, rules, kept)

	_, err = b.s3.DeleteBucketLifecycle(t.Context(), &s3.DeleteBucketLifecycleInput{Bucket: bucket})
	require.NoError(t, err)
	_, err = b.s3.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})
	failed(t, err, 404, "NoSuchLifecycleConfiguration")
}

func transitionsKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	rule := types.LifecycleRule{
		ID: aws.String("archive"), Status: types.ExpirationStatusEnabled,
		Filter:                       &types.LifecycleRuleFilter{ObjectSizeGreaterThan: aws.Int64(1 << 20)},
		Transitions:                  []types.Transition{{Days: aws.Int32(30), StorageClass: types.TransitionStorageClassStandardIa}, {Days: aws.Int32(90), StorageClass: types.TransitionStorageClassDeepArchive}},
		NoncurrentVersionTransitions: []types.NoncurrentVersionTransition{{NoncurrentDays: aws.Int32(1), StorageClass: types.TransitionStorageClassGlacierIr}},
	}
	uploads := types.LifecycleRule{
		ID: aws.String("uploads"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
		AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)},
	}
	kept, err := b.lifecycle(t, bucket, rule, uploads)
	require.NoError(t, err)
	assert.ElementsMatch(t, []types.LifecycleRule{rule, uploads}, kept)
}

func lifecycleRulesChecked(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	days := &types.LifecycleExpiration{Days: aws.Int32(7)}
	all := &types.LifecycleRuleFilter{Prefix: aws.String("")}
	for _, rule := range []types.LifecycleRule{
		{ID: aws.String("selects nothing"), Status: types.ExpirationStatusEnabled, Expiration: days},
		{ID: aws.String("does nothing"), Status: types.ExpirationStatusEnabled, Filter: all},
		{ID: aws.String("has no status"), Status: "Sometimes", Filter: all, Expiration: days},
	} {
		_, err := b.lifecycle(t, bucket, rule)
		require.Error(t, err, *rule.ID)
		assert.Equal(t, 400, statusOf(err), *rule.ID)
	}
	kept, err := b.lifecycle(t, bucket, types.LifecycleRule{Status: types.ExpirationStatusEnabled, Filter: all, Expiration: days})
	require.NoError(t, err)
	require.Len(t, kept, 1)
	assert.NotEmpty(t, aws.ToString(kept[0].ID), "a name is made up")
}

func expiryTold(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.lifecycle(t, bucket, types.LifecycleRule{
		ID: aws.String("some"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("a/")},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(7)},
	})
	require.NoError(t, err)
	for key, want := range map[string]string{"a/k": `rule-id="some"`, "b/k": ""} {
		_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("v")})
		require.NoError(t, err)
		out, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: &key})
		require.NoError(t, err)
		told := aws.ToString(out.Expiration)
		if want == "" {
			assert.Empty(t, told)
			continue
		}
		ends := aws.ToTime(out.LastModified).AddDate(0, 0, 7).UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		assert.Contains(t, told, `expiry-date="`+ends.Format(http.TimeFormat)+`"`)
		assert.Contains(t, told, want)
	}
}
