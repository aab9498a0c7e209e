package conformance

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var bucketTests = map[string]func(T, *bed){
	"a bucket tells its region":                          bucketTellsItsRegion,
	"a bucket of us-east-1 has no location":              noLocation,
	"buckets of all regions are listed together":         bucketsListedTogether,
	"a page of the list of buckets has regions":          bucketsListedInPages,
	"buckets are listed by name and region":              bucketsListedByName,
	"a bucket without Object Lock has no configuration":  noLockConfiguration,
	"a destination's class, metrics and time are kept":   destinationKept,
	"a bucket of another region redirects":               bucketOfAnotherRegionRedirects,
	"a missing bucket is told as missing":                missingBucket,
	"a bucket's region is found without a signature":     regionFound,
	"a bucket of a region is made by its name":           bucketWithoutPlace,
	"who is not known is denied":                         unknownDenied,
	"a bucket with objects can't be deleted":             fullBucketStays,
	"a bucket can't be made twice":                       bucketTwice,
	"a bucket of us-east-1 can be made again":            bucketAgain,
	"us-east-1 is no location constraint":                locationOfNone,
	"reserved bucket names are refused":                  reservedNames,
	"versioning is on once it is enabled":                versioningIsOn,
	"a bucket tells its default encryption":              defaultEncryption,
	"the EventBridge setting is kept":                    eventBridgeSetting,
	"notifications that overlap are refused":             overlappingNotifications,
	"notifications with one id are refused":              notificationsOfOneID,
	"a notification needs an event that S3 knows":        unknownNotification,
	"a bucket without a policy or tags has none":         noPolicyNoTags,
	"a bucket's owner pays":                              ownerPays,
	"a bucket without rules has no configuration":        noReplicationConfiguration,
	"replication rules are answered as they were put":    replicationRulesKept,
	"a bucket without lifecycle rules has none":          noLifecycleConfiguration,
	"lifecycle rules are answered as they were put":      lifecycleRulesKept,
	"lifecycle rules may move versions to other classes": transitionsKept,
	"a lifecycle rule selects and does something":        lifecycleRulesChecked,
	"an object tells when a rule ends it, and which":     expiryTold,
	"replication rules need a destination that is there": replicationNeedsDestination,
	"replication rules need a priority":                  replicationNeedsPriority,
}

func bucketTellsItsRegion(t T, b *bed) {
	for _, region := range []string{b.Primary, b.Replica} {
		bucket := b.bucket(t, region)
		out, err := b.Client(region).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
		require.NoError(t, err)
		assert.Equal(t, region, aws.ToString(out.BucketRegion))
	}
}

func noLocation(t T, b *bed) {
	for _, region := range []string{b.Primary, b.Replica} {
		location, err := b.Client(region).GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: b.bucket(t, region)})
		require.NoError(t, err)
		if region == "us-east-1" {
			assert.Empty(t, location.LocationConstraint)
		} else {
			assert.Equal(t, region, string(location.LocationConstraint))
		}
	}
}

func bucketsListedTogether(t T, b *bed) {
	bucket := b.bucket(t, b.Replica)
	all, err := b.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	require.NoError(t, err)
	var names []string
	for _, listed := range all.Buckets {
		names = append(names, *listed.Name)
	}
	assert.Contains(t, names, *bucket)
}

func bucketsListedInPages(t T, b *bed) {
	names := map[string]string{*b.bucket(t, b.Primary): b.Primary, *b.bucket(t, b.Replica): b.Replica}
	pages := s3.NewListBucketsPaginator(b.s3, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)})
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Buckets), 1)
		for _, listed := range page.Buckets {
			assert.False(t, seen[*listed.Name], "%s is listed twice", *listed.Name)
			seen[*listed.Name] = true
			if region, own := names[*listed.Name]; own {
				assert.Equal(t, region, aws.ToString(listed.BucketRegion))
				delete(names, *listed.Name)
			}
		}
	}
	assert.Empty(t, names, "not listed")
}

func bucketsListedByName(t T, b *bed) {
	bucket, another := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	for _, input := range []*s3.ListBucketsInput{
		{Prefix: bucket, MaxBuckets: aws.Int32(10)}, {Prefix: aws.String((*bucket)[:len(*bucket)-1]), BucketRegion: &b.Primary, MaxBuckets: aws.Int32(10)},
	} {
		page, err := b.s3.ListBuckets(t.Context(), input)
		require.NoError(t, err)
		require.Len(t, page.Buckets, 1)
		assert.Equal(t, bucket, page.Buckets[0].Name)
		assert.Equal(t, input.Prefix, page.Prefix)
	}
	page, err := b.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{Prefix: another, BucketRegion: &b.Primary, MaxBuckets: aws.Int32(10)})
	require.NoError(t, err)
	assert.Empty(t, page.Buckets)
}

func noLockConfiguration(t T, b *bed) {
	_, err := b.s3.GetObjectLockConfiguration(t.Context(), &s3.GetObjectLockConfigurationInput{Bucket: b.bucket(t, b.Primary)})
	failed(t, err, 404, "ObjectLockConfigurationNotFoundError")
}

func bucketOfAnotherRegionRedirects(t T, b *bed) {
	bucket := b.bucket(t, b.Replica)
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	header := failed(t, err, 301, "PermanentRedirect")
	assert.Equal(t, b.Replica, header.Get("X-Amz-Bucket-Region"))

	_, err = b.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
	header = failed(t, err, 301, "MovedPermanently")
	assert.Equal(t, b.Replica, header.Get("X-Amz-Bucket-Region"))
}

// regionFound is what SDKs do whose region is another, and rclone with them.
func regionFound(t T, b *bed) {
	unknown := s3.New(b.s3.Options(), func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })
	_, err := unknown.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: b.bucket(t, b.Replica)})
	header := failed(t, err, 403, "Forbidden")
	assert.Equal(t, b.Replica, header.Get("X-Amz-Bucket-Region"))
	_, err = unknown.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("autobackup-conformance-nobody-made-this")})
	failed(t, err, 404, "NotFound")
}

func bucketWithoutPlace(t T, b *bed) {
	if b.Replica == "us-east-1" {
		t.Skip("us-east-1 is what is meant where no region is named")
	}
	notMade(t, b.Client(b.Replica), "IllegalLocationConstraintException", &s3.CreateBucketInput{Bucket: aws.String("autobackup-conformance-somewhere")})
}

func missingBucket(t T, b *bed) {
	bucket := aws.String("autobackup-conformance-nobody-made-this")
	_, err := b.s3.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
	failed(t, err, 404, "NotFound")
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 404, "NoSuchBucket")
}

func unknownDenied(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	unknown := s3.New(b.s3.Options(), func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })
	_, err := unknown.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 403, "Forbidden")
	_, err = unknown.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 403, "AccessDenied")
	_, err = unknown.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("nothing")})
	failed(t, err, 403, "Forbidden") // and not 404, which would tell that it isn't there
}

func fullBucketStays(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	_, err := b.s3.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: bucket})
	failed(t, err, 409, "BucketNotEmpty")
}

func bucketTwice(t T, b *bed) {
	bucket := b.bucket(t, b.Replica) // us-east-1 alone allows it
	_, err := b.Client(b.Replica).CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.Replica)},
	})
	failed(t, err, 409, "BucketAlreadyOwnedByYou")
}

func bucketAgain(t T, b *bed) {
	if b.Primary != "us-east-1" {
		t.Skip("only us-east-1 takes a bucket twice")
	}
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	_, err := b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", ""), "it is the same bucket")
}

// notMade asks for a bucket that S3 refuses, and removes it where it is made.
func notMade(t T, client *s3.Client, code string, input *s3.CreateBucketInput) {
	t.Helper()
	_, err := client.CreateBucket(t.Context(), input)
	if err == nil {
		_, removed := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: input.Bucket})
		require.NoError(t, removed)
	}
	failed(t, err, 400, code)
}

func locationOfNone(t T, b *bed) {
	notMade(t, b.Client("us-east-1"), "InvalidLocationConstraint", &s3.CreateBucketInput{
		Bucket:                    aws.String("autobackup-conformance-nowhere"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-east-1"},
	})
}

func reservedNames(t T, b *bed) {
	for _, name := range []string{
		"192.168.5.4", "xn--autobackup", "sthree-autobackup", "amzn-s3-demo-autobackup",
		"autobackup-s3alias", "autobackup--ol-s3", "autobackup.mrap", "autobackup--table-s3", // --x-s3 makes the SDK speak to another service
	} {
		input := &s3.CreateBucketInput{Bucket: aws.String(name)}
		if b.Primary != "us-east-1" {
			input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.Primary)}
		}
		notMade(t, s3.New(b.s3.Options(), func(o *s3.Options) { o.UsePathStyle = true }), "InvalidBucketName", input)
	}
}

func versioningIsOn(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	out, err := b.s3.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Equal(t, types.BucketVersioningStatusEnabled, out.Status)
}

func noPolicyNoTags(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket})
	failed(t, err, 404, "NoSuchBucketPolicy")
	_, err = b.s3.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: bucket})
	failed(t, err, 404, "NoSuchTagSet")
}

func ownerPays(t T, b *bed) {
	out, err := b.s3.GetBucketRequestPayment(t.Context(), &s3.GetBucketRequestPaymentInput{Bucket: b.bucket(t, b.Primary)})
	require.NoError(t, err)
	assert.Equal(t, types.PayerBucketOwner, out.Payer)
}

func noReplicationConfiguration(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.GetBucketReplication(t.Context(), &s3.GetBucketReplicationInput{Bucket: bucket})
	failed(t, err, 404, "ReplicationConfigurationNotFoundError")
}

func replicationRulesKept(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rules := []types.ReplicationRule{{
		ID: aws.String("first"), Priority: aws.Int32(1), Status: types.ReplicationRuleStatusEnabled,
		Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("a/")},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
		Destination:             &types.Destination{Bucket: aws.String(bucketARN + *destination)},
	}, {
		ID: aws.String("second"), Priority: aws.Int32(2), Status: types.ReplicationRuleStatusDisabled,
		Filter: &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{
			Prefix: aws.String("b/"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
		}},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
		Destination:             &types.Destination{Bucket: aws.String(bucketARN + *destination)},
	}}
	require.NoError(t, b.replicate(t, source, rules...))
	out, err := b.s3.GetBucketReplication(t.Context(), &s3.GetBucketReplicationInput{Bucket: source})
	require.NoError(t, err)
	assert.Equal(t, b.Role, aws.ToString(out.ReplicationConfiguration.Role))
	assert.ElementsMatch(t, followed(rules), followed(out.ReplicationConfiguration.Rules))

	_, err = b.s3.DeleteBucketReplication(t.Context(), &s3.DeleteBucketReplicationInput{Bucket: source})
	require.NoError(t, err)
	_, err = b.s3.GetBucketReplication(t.Context(), &s3.GetBucketReplicationInput{Bucket: source})
	failed(t, err, 404, "ReplicationConfigurationNotFoundError")
}

// followed is of rules what verdicts follow, for comparison.
func followed(rules []types.ReplicationRule) (all []string) {
	for _, r := range rules {
		prefix, tags := aws.ToString(r.Filter.Prefix), 0
		if r.Filter.And != nil {
			prefix, tags = aws.ToString(r.Filter.And.Prefix), len(r.Filter.And.Tags)
		}
		all = append(all, fmt.Sprintf("%s priority %d %s prefix %q %d tags markers %s to %s", *r.ID, *r.Priority, r.Status,
			prefix, tags, r.DeleteMarkerReplication.Status, *r.Destination.Bucket))
	}
	return all
}

func destinationKept(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	minutes := &types.ReplicationTimeValue{Minutes: aws.Int32(15)}
	rule := everything(destination)
	rule.Destination.StorageClass = types.StorageClassStandardIa
	rule.Destination.Metrics = &types.Metrics{Status: types.MetricsStatusEnabled, EventThreshold: minutes}
	rule.Destination.ReplicationTime = &types.ReplicationTime{Status: types.ReplicationTimeStatusEnabled, Time: minutes}
	require.NoError(t, b.replicate(t, source, rule))
	out, err := b.s3.GetBucketReplication(t.Context(), &s3.GetBucketReplicationInput{Bucket: source})
	require.NoError(t, err)
	require.Len(t, out.ReplicationConfiguration.Rules, 1)
	assert.Equal(t, rule.Destination, out.ReplicationConfiguration.Rules[0].Destination)
}

func replicationNeedsDestination(t T, b *bed) {
	source := b.bucket(t, b.Primary)
	missing := aws.String("autobackup-conformance-nobody-made-this")
	failed(t, b.replicate(t, source, everything(missing)), 400, "InvalidRequest")
}

func replicationNeedsPriority(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rule := everything(destination)
	rule.Priority = nil
	failed(t, b.replicate(t, source, rule), 400, "InvalidRequest")
}

func defaultEncryption(t T, b *bed) {
	out, err := b.s3.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: b.bucket(t, b.Primary)})
	require.NoError(t, err)
	require.Len(t, out.ServerSideEncryptionConfiguration.Rules, 1)
	assert.Equal(t, types.ServerSideEncryptionAes256, out.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm)
}
