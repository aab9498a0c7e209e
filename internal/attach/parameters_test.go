package attach_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/attach"
)

var here = attach.Stage{Name: "dev", Region: "eu-central-1", Account: "111122223333", Partition: "aws"}

const ourKey, farKey = "arn:aws:kms:eu-central-1:111122223333:key/ours", "arn:aws:kms:eu-west-1:444455556666:key/far"

// bucketTo is a bucket with a replica in each of these places.
func bucketTo(name, key string, replicas ...attach.Side) attach.Bucket {
	b := attach.Bucket{Side: attach.Side{Bucket: name, Region: here.Region, Account: here.Account, Key: key}, Replicas: replicas}
	for _, r := range replicas {
		b.Rules = append(b.Rules, attach.Rule{Enabled: true, To: r.Bucket})
	}
	return b
}

func replicaIn(account, region, name, key string) attach.Side {
	return attach.Side{Bucket: name, Account: account, Region: region, Key: key}
}

// words are the parameters that are not empty, as people type them, by the place of their stack.
func words(all []attach.Parameters) map[string]string {
	typed := map[string]string{}
	for _, p := range all {
		var line []string
		for _, v := range p.Values {
			if v.Value != "" {
				line = append(line, v.Name+"="+v.Value)
			}
		}
		typed[p.Stack+" "+p.Account+" "+p.Region] = strings.Join(line, " ")
	}
	return typed
}

func TestThePrimaryStackTakesEverythingAndEachReplicaStackWhatIsThere(t *testing.T) {
	withRule := bucketTo("acme-b", "", replicaIn("444455556666", "eu-west-3", "acme-b-dr", ""))
	withRule.Rules[0].KMS, withRule.Rules[0].Key = true, farKey
	all, err := attach.Lists(here, []attach.Bucket{
		bucketTo("acme.c", ourKey, replicaIn("111122223333", "eu-west-1", "acme-c-dr", ""), replicaIn("111122223333", "eu-central-1", "acme-c-near", ourKey)),
		withRule,
		bucketTo("acme-a", "arn:aws:kms:eu-central-1:111122223333:key/another", replicaIn("111122223333", "eu-west-1", "acme-c-dr", "")),
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"primary 111122223333 eu-central-1": "Buckets=acme-a,acme-b,acme.c ReplicaBuckets=acme-b-dr,acme-c-dr,acme-c-near " +
			"BucketKeyArns=arn:aws:kms:eu-central-1:111122223333:key/another," + ourKey + " ReplicaKeyArns=" + ourKey + "," + farKey + " " +
			"ReplicaHashBytesArns=arn:aws:lambda:eu-west-1:111122223333:function:autobackup-hash-bytes-dev,arn:aws:lambda:eu-west-3:444455556666:function:autobackup-hash-bytes-dev",
		"replica 111122223333 eu-west-1": "ReplicaBuckets=acme-c-dr",
		"replica 444455556666 eu-west-3": "ReplicaBuckets=acme-b-dr ReplicaKeyArns=" + farKey + " PrimaryAccount=111122223333",
	}, words(all))
	assert.Equal(t, "primary", all[0].Stack, "it is deployed last, and shown first")
}

func TestReplicasInTheStacksOwnRegionNeedNoReplicaStack(t *testing.T) {
	all, err := attach.Lists(here, []attach.Bucket{bucketTo("acme", "", replicaIn(here.Account, here.Region, "acme-near", ""))})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"primary 111122223333 eu-central-1": "Buckets=acme ReplicaBuckets=acme-near"}, words(all))
	assert.Empty(t, all[0].Notes)
}

func TestAReplicaOfAnotherAccountInTheStacksOwnRegionIsReadByThePrimarysFunction(t *testing.T) {
	all, err := attach.Lists(here, []attach.Bucket{bucketTo("acme", "", replicaIn("444455556666", here.Region, "acme-near", ""))})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"primary 111122223333 eu-central-1": "Buckets=acme ReplicaBuckets=acme-near"}, words(all))
	assert.Equal(t, []string{"the bytes of acme-near, in this region and another account, are read by the primary stack's own function: their owner has to let the role of that function do it"}, all[0].Notes)
}

func TestReplicasOfTwoAccountsInOneRegionAreNoOneStages(t *testing.T) {
	_, err := attach.Lists(here, []attach.Bucket{bucketTo("acme", "", replicaIn(here.Account, "eu-west-1", "acme-dr", ""), replicaIn("444455556666", "eu-west-1", "acme-vault", ""))})
	assert.EqualError(t, err, "replicas in eu-west-1 belong to the accounts 111122223333 and 444455556666, and a stage has one function that reads bytes in a region: name the buckets of one of them, and take the others into a second stage (docs/deploy.md#validate-buckets-that-you-have)")
}

// A list that is left out would keep what it was deployed with.
func TestEveryListOfNamesIsGivenAlsoWhereNothingIsInIt(t *testing.T) {
	all, err := attach.Lists(here, []attach.Bucket{bucketTo("Acme_Old", "", replicaIn(here.Account, "eu-west-1", "Acme_Old_DR", ""))})
	require.NoError(t, err)
	replicas := []attach.Value{{Name: "ReplicaBuckets"}, {Name: "ReplicaBuckets2"}, {Name: "ReplicaBuckets3"}, {Name: "ReplicaBuckets4"}}
	assert.Subset(t, all[0].Values, append([]attach.Value{{Name: "Buckets"}, {Name: "Buckets2"}, {Name: "Buckets3"}, {Name: "Buckets4"}}, replicas...))
	assert.Equal(t, replicas, all[1].Values)
}

func TestTheLimitsOfListsAreReckoned(t *testing.T) {
	many := func(n int) (all []attach.Bucket) {
		for i := range n {
			all = append(all, bucketTo(fmt.Sprintf("acme-%03d", i), "", replicaIn(here.Account, "eu-west-1", fmt.Sprintf("acme-dr-%03d", i), "")))
		}
		return all
	}
	for n, lists := range map[int]string{1: "Buckets", 25: "Buckets", 26: "Buckets Buckets2", 51: "Buckets Buckets2 Buckets3", 100: "Buckets Buckets2 Buckets3 Buckets4"} {
		all, err := attach.Lists(here, many(n))
		require.NoError(t, err)
		var names []string
		held := 0
		for _, v := range all[0].Values {
			if strings.HasPrefix(v.Name, "Buckets") && v.Value != "" {
				names = append(names, v.Name)
				in := len(strings.Split(v.Value, ","))
				assert.LessOrEqual(t, in, 25)
				held += in
			}
		}
		assert.Equal(t, lists, strings.Join(names, " "))
		assert.Equal(t, n, held)
	}
	_, err := attach.Lists(here, many(101))
	assert.EqualError(t, err, "the parameters Buckets to Buckets4 have room for 100 names, and these are 101: deploy a second stage for the rest (docs/deploy.md#validate-buckets-that-you-have)")
}

func TestMoreReplicasThanFitAreTold(t *testing.T) {
	var replicas []attach.Side
	for i := range 101 {
		replicas = append(replicas, replicaIn(here.Account, "eu-west-1", fmt.Sprintf("acme-dr-%03d", i), ""))
	}
	_, err := attach.Lists(here, []attach.Bucket{bucketTo("acme", "", replicas...)})
	assert.ErrorContains(t, err, "the parameters ReplicaBuckets to ReplicaBuckets4 have room for 100 names, and these are 101: ")
}

func TestMoreKeysThanFitBecomeEveryKeyOfTheirPlacesAndThatIsTold(t *testing.T) {
	buckets := func(n int) (all []attach.Bucket) {
		for i := range n {
			all = append(all, bucketTo(fmt.Sprintf("acme-%03d", i), fmt.Sprintf("arn:aws:kms:eu-central-1:111122223333:key/%d", i)))
		}
		return all
	}
	all, err := attach.Lists(here, buckets(20))
	require.NoError(t, err)
	assert.Empty(t, all[0].Notes)
	all, err = attach.Lists(here, buckets(21))
	require.NoError(t, err)
	assert.Contains(t, words(all)["primary 111122223333 eu-central-1"], " BucketKeyArns=arn:aws:kms:eu-central-1:111122223333:key/*")
	assert.Equal(t, []string{"BucketKeyArns has room for 20 keys, and these are 21: each * is every key there that its own policy lets the roles use"}, all[0].Notes)
}

func TestWhatTheParametersCannotSayIsTold(t *testing.T) {
	all, err := attach.Lists(here, []attach.Bucket{
		bucketTo("acme", "arn:aws:kms:eu-central-1:111122223333:alias/own", replicaIn("", "eu-west-1", "acme-dr", "")),
		bucketTo("a b", ""), bucketTo("Acme_Old", "alias/aws/s3", replicaIn(here.Account, "eu-west-1", "acme-old-dr", "")),
	})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"Buckets takes no such name as Acme_Old: it is left out, and nothing of it can be validated",
		`Buckets takes no such name as "a b": it is left out, and nothing of it can be validated`,
		"whose acme-dr is, is not known: name it in ReplicaBuckets of a replica stack in its account",
		"BucketKeyArns takes ARNs of keys, and a bucket names arn:aws:kms:eu-central-1:111122223333:alias/own: add the Arn that aws kms describe-key --key-id arn:aws:kms:eu-central-1:111122223333:alias/own shows in the bucket's region and account",
		"where the categories' replica stack is none of these, add its output HashBytesArn to ReplicaHashBytesArns",
	}, all[0].Notes)
	assert.Equal(t, map[string]string{
		"primary 111122223333 eu-central-1": "Buckets=acme ReplicaBuckets=acme-dr,acme-old-dr ReplicaHashBytesArns=arn:aws:lambda:eu-west-1:111122223333:function:autobackup-hash-bytes-dev",
		"replica 111122223333 eu-west-1":    "ReplicaBuckets=acme-old-dr",
	}, words(all))
}

func TestReplicaStacksAreInTheOrderOfTheirAccountsAndRegions(t *testing.T) {
	all, err := attach.Lists(here, []attach.Bucket{bucketTo("acme", "",
		replicaIn("444455556666", "eu-west-1", "b", ""), replicaIn("222255556666", "us-east-1", "c", ""), replicaIn("444455556666", "ap-east-1", "d", ""), replicaIn("444455556666", "", "e", ""))})
	require.NoError(t, err)
	var places []string
	for _, p := range all {
		places = append(places, p.Account+" "+p.Region)
	}
	assert.Equal(t, []string{"111122223333 eu-central-1", "222255556666 us-east-1", "444455556666 ap-east-1", "444455556666 eu-west-1"}, places, "none where the region is not known")
}
