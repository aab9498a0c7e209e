package local_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"autobackup/local"
	"autobackup/local/template"
)

// otherAccount is not the account that stacks are resolved in.
const otherAccount = "210987654321"

const ownKey = "arn:aws:kms:eu-west-1:210987654321:key/own"

// stack is one of the templates with these parameters, in the region that the
// environment gives it, without creating anything.
func stack(t *testing.T, environment string, parameters map[string]string) (*template.Stack, error) {
	t.Helper()
	env, err := local.Environment(project, environment)
	require.NoError(t, err)
	all := maps.Clone(env.ParameterOverrides)
	maps.Copy(all, parameters)
	return stackIn(t, environment, "aws", env.Region, all)
}

// stackIn is stack, in a region of a partition, with these parameters alone.
func stackIn(t *testing.T, environment, partition, region string, parameters map[string]string) (*template.Stack, error) {
	t.Helper()
	env, err := local.Environment(project, environment)
	require.NoError(t, err)
	source, err := os.ReadFile(filepath.Join(project, env.TemplateFile))
	require.NoError(t, err)
	tmpl, err := template.Load(source, env.TemplateFile)
	require.NoError(t, err)
	all := map[string]string{}
	if environment == "default" {
		all["AlertEmail"] = "a@example.com" // samconfig.toml leaves it to people
	}
	maps.Copy(all, parameters)
	return tmpl.Resolve(template.Options{
		StackName: env.StackName, Region: region, Account: account, Partition: partition, Parameters: all,
		Attributes: func(r template.Resource) (string, map[string]string, error) {
			return r.LogicalID, map[string]string{"Arn": "arn:" + r.LogicalID, "QueueName": r.LogicalID}, nil
		},
	})
}

// property is a property of a resource, by its path; nil where there is none.
func property(t *testing.T, s *template.Stack, resource string, path ...string) any {
	t.Helper()
	at := slices.IndexFunc(s.Resources, func(r template.Resource) bool { return r.LogicalID == resource })
	require.GreaterOrEqual(t, at, 0, "no resource %s", resource)
	var value any = s.Resources[at].Properties
	for _, name := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			require.NoError(t, err)
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func ofType(s *template.Stack, kind string) (found []template.Resource) {
	for _, r := range s.Resources {
		if r.Type == kind {
			found = append(found, r)
		}
	}
	return found
}

func TestParametersThatCannotWorkTogetherAreRefusedWithWhatToDo(t *testing.T) {
	tests := map[string]struct {
		environment string
		parameters  map[string]string
		want        string
	}{
		"the same region twice": {
			"default", map[string]string{"ReplicaRegion": firstRegion},
			"ReplicaRegion is the region of this stack. Deploy replica.yaml in another region, and name that one."},
		"no region": {
			"default", map[string]string{"ReplicaRegion": "Ireland"},
			`"Ireland" does not match |[a-z]{2}(-[a-z]+)+-[0-9]: a region, such as eu-west-1, or empty.`},
		"nobody to tell": {
			"default", map[string]string{"AlertEmail": ""},
			"Nobody would be told. Give an address in AlertEmail, or the ARN of an existing topic in AlertTopicArn."},
		"an address and a topic": {
			"default", map[string]string{"AlertTopicArn": "arn:aws:sns:eu-west-1:210987654321:oncall"},
			"AlertEmail is for a topic that the stack makes. Subscribe the address to the topic in AlertTopicArn, and leave AlertEmail out."},
		"a key without its topic": {
			"default", map[string]string{"AlertTopicKeyArn": ownKey},
			"AlertTopicKeyArn is the key of AlertTopicArn. Give both, or leave the key out."},
		"a topic that keeps an order": {
			"default", map[string]string{"AlertTopicArn": "arn:aws:sns:eu-west-1:210987654321:oncall.fifo"},
			"a standard topic's ARN, or empty."},
		"replicas in an archive whose bytes are to be read": {
			"default", map[string]string{"ReplicaStorageClass": "GLACIER", "ByteVerification": "sample-1"},
			"Bytes of replicas in GLACIER and DEEP_ARCHIVE can't be read. Set ByteVerification=never, so that what stored checksums don't decide is told as INCONCLUSIVE, or another ReplicaStorageClass, such as GLACIER_IR."},
		"replicas in an archive, and the bytes of what stored checksums leave open": {
			"default", map[string]string{"ReplicaStorageClass": "DEEP_ARCHIVE"},
			"Bytes of replicas in GLACIER and DEEP_ARCHIVE can't be read. Set ByteVerification=never, so that what stored checksums don't decide is told as INCONCLUSIVE, or another ReplicaStorageClass, such as GLACIER_IR."},
		"categories without a region for their replicas": {
			"default", map[string]string{"ReplicaRegion": ""},
			"Categories need ReplicaRegion. Deploy replica.yaml in another region, and name that one."},
		"nothing to validate": {
			"default", map[string]string{"Categories": ""},
			"There is nothing to validate. Name existing buckets in Buckets, or categories to make buckets for."},
		"nothing to read": {
			"replica", map[string]string{"Categories": ""},
			"There is nothing to read. Name existing replicas in ReplicaBuckets, or categories to make buckets for."},
		"a bucket's name with a capital": {
			"default", map[string]string{"Buckets2": "acme-a,Acme"},
			`"Acme" does not match |[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]: names of buckets with commas between them and no spaces, or empty.`},
		"a comma too many between names": {
			"default", map[string]string{"ReplicaBuckets": "acme-a,,acme-b"},
			"ReplicaBuckets has an empty name in it. Write the names with one comma between them."},
		"a comma too many between replicas": {
			"replica", map[string]string{"ReplicaBuckets3": "acme-a,"},
			"ReplicaBuckets3 has an empty name in it. Write the names with one comma between them."},
		"a comma too many between measured buckets": {
			"default", map[string]string{"BucketMetrics": "acme-a,,acme-b"},
			"BucketMetrics has an empty name in it. Write the names with one comma between them."},
		"a category without a name": {
			"default", map[string]string{"Categories": "documents,,media"},
			"Categories has an empty name in it. Write the names with one comma between them."},
		"an alias of a bucket's key": {
			"default", map[string]string{"BucketKeyArns": "arn:aws:kms:eu-west-1:210987654321:alias/own"},
			`ARNs of keys (not of aliases) with commas between them and no spaces, each may end in key/*, or empty.`},
		"a function by its name": {
			"default", map[string]string{"ReplicaHashBytesArns": "autobackup-hash-bytes-dev"},
			`ARNs of functions with commas between them and no spaces, or empty.`},
		"the replicas' account is the primary's": {
			"default", map[string]string{"ReplicaAccount": account},
			"ReplicaAccount is the account of this stack. Leave it empty where both stacks are in one account."},
		"the primary's account is the replicas'": {
			"replica", map[string]string{"PrimaryAccount": account},
			"PrimaryAccount is the account of this stack. Leave it empty where both stacks are in one account."},
		"KMS without the replicas' key": {
			"default", map[string]string{"StorageEncryption": "SSE-KMS"},
			"SSE-KMS needs ReplicaKmsKeyArn. Deploy the replica stack with StorageEncryption=SSE-KMS, and take its output StorageKeyArn."},
		"the replicas' key without KMS": {
			"default", map[string]string{"ReplicaKmsKeyArn": ownKey},
			"ReplicaKmsKeyArn is for SSE-KMS. Set StorageEncryption=SSE-KMS in both stacks, or leave the key out."},
		"a key's alias, which would be looked for in the wrong account": {
			"default", map[string]string{"StorageEncryption": "SSE-KMS", "ReplicaKmsKeyArn": "arn:aws:kms:eu-west-1:210987654321:alias/own"},
			`a key's ARN (not an alias), or empty.`},
		"compliance mode without days": {
			"replica", map[string]string{"ObjectLockMode": "COMPLIANCE"},
			"ObjectLockMode needs ObjectLockDays. Say for how many days a replica is locked, or set ObjectLockMode=NONE."},
		"governance mode without days": {
			"replica", map[string]string{"ObjectLockMode": "GOVERNANCE"},
			"ObjectLockMode needs ObjectLockDays. Say for how many days a replica is locked, or set ObjectLockMode=NONE."},
		"days without a mode": {
			"replica", map[string]string{"ObjectLockDays": "30"},
			"ObjectLockDays needs ObjectLockMode. Set it to GOVERNANCE or COMPLIANCE, or leave the days out."},
		"an unknown mode": {
			"replica", map[string]string{"ObjectLockMode": "compliance", "ObjectLockDays": "30"},
			`"compliance" is none of COMPLIANCE, GOVERNANCE, NONE`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := stack(t, tt.environment, tt.parameters)
			require.Error(t, err)
			assert.True(t, strings.HasSuffix(err.Error(), tt.want), err.Error())
		})
	}
}

func TestParametersOfBothStacksAreDeclaredAlike(t *testing.T) {
	declared := map[string]map[string]map[string]any{}
	for _, file := range []string{"template.yaml", "replica.yaml"} {
		source, err := os.ReadFile(filepath.Join(project, file))
		require.NoError(t, err)
		var text struct {
			Parameters map[string]map[string]any `yaml:"Parameters"`
		}
		require.NoError(t, yaml.Unmarshal(source, &text))
		declared[file] = text.Parameters
	}
	var both []string
	for name, replica := range declared["replica.yaml"] {
		if primary, ok := declared["template.yaml"][name]; ok {
			both = append(both, name)
			assert.Equal(t, primary, replica, name)
		}
	}
	assert.Subset(t, both, []string{"Stage", "Categories", "StorageEncryption", "NoncurrentExpirationDays"})
}

func TestEachEnvironmentNamesTheRegionOfItsReplicaStack(t *testing.T) {
	for primary, replica := range map[string]string{"default": "replica", "prod": "replica-prod"} {
		p, err := local.Environment(project, primary)
		require.NoError(t, err)
		r, err := local.Environment(project, replica)
		require.NoError(t, err)
		assert.Equal(t, r.Region, p.ParameterOverrides["ReplicaRegion"], primary)
		assert.Equal(t, r.ParameterOverrides["Stage"], p.ParameterOverrides["Stage"], primary)
	}
}

func TestOldVersionsStayAtLeastAsLongAsGlacierInstantRetrievalBillsThem(t *testing.T) {
	const billed = 90 // days; https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
	accepts := func(name string, n int) bool {
		_, err := with(t, name, strconv.Itoa(n))
		return err == nil
	}
	shortest := billed + largest(t, "NoncurrentArchiveDays")
	assert.True(t, accepts("NoncurrentExpirationDays", shortest))
	assert.False(t, accepts("NoncurrentExpirationDays", shortest-1))
}

func TestUploadsAreEncryptedWithKMSOnBothSidesWhereTheParametersSaySo(t *testing.T) {
	const rule, encryption = "ReplicationConfiguration.Rules.0.", "BucketEncryption.ServerSideEncryptionConfiguration.0."
	at := func(s *template.Stack, bucket, path string) any {
		return property(t, s, bucket, strings.Split(path, ".")...)
	}
	plain, err := stack(t, "default", nil)
	require.NoError(t, err)
	assert.Equal(t, "AES256", at(plain, "PrimaryBucketmedia", encryption+"ServerSideEncryptionByDefault.SSEAlgorithm"))
	assert.Nil(t, at(plain, "PrimaryBucketmedia", rule+"SourceSelectionCriteria"))
	assert.Len(t, ofType(plain, "AWS::KMS::Key"), 2, "queues and topic")

	primary, err := stack(t, "default", map[string]string{"StorageEncryption": "SSE-KMS", "ReplicaKmsKeyArn": ownKey})
	require.NoError(t, err)
	replica, err := stack(t, "replica", map[string]string{"StorageEncryption": "SSE-KMS"})
	require.NoError(t, err)
	assert.Equal(t, "arn:StorageKey", replica.Outputs["StorageKeyArn"], "what ReplicaKmsKeyArn takes")
	for bucket, s := range map[string]*template.Stack{"PrimaryBucketmedia": primary, "ReplicaBucketmedia": replica} {
		assert.Equal(t, "aws:kms", at(s, bucket, encryption+"ServerSideEncryptionByDefault.SSEAlgorithm"), bucket)
		assert.Equal(t, "arn:StorageKey", at(s, bucket, encryption+"ServerSideEncryptionByDefault.KMSMasterKeyID"), bucket)
		assert.Equal(t, true, at(s, bucket, encryption+"BucketKeyEnabled"), bucket)
	}
	assert.Equal(t, "Enabled", at(primary, "PrimaryBucketmedia", rule+"SourceSelectionCriteria.SseKmsEncryptedObjects.Status"))
	assert.Equal(t, ownKey, at(primary, "PrimaryBucketmedia", rule+"Destination.EncryptionConfiguration.ReplicaKmsKeyID"))
}

func TestAReplicaAccountLetsInTheRolesThatThePrimaryStackMakes(t *testing.T) {
	primary, err := stack(t, "default", map[string]string{"ReplicaAccount": otherAccount})
	require.NoError(t, err)
	rule := func(path ...string) any {
		return property(t, primary, "PrimaryBucketmedia", append([]string{"ReplicationConfiguration", "Rules", "0", "Destination"}, path...)...)
	}
	assert.Equal(t, "arn:aws:s3:::autobackup-dev-replica-media-"+otherAccount, rule("Bucket"))
	assert.Equal(t, otherAccount, rule("Account"))
	assert.Equal(t, "Destination", rule("AccessControlTranslation", "Owner"))

	replica, err := stack(t, "replica", map[string]string{"PrimaryAccount": otherAccount})
	require.NoError(t, err)
	let := map[string]string{}
	for i, want := range []string{"ReplicationRolemedia", "FetchETagsRole", "FetchETagsRole"} {
		statement := []string{"PolicyDocument", "Statement", strconv.Itoa(i + 1)}
		principal := property(t, replica, "ReplicaBucketPolicymedia", append(statement, "Condition", "ArnEquals", "aws:PrincipalArn")...)
		let[want] = principal.(string)
	}
	for role, principal := range let {
		assert.Equal(t, "arn:aws:iam::"+otherAccount+":role/"+property(t, primary, role, "RoleName").(string), principal)
	}
}

func TestEverythingStoredIsEncryptedAndTakesTLSOnly(t *testing.T) {
	for _, environment := range []string{"default", "replica"} {
		s, err := stack(t, environment, nil)
		require.NoError(t, err)
		policies := map[string]int{}
		for _, kind := range []string{"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"} {
			for _, r := range ofType(s, kind) {
				subject := append(list(r.Properties["Queues"]), append(list(r.Properties["Topics"]), list(r.Properties["Bucket"])...)...)
				require.Len(t, subject, 1, r.LogicalID)
				policies[subject[0].(string)]++
				assert.Contains(t, property(t, s, r.LogicalID, "PolicyDocument", "Statement"), denied(r), r.LogicalID)
			}
		}
		for kind, key := range map[string]any{"AWS::S3::Bucket": nil, "AWS::SQS::Queue": "arn:SQSKey", "AWS::SNS::Topic": "arn:SNSKey"} {
			for _, r := range ofType(s, kind) {
				assert.Equal(t, key, r.Properties["KmsMasterKeyId"], r.LogicalID)
				assert.Equal(t, 1, policies[r.LogicalID], "%s has one policy: a second would replace the first", r.LogicalID)
			}
		}
		for _, r := range ofType(s, "AWS::KMS::Key") {
			assert.Equal(t, true, r.Properties["EnableKeyRotation"], r.LogicalID)
		}
	}
}

// denied is the statement that keeps everybody off without TLS.
func denied(policy template.Resource) map[string]any {
	for _, statement := range list(policy.Properties["PolicyDocument"].(map[string]any)["Statement"]) {
		s := statement.(map[string]any)
		if s["Sid"] == "TLSOnly" && s["Effect"] == "Deny" && s["Principal"] == "*" &&
			assert.ObjectsAreEqual(map[string]any{"Bool": map[string]any{"aws:SecureTransport": false}}, s["Condition"]) {
			return s
		}
	}
	return nil
}

// list is a value or the values of a list.
func list(value any) []any {
	if many, ok := value.([]any); ok || value == nil {
		return many
	}
	return []any{value}
}

func TestReplicasAreLockedByParameter(t *testing.T) {
	lock := func(parameters map[string]string) any {
		s, err := stack(t, "replica", parameters)
		require.NoError(t, err)
		assert.Equal(t, true, property(t, s, "ReplicaBucketmedia", "ObjectLockEnabled"))
		return property(t, s, "ReplicaBucketmedia", "ObjectLockConfiguration", "Rule", "DefaultRetention")
	}
	assert.Nil(t, lock(nil))
	assert.Equal(t, map[string]any{"Mode": "COMPLIANCE", "Days": "30"}, lock(map[string]string{"ObjectLockMode": "COMPLIANCE", "ObjectLockDays": "30"}))
}

func TestTheWorkflowLogsDataOnlyWhereAskedTo(t *testing.T) {
	for level, data := range map[string]bool{"OFF": false, "FATAL": false, "ERROR": false, "ALL": true} {
		s, err := stack(t, "default", map[string]string{"WorkflowLogLevel": level})
		require.NoError(t, err)
		assert.Equal(t, level, property(t, s, "ValidationStateMachine", "Logging", "Level"))
		assert.Equal(t, data, property(t, s, "ValidationStateMachine", "Logging", "IncludeExecutionData"), level)
	}
}
