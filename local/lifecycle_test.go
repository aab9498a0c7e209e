package local_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/samconfig"
	"autobackup/local/testing/memnet"
)

const aging = `Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: aging
      LifecycleConfiguration:
        TransitionDefaultMinimumObjectSize: varies_by_storage_class
        Rules:
          - Id: everything
            Status: Enabled
            Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 30}, {StorageClass: GLACIER, TransitionDate: "2035-01-02T00:00:00Z"}]
            NoncurrentVersionTransitions: [{StorageClass: GLACIER_IR, TransitionInDays: 1, NewerNoncurrentVersions: 2}]
            NoncurrentVersionExpiration: {NoncurrentDays: 90, NewerNoncurrentVersions: 5}
            AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}
          - Id: some
            Status: Disabled
            Prefix: a/
            ExpirationInDays: 14
          - Id: tagged
            Status: Enabled
            Prefix: b/
            TagFilters: [{Key: k, Value: v}]
            ObjectSizeGreaterThan: "1024"
            ObjectSizeLessThan: "4096"
            ExpirationDate: "2036-01-02T00:00:00Z"
          - Id: markers
            Status: Enabled
            ExpiredObjectDeleteMarker: true
  Ageless:
    Type: AWS::S3::Bucket
    Properties: {BucketName: ageless}
`

func date(t *testing.T, text string) *time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return &at
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
func TestABucketAnswersTheLifecycleRulesOfItsTemplate(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "template.yaml"), []byte(aging), 0o600))
	synctest.Test(t, func(t *testing.T) {
		var stack *local.Stack
		var err error
		network, stop := memnet.Client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { stack.ServeHTTP(w, r) }))
		defer stop()
		stack, err = local.Start(t.Context(), local.Config{Clock: clock.Real(), Project: folder, Dir: folder, Account: account, URL: "http://127.0.0.1", HTTPClient: network})
		require.NoError(t, err)
		defer func() { require.NoError(t, stack.Close()) }()
		_, err = stack.Deploy(samconfig.Environment{TemplateFile: "template.yaml", StackName: "aging", Region: "eu-central-1"}, nil)
		require.NoError(t, err)
		client := s3.NewFromConfig(stack.AWSConfig("eu-central-1"), func(o *s3.Options) { o.UsePathStyle = true })
		out, err := client.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("aging")})
		require.NoError(t, err)
		assert.Equal(t, types.TransitionDefaultMinimumObjectSizeVariesByStorageClass, out.TransitionDefaultMinimumObjectSize)
		every := &types.LifecycleRuleFilter{Prefix: aws.String("")}
		assert.Equal(t, []types.LifecycleRule{{
			ID: aws.String("everything"), Status: types.ExpirationStatusEnabled, Filter: every,
			Transitions: []types.Transition{
				{StorageClass: types.TransitionStorageClassStandardIa, Days: aws.Int32(30)},
				{StorageClass: types.TransitionStorageClassGlacier, Date: date(t, "2035-01-02T00:00:00Z")},
			},
			NoncurrentVersionTransitions:   []types.NoncurrentVersionTransition{{StorageClass: types.TransitionStorageClassGlacierIr, NoncurrentDays: aws.Int32(1), NewerNoncurrentVersions: aws.Int32(2)}},
			NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90), NewerNoncurrentVersions: aws.Int32(5)},
			AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)},
		}, {
			ID: aws.String("some"), Status: types.ExpirationStatusDisabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("a/")},
			Expiration: &types.LifecycleExpiration{Days: aws.Int32(14)},
		}, {
			ID: aws.String("tagged"), Status: types.ExpirationStatusEnabled,
			Filter: &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{
				Prefix: aws.String("b/"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
				ObjectSizeGreaterThan: aws.Int64(1024), ObjectSizeLessThan: aws.Int64(4096),
			}},
			Expiration: &types.LifecycleExpiration{Date: date(t, "2036-01-02T00:00:00Z")},
		}, {
			ID: aws.String("markers"), Status: types.ExpirationStatusEnabled, Filter: every,
			Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)},
		}}, out.Rules)
		_, err = client.GetBucketLifecycleConfiguration(t.Context(), &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("ageless")})
		assert.ErrorContains(t, err, "NoSuchLifecycleConfiguration")
	})
}
