package local_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"autobackup/cmd/autobackup/policy"
)

// always has the bytes of everything read, in ranges where they are many, what is e-mailed said in
// chat, and an event put for each failure, with its owner.
var always = []change{
	defaults("template.yaml", "ChatAlerts", "Enabled"),
	defaults("template.yaml", "AlertEvents", "Enabled"),
	defaults("template.yaml", "OwnerTag", "team"),
	replace("template.yaml", "Default: inconclusive", "Default: always"),
	replace("template.yaml", `RANGE_BYTES: "4294967296"`, `RANGE_BYTES: "500"`),
}

// defaults gives a parameter of a template another default.
func defaults(file, parameter, value string) change {
	of := regexp.MustCompile(`(\n  ` + parameter + `:\n    Type: .*\n    Default: ).*`)
	return func(name, text string) string {
		if name != file {
			return text
		}
		if !of.MatchString(text) {
			panic(file + " has no parameter " + parameter + " with a default")
		}
		return of.ReplaceAllString(text, "${1}"+value)
	}
}

// resource adds one to a template, before all others.
func resource(file, text string) change {
	return replace(file, "\nResources:\n", "\nResources:\n"+text+"\n")
}

// The stacks with keys of their own for what is stored, the replicas' in an account.
func ownKeys(of string) []change {
	return []change{
		defaults("template.yaml", "StorageEncryption", "SSE-KMS"),
		defaults("replica.yaml", "StorageEncryption", "SSE-KMS"),
		defaults("template.yaml", "ReplicaKmsKeyArn", replicaKeyOf(of)),
	}
}

// printed is what `autobackup policy` prints, in one line.
func printed(o policy.Options) string {
	o.Side, o.Partition, o.Stage = policy.Both, "aws", "dev"
	document, err := policy.For(o)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// boundary is the name of the policy that bounds every role, where one does.
const boundary = "boundary"

// replicaKeyOf is the key of the replicas in an account, and environmentKey that of functions'
// environments, where one is.
func replicaKeyOf(account string) string {
	return "arn:aws:kms:" + secondRegion + ":" + account + ":key/autobackup-replica-dev-StorageKey"
}

var environmentKey = "arn:aws:kms:" + firstRegion + ":" + account + ":key/autobackup-dev-EnvironmentKey"

// testsOwn is the statement of a key that no template makes.
const testsOwn = "NotOfTheTemplates"

// configurations are those that the templates' conditions make, of which this stack has
// something to decide.
var configurations = map[string][]change{
	"SSE-S3":  always,
	"SSE-KMS": slices.Concat(always, ownKeys(account)),
	"another account": slices.Concat(always, ownKeys(otherAccount), []change{
		defaults("template.yaml", "ReplicaAccount", `"`+otherAccount+`"`),
		defaults("replica.yaml", "PrimaryAccount", `"`+account+`"`),
	}),
	"an own key for environments": slices.Concat(always, []change{
		defaults("template.yaml", "EnvironmentKmsKeyArn", environmentKey),
		resource("template.yaml", `  EnvironmentKey:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Sid: `+testsOwn+`
            Effect: Allow
            Principal:
              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root
            Action: kms:*
            Resource: "*"
`),
	}),
	"attached": slices.Concat(always, []change{
		defaults("template.yaml", "Categories", `""`), defaults("replica.yaml", "Categories", `""`),
		naming("template.yaml", "Buckets", theirBucket), naming("template.yaml", "ReplicaBuckets", theirBucket+"-dr,"+theirBucket+"-copy"), naming("replica.yaml", "ReplicaBuckets", theirBucket+"-dr"),
		naming("template.yaml", "BucketKeyArns", theirKeyIn(firstRegion)), naming("template.yaml", "ReplicaKeyArns", theirKeyIn(secondRegion)+","+theirKeyIn(firstRegion)),
		naming("replica.yaml", "ReplicaKeyArns", theirKeyIn(secondRegion)),
		resource("template.yaml", theirsHere()), resource("replica.yaml", theirsThere()),
	}),
	"a topic that was there": slices.Concat(always, []change{
		alertsTo("AlertTopicArn=" + arnOf("sns", "acme-oncall") + " AlertTopicKeyArn=" + theirKeyIn(firstRegion)),
		resource("template.yaml", theirKeys+theirTopic),
	}),
	"a boundary": slices.Concat(always, ownKeys(account), []change{
		defaults("template.yaml", "PermissionsBoundaryArn", "arn:aws:iam::"+account+":policy/"+boundary),
		defaults("replica.yaml", "PermissionsBoundaryArn", "arn:aws:iam::"+account+":policy/"+boundary),
		resource("replica.yaml", `  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: `+boundary+`
      PolicyDocument: `+printed(policy.Options{Command: policy.Boundary, Account: account})+`
`),
	}),
}

// encryptions are the configurations of one account that differ in their resources.
var encryptions = []string{"SSE-S3", "SSE-KMS"}

// inOrder are the configurations as grants are tried in them: each in the first that uses it.
var inOrder = []string{"SSE-KMS", "another account", "an own key for environments", "SSE-S3", "attached", "a topic that was there", "a boundary"}

// theirBucket is one that somebody has, whose replicas are in both regions.
const theirBucket = "acme-documents"

// theirKeyIn is what somebody encrypts with in a region.
func theirKeyIn(region string) string {
	stack := map[string]string{firstRegion: "autobackup-dev", secondRegion: "autobackup-replica-dev"}[region]
	return "arn:aws:kms:" + region + ":" + account + ":key/" + stack + "-TheirKey"
}

// naming gives a list that is empty by default its members.
func naming(file, parameter, members string) change {
	return replace(file, "\n  "+parameter+":\n    Type: CommaDelimitedList\n    Default: \"\"\n", "\n  "+parameter+":\n    Type: CommaDelimitedList\n    Default: "+members+"\n")
}

// alertsTo has alerts go elsewhere than to an address, which people may have set.
func alertsTo(parameters string) change {
	address := regexp.MustCompile(`AlertEmail=[^\s"]+ ?`)
	return func(name, text string) string {
		if name != "samconfig.toml" {
			return text
		}
		return strings.ReplaceAll(address.ReplaceAllString(text, ""), " ReplicaRegion=", " "+parameters+" ReplicaRegion=")
	}
}

const theirTopic = `  TheirTopic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: acme-oncall
      KmsMasterKeyId: !GetAtt TheirKey.Arn
      Subscription: [{Protocol: email, Endpoint: oncall@acme.example}]
`

const theirKeys = `  TheirKey:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {Version: "2012-10-17", Statement: [{Sid: ` + testsOwn + `, Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: "kms:*", Resource: "*"}]}
`

func theirReplica(id, name string) string {
	return "  " + id + ":\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: " + name + "\n      VersioningConfiguration: {Status: Enabled}\n"
}

func theirsThere() string { return theirKeys + theirReplica("TheirReplica", theirBucket+"-dr") }

func theirsHere() string {
	rule := func(id, to, key string) string {
		return `          - {Id: ` + id + `, Status: Enabled, Priority: ` + id[:1] + `, Filter: {Prefix: ""}, DeleteMarkerReplication: {Status: Enabled}, SourceSelectionCriteria: {SseKmsEncryptedObjects: {Status: Enabled}},
             Destination: {Bucket: "arn:aws:s3:::` + to + `", EncryptionConfiguration: {ReplicaKmsKeyID: "` + key + `"}, Metrics: {Status: Enabled}}}
`
	}
	return theirKeys + theirReplica("TheirCopy", theirBucket+"-copy") + `  TheirRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Sid: ` + testsOwn + `, Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies:
        - PolicyName: replicate
          PolicyDocument: {Version: "2012-10-17", Statement: [{Sid: ` + testsOwn + `, Effect: Allow, Action: ["s3:*", "kms:*"], Resource: "*"}]}
  TheirBucket:
    Type: AWS::S3::Bucket
    DependsOn: [FailureQueuePolicy, TheirCopy]
    Properties:
      BucketName: ` + theirBucket + `
      VersioningConfiguration: {Status: Enabled}
      BucketEncryption: {ServerSideEncryptionConfiguration: [{BucketKeyEnabled: true, ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt TheirKey.Arn}}]}
      NotificationConfiguration:
        EventBridgeConfiguration: {EventBridgeEnabled: true}
        QueueConfigurations: [{Event: "s3:Replication:OperationFailedReplication", Queue: !GetAtt FailureQueue.Arn}]
      ReplicationConfiguration:
        Role: !GetAtt TheirRole.Arn
        Rules:
` + rule("1-away", theirBucket+"-dr", theirKeyIn(secondRegion)) + rule("2-here", theirBucket+"-copy", theirKeyIn(firstRegion))
}
