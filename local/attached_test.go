package local_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	core "autobackup/internal/attach"
	"autobackup/internal/verdict"
	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
	"autobackup/local/samconfig"
)

// pair is two buckets that somebody had before the stacks, encrypted with keys of their own:
// the primary in the first region, the replica anywhere.
type pair struct{ from, to, region, account string }

// place is where replicas are: each has its own stack of their owner's, and of replica.yaml.
type place struct{ region, account string }

func (p pair) place() place { return place{p.region, p.account} }

// key is the owner's for what is stored there.
func (p place) key() string {
	return "arn:aws:kms:" + p.region + ":" + p.account + ":key/acme-copies-Key"
}

// acmesKey is the owner's for the primaries.
var acmesKey = "arn:aws:kms:" + firstRegion + ":" + account + ":key/acme-Key"

const acmesRole = "arn:aws:iam::" + account + ":role/acme-Role"

// attached are several pairs, and what deploys them beside the parameters that follow from them.
type attached struct {
	pairs    []pair
	with     map[string]string // of template.yaml
	unlisted []pair            // in no list
	refused  []string          // actions that the replicas' owner does not let in
	unread   []string          // regions without a stack of replica.yaml
	asker    string            // whom a command tells what is refused
	bare     bool              // nothing of the buckets was changed for the stacks yet
	filters  map[string]string // of rules, by replica, where they are not for every key
}

// places are those of all replicas.
func (a attached) places() (all []place) {
	for _, p := range slices.Concat(a.pairs, a.unlisted) {
		if !slices.Contains(all, p.place()) {
			all = append(all, p.place())
		}
	}
	return all
}

// parameters are template.yaml's, or of one place replica.yaml's.
func (a attached) parameters(at *place) map[string]string {
	var from, to, keys []string
	for _, p := range a.pairs {
		if at != nil && p.place() != *at {
			continue
		}
		to = append(to, p.to)
		if !slices.Contains(from, p.from) {
			from = append(from, p.from)
		}
		if key := p.place().key(); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	all := map[string]string{"ReplicaBuckets": strings.Join(to, ","), "ReplicaKeyArns": strings.Join(keys, ",")}
	if at != nil {
		if at.account != account {
			all["PrimaryAccount"] = account
		}
		if categories, given := a.with["Categories"]; given || at.region != secondRegion {
			all["Categories"] = categories // the replicas of those are in one region
		}
		return all
	}
	all["Buckets"], all["BucketKeyArns"] = strings.Join(from, ","), acmesKey
	maps.Copy(all, a.with)
	return all
}

// inAttachedWorld is inWorld after the buckets of others were made and filled the lists.
func inAttachedWorld(t *testing.T, a attached, test func(w *world)) {
	t.Helper()
	inEmptyWorld(t, func(w *world) {
		for _, at := range a.places() {
			w.deployTheirs(at, "acme-copies", a.copies(at))
		}
		w.deployTheirs(place{firstRegion, account}, "acme", a.primaries())
		for _, at := range a.places() {
			if slices.Contains(a.unread, at.region) || at == (place{firstRegion, account}) {
				continue
			}
			environment, err := local.Environment(w.Project, "replica")
			require.NoError(t, err)
			if at.region != secondRegion {
				environment.Region, environment.StackName = at.region, environment.StackName+"-"+at.region // roles are named by it, and of all regions
			}
			_, err = w.DeployTo(at.account, environment, a.parameters(&at))
			require.NoError(t, err)
		}
		environment, err := local.Environment(w.Project, "default")
		require.NoError(t, err)
		w.primary, err = w.Deploy(environment, a.parameters(nil))
		require.NoError(t, err)
		w.region = environment.Region
		w.client = s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true }) // names may have dots
		for _, p := range a.pairs {
			if !a.bare {
				w.tellFailures(p.from)
			}
		}
		test(w)
		for refusal := range w.Gate.Refusals() {
			if refusal.By == a.asker {
				continue
			}
			assert.Contains(t, a.refused, refusal.Action, "refused to %s", refusal.By)
		}
	}, replace("template.yaml", "Default: inconclusive", "Default: always"))
}

// deployTheirs deploys a template of somebody else's.
func (w *world) deployTheirs(at place, stack, text string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(filepath.Join(w.Project, "theirs.yaml"), []byte(text), 0o600))
	_, err := w.DeployTo(at.account, samconfig.Environment{TemplateFile: "theirs.yaml", StackName: stack, Region: at.region}, nil)
	require.NoError(w.t, err)
}

// tellFailures has S3 tell the failure queue, as the owner of a bucket does once it is there.
func (w *world) tellFailures(bucket string) {
	w.t.Helper()
	_, err := w.client.PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: &types.NotificationConfiguration{
			EventBridgeConfiguration: &types.EventBridgeConfiguration{},
			QueueConfigurations: []types.QueueConfiguration{{QueueArn: aws.String(w.queue("failure-queue")),
				Events: []types.Event{"s3:Replication:OperationFailedReplication"}}},
		}})
	require.NoError(w.t, err)
}

const theirKey = `  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - {Sid: Account, Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: "kms:*", Resource: "*"}
`

// copies are the replicas of one place, as their owner has them: where it is another account,
// with the statements that docs/deploy.md asks for.
func (a attached) copies(at place) string {
	var b strings.Builder
	b.WriteString("Resources:\n" + theirKey)
	letIn := `Principal: {AWS: "arn:aws:iam::` + account + `:root"}, Condition: {ArnEquals: {"aws:PrincipalArn": [` + acmesRole + `]}}`
	owner, err := policy.ForOwner(policy.Options{Partition: "aws", Stage: "dev", Account: account, ReplicaKeys: []string{strings.Replace(at.key(), "acme-copies-Key", "acme-copies-key", 1)}})
	if err != nil {
		return err.Error()
	}
	if at.account != account {
		fmt.Fprintf(&b, "          - {Sid: Theirs, Effect: Allow, Action: [\"kms:Decrypt\", \"kms:Encrypt\"], Resource: \"*\", %s}\n", letIn)
		for _, statements := range owner.KeyPolicies {
			items(&b, statements)
		}
	}
	for i, p := range slices.Concat(a.pairs, a.unlisted) {
		if p.place() != at {
			continue
		}
		fmt.Fprintf(&b, `  Copy%d:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: %s
      VersioningConfiguration: {Status: Enabled}
`, i, p.to)
		if at.account == account {
			continue
		}
		fmt.Fprintf(&b, `  Policy%d:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Copy%[1]d
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Sid: Replication, Effect: Allow, Action: ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner"], Resource: "arn:aws:s3:::%[2]s/*", %[3]s}
`, i, p.to, letIn)
		added, err := policy.ForOwner(policy.Options{Partition: "aws", Stage: "dev", Account: account, Replicas: []string{p.to}, HeadOnly: len(a.refused) > 0})
		if err != nil {
			return err.Error()
		}
		items(&b, added.BucketPolicies[p.to])
	}
	return b.String()
}

// items writes statements as items of a list in YAML, of which JSON is a part.
func items(b *strings.Builder, statements []core.Statement) {
	for _, s := range statements {
		text, err := json.Marshal(s)
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(b, "          - %s\n", text)
	}
}

// primaries are all primaries, with one role that replicates them.
func (a attached) primaries() string {
	var b strings.Builder
	keys := []string{acmesKey}
	for _, at := range a.places() {
		keys = append(keys, at.key())
	}
	b.WriteString("Resources:\n" + theirKey + `  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies:
        - PolicyName: replicate
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersion*", "s3:Replicate*", "s3:ObjectOwnerOverrideToBucketOwner"], Resource: "arn:aws:s3:::acme*"}
              - {Effect: Allow, Action: ["kms:Decrypt", "kms:Encrypt"], Resource: [` + strings.Join(keys, ", ") + "]}\n")
	tells := "      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}\n"
	if a.bare {
		tells = ""
	}
	var made []string
	for i, p := range slices.Concat(a.pairs, a.unlisted) {
		if slices.Contains(made, p.from) {
			continue
		}
		made = append(made, p.from)
		fmt.Fprintf(&b, `  Bucket%[1]d:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: %[2]s
      VersioningConfiguration: {Status: Enabled}
      BucketEncryption: {ServerSideEncryptionConfiguration: [{BucketKeyEnabled: true, ServerSideEncryptionByDefault: {SSEAlgorithm: "aws:kms", KMSMasterKeyID: !GetAtt Key.Arn}}]}
%[3]s      ReplicationConfiguration:
        Role: !GetAtt Role.Arn
        Rules:
`, i, p.from, tells)
		for priority, other := range slices.Concat(a.pairs, a.unlisted) {
			if other.from == p.from {
				b.WriteString(a.rule(priority, other))
			}
		}
	}
	return b.String()
}

// rule replicates from a primary to one of its replicas.
func (a attached) rule(priority int, p pair) string {
	filter, markers, owner := `{Prefix: ""}`, "Enabled", ""
	if f := a.filters[p.to]; f != "" {
		filter = f
	}
	if strings.Contains(filter, "Tag") {
		markers = "Disabled" // which S3 asks of a rule by tag
	}
	if p.account != account {
		owner = fmt.Sprintf("\n              Account: %q\n              AccessControlTranslation: {Owner: Destination}", p.account)
	}
	return fmt.Sprintf(`          - Id: to-%[1]s
            Status: Enabled
            Priority: %[2]d
            Filter: %[3]s
            DeleteMarkerReplication: {Status: %[4]s}
            SourceSelectionCriteria: {SseKmsEncryptedObjects: {Status: Enabled}}
            Destination:
              Bucket: arn:aws:s3:::%[1]s
              EncryptionConfiguration: {ReplicaKmsKeyID: %[5]s}
              Metrics: {Status: Enabled}%[6]s
`, p.to, priority, filter, markers, p.place().key(), owner)
}

// upload puts what is right, what is damaged on the way, what S3 gives up, what the replica has
// another kind of checksum of, and what is deleted again into a bucket.
func (w *world) upload(bucket string) {
	w.t.Helper()
	w.uploadAs(bucket, "", "")
}

// uploadAs does it with keys that begin with a prefix, and tags.
func (w *world) uploadAs(bucket, prefix, tags string) {
	w.t.Helper()
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		switch r.Key[strings.LastIndex(r.Key, "/")+1:] {
		case "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case "given up":
			return locals3.Plan{Fail: true}
		case "cut":
			return recut(3, types.ChecksumTypeComposite, locals3.Intact)
		}
		return locals3.Plan{}
	}
	for _, key := range []string{"good", "corrupt", "given up", "cut", "deleted"} {
		in := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(prefix + key), Body: strings.NewReader("content of " + key), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32}
		if tags != "" {
			in.Tagging = &tags
		}
		_, err := w.client.PutObject(w.t.Context(), in)
		require.NoError(w.t, err)
	}
	_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: aws.String(prefix + "deleted")})
	require.NoError(w.t, err)
}

// verdicts are those about a bucket by key, of several looks at a version each once.
func (w *world) verdicts(bucket string) map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	for _, e := range w.States.Executions() {
		for _, line := range w.summary(e).Objects {
			_, key, ours := strings.Cut(line.Object, bucket+"/")
			if !ours || line.Verdict == verdict.Reading {
				continue
			}
			key, _, _ = strings.Cut(key, "@")
			if end := strings.TrimSpace(string(line.Verdict) + " " + string(line.Reason) + " " + string(line.Evidence)); !slices.Contains(all[key], end) {
				all[key] = append(all[key], end)
				slices.Sort(all[key])
			}
		}
	}
	return all
}

const bytesWereRead = "verified  bytes read on both sides"

// whereRead are the verdicts where the bytes of everything are read, and whereNot where nobody may.
var (
	whereRead = map[string][]string{
		"good": {bytesWereRead}, "corrupt": {"failed CONTENT_MISMATCH"}, "given up": {"failed REPLICATION_FAILED"}, "cut": {bytesWereRead},
		"deleted": {bytesWereRead, "verified  delete marker"},
	}
	whereNot = map[string][]string{
		"good": {"verified  full-object checksum CRC32"}, "corrupt": {"failed CONTENT_MISMATCH"}, "given up": {"failed REPLICATION_FAILED"}, "cut": {"failed INCONCLUSIVE"},
		"deleted": {"verified  delete marker", "verified  full-object checksum CRC32"},
	}
)

func TestBucketsThatPeopleHadBeforeAreValidatedAndNoOthers(t *testing.T) {
	for name, at := range map[string]place{"in one account": {secondRegion, account}, "the replica in another account": {secondRegion, otherAccount}} {
		t.Run(name, func(t *testing.T) {
			a := attached{
				pairs:    []pair{{"acme-invoices", "acme-invoices-dr", at.region, at.account}, {"acme.letters", "acme-letters-dr", at.region, at.account}},
				unlisted: []pair{{"acme-invoices-2", "acme-invoices-2-dr", at.region, at.account}},
			}
			if at.account != account {
				a.with = map[string]string{"ReplicaAccount": at.account}
			}
			inAttachedWorld(t, a, func(w *world) {
				w.upload("acme-invoices-2")
				w.settle()
				assert.Empty(t, w.States.Executions(), "it is in no list")
				for _, p := range a.pairs {
					w.upload(p.from)
				}
				w.settle()
				for _, p := range a.pairs {
					assert.Equal(t, whereRead, w.verdicts(p.from), p.from)
				}
				assert.Contains(t, w.mails(), "acme.letters/corrupt")
			})
		})
	}
}

// thirdRegion is another than the first and the second.
const thirdRegion = "sa-east-1"

// functionIn is the ARN of hash-bytes in a region.
func functionIn(region string) string {
	return "arn:aws:lambda:" + region + ":" + account + ":function:autobackup-hash-bytes-dev"
}

// Each replica is read in its own region: by the replica stack there, and in the primary's own
// by the primary's function.
func TestReplicasInSeveralRegionsAreReadByTheFunctionOfEach(t *testing.T) {
	a := attached{
		pairs: []pair{
			{"acme-invoices", "acme-invoices-dr", secondRegion, account}, {"acme-letters", "acme-letters-dr", thirdRegion, account},
			{"acme-ledger", "acme-ledger-copy", firstRegion, account},
		},
		with: map[string]string{"ReplicaHashBytesArns": functionIn(secondRegion) + "," + functionIn(thirdRegion)},
	}
	inAttachedWorld(t, a, func(w *world) {
		for _, p := range a.pairs {
			w.upload(p.from)
		}
		w.settle()
		for _, p := range a.pairs {
			assert.Equal(t, whereRead, w.verdicts(p.from), p.from)
		}
	})
}

// The stacks need nothing of their own to validate what others have.
func TestWithoutCategoriesThereAreAttachedBucketsOnly(t *testing.T) {
	ledger := pair{"acme-ledger", "acme-ledger-copy", firstRegion, account}
	for name, region := range map[string]string{"no replica stack": "", "another region, too": secondRegion} {
		t.Run(name, func(t *testing.T) {
			a := attached{pairs: []pair{ledger}, with: map[string]string{"Categories": "", "ReplicaRegion": region}}
			if region != "" {
				a.pairs = append(a.pairs, pair{"acme-invoices", "acme-invoices-dr", region, account})
			}
			inAttachedWorld(t, a, func(w *world) {
				for _, made := range inventory(w.t, w.Stack) {
					if !strings.Contains(made, "-beat") {
						assert.NotRegexp(t, `autobackup-dev-(primary|replica|replication)-`, made, "made for a category")
					}
				}
				left := "autobackup-dev-primary-documents-" + account // by a category that was taken away
				w.bucketIn(w.region, left)
				w.tellEventBridge(left)
				w.upload(left)
				w.settle()
				assert.Empty(t, w.States.Executions(), "it is in no list")
				for _, p := range a.pairs {
					w.upload(p.from)
				}
				w.settle()
				for _, p := range a.pairs {
					assert.Equal(t, whereRead, w.verdicts(p.from), p.from)
				}
			})
		})
	}
}

// tellEventBridge has S3 tell EventBridge of a bucket alone.
func (w *world) tellEventBridge(bucket string) {
	w.t.Helper()
	_, err := w.client.PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}},
	})
	require.NoError(w.t, err)
}

// Without a function where a replica is, its bytes are not read, and nothing is said of them: it is
// told where one is missing. Nobody is told to read what is never to be read.
func TestAReplicaWhoseBytesNobodyMayReadIsJudgedByItsStoredChecksums(t *testing.T) {
	for mode, want := range map[string]map[string][]string{
		"never":        whereNot,
		"inconclusive": {"good": whereNot["good"], "corrupt": whereNot["corrupt"], "given up": whereNot["given up"], "cut": {"failed NO_READER"}, "deleted": whereNot["deleted"]},
	} {
		t.Run(mode, func(t *testing.T) {
			theirs := pair{"acme-invoices", "acme-invoices-dr", thirdRegion, otherAccount}
			a := attached{
				pairs: []pair{theirs}, unread: []string{thirdRegion}, with: map[string]string{"Categories": "", "ReplicaRegion": "", "ByteVerification": mode},
				refused: []string{"s3:GetObjectVersionAttributes", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetLifecycleConfiguration"},
			}
			inAttachedWorld(t, a, func(w *world) {
				w.upload(theirs.from)
				w.settle()
				assert.Equal(t, want, w.verdicts(theirs.from))
				if mode == "never" {
					assert.NotContains(t, w.mails(), "hash-bytes")
					return
				}
				assert.Contains(t, w.mails(), "no hash-bytes function in "+thirdRegion)
				assert.Contains(t, w.mails(), "Deploy replica.yaml")
				assert.Contains(t, w.mails(), "ByteVerification=never")
			})
		})
	}
}

// What the lists grant ends with them: at other buckets, other regions, other keys, and with
// other rules and buckets that tell.
func TestTheListsGrantNothingBeyondThem(t *testing.T) {
	const (
		primary, copied, unlisted = "arn:aws:s3:::acme-ledger", "arn:aws:s3:::acme-ledger-copy", "arn:aws:s3:::acme-ledger-2"
	)
	theirs := pair{"acme-ledger", "acme-ledger-copy", firstRegion, account}
	fetch, hash := "autobackup-dev-fetch-etags", "autobackup-dev-HashBytesRole"
	s3Of := func(region string) map[string]string {
		return map[string]string{"kms:ViaService": "s3." + region + ".amazonaws.com", "kms:EncryptionContext:aws:s3:arn": primary}
	}
	in := func(region string) map[string]string { return map[string]string{"aws:RequestedRegion": region} }
	from := func(bucket, of string) map[string]string {
		return map[string]string{"aws:SourceArn": bucket, "aws:SourceAccount": of}
	}
	rule := func(name string) map[string]string {
		return map[string]string{"aws:SourceArn": arnOf("events", "rule/"+name)}
	}
	tests := map[string]struct {
		by, action, on string
		context        map[string]string
		allowed        bool
	}{
		"fetch-etags looks at a primary":                        {fetch, "s3:GetObjectVersion", primary + "/k", nil, true},
		"fetch-etags reads its rules":                           {fetch, "s3:GetReplicationConfiguration", primary, nil, true},
		"fetch-etags reads no rules of a replica":               {fetch, "s3:GetReplicationConfiguration", copied, nil, false},
		"fetch-etags reads a replica's lifecycle":               {fetch, "s3:GetLifecycleConfiguration", copied, nil, true},
		"fetch-etags reads no lifecycle of a primary":           {fetch, "s3:GetLifecycleConfiguration", primary, nil, false},
		"fetch-etags looks at no bucket of a longer name":       {fetch, "s3:GetObjectVersion", unlisted + "/k", nil, false},
		"fetch-etags writes nothing":                            {fetch, "s3:PutObject", primary + "/k", nil, false},
		"fetch-etags uses a key through S3":                     {fetch, "kms:Decrypt", acmesKey, s3Of(firstRegion), true},
		"fetch-etags uses no key by itself":                     {fetch, "kms:Decrypt", acmesKey, nil, false},
		"fetch-etags encrypts nothing":                          {fetch, "kms:GenerateDataKey", acmesKey, s3Of(firstRegion), false},
		"hash-bytes reads a primary":                            {hash, "s3:GetObjectVersion", primary + "/k", in(firstRegion), true},
		"hash-bytes reads a replica in its region":              {hash, "s3:GetObjectVersion", copied + "/k", in(firstRegion), true},
		"hash-bytes reads no replica elsewhere":                 {hash, "s3:GetObjectVersion", copied + "/k", in(secondRegion), false},
		"hash-bytes lists a replica in its region":              {hash, "s3:ListBucketVersions", copied, in(firstRegion), true},
		"hash-bytes lists no replica elsewhere":                 {hash, "s3:ListBucket", copied, in(secondRegion), false},
		"hash-bytes reads no rules":                             {hash, "s3:GetReplicationConfiguration", primary, nil, false},
		"hash-bytes reads no bucket of a longer name":           {hash, "s3:GetObjectVersion", unlisted + "/k", in(firstRegion), false},
		"hash-bytes uses a key through S3 here":                 {hash, "kms:Decrypt", acmesKey, s3Of(firstRegion), true},
		"hash-bytes uses a replica's key through S3 here":       {hash, "kms:Decrypt", theirs.place().key(), s3Of(firstRegion), true},
		"hash-bytes uses no replica's key through S3 elsewhere": {hash, "kms:Decrypt", theirs.place().key(), s3Of(secondRegion), false},
		"compare-etags reads nothing":                           {"autobackup-dev-CompareETagsRole", "s3:GetObjectVersion", primary + "/k", nil, false},
		"S3 uses the key for a bucket in the list":              {"s3", "kms:GenerateDataKey", keyARN("SQSKey"), from(primary, account), true},
		"S3 uses no key for one that is not":                    {"s3", "kms:GenerateDataKey", keyARN("SQSKey"), from(unlisted, account), false},
		"S3 uses no key for another account's":                  {"s3", "kms:GenerateDataKey", keyARN("SQSKey"), from(primary, stranger), false},
		"S3 uses no key for a replica":                          {"s3", "kms:GenerateDataKey", keyARN("SQSKey"), from(copied, account), false},
		"S3 sends for a bucket of this account":                 {"s3", "sqs:SendMessage", queueARN("failure-queue"), from(primary, account), true},
		"S3 sends for no other account":                         {"s3", "sqs:SendMessage", queueARN("failure-queue"), from(primary, stranger), false},
		"S3 sends to no other queue":                            {"s3", "sqs:SendMessage", queueARN("validation-queue"), from(primary, account), false},
		"a list's rule sends":                                   {"events", "sqs:SendMessage", queueARN("validation-queue"), rule("autobackup-s3-upload-trigger-Buckets-dev"), true},
		"the last list's rule sends":                            {"events", "sqs:SendMessage", queueARN("event-dlq"), rule("autobackup-s3-upload-trigger-Buckets4-dev"), true},
		"another stage's does not":                              {"events", "sqs:SendMessage", queueARN("validation-queue"), rule("autobackup-s3-upload-trigger-Buckets-dev2"), false},
		"another rule does not":                                 {"events", "sqs:SendMessage", queueARN("validation-queue"), rule("others-dev"), false},
	}
	inAttachedWorld(t, attached{pairs: []pair{theirs}, with: map[string]string{"Categories": "", "ReplicaRegion": ""}}, func(w *world) {
		for name, tt := range tests {
			by := iam.Principal{Service: tt.by + ".amazonaws.com"}
			if strings.HasPrefix(tt.by, "autobackup-") {
				by = iam.Session("arn:aws:iam::"+account+":role/"+tt.by, "tried")
			}
			call := gate.Call{By: by, Action: tt.action, Resource: tt.on, Context: map[string][]string{"aws:securetransport": {"true"}}}
			for key, value := range tt.context {
				call.Context[strings.ToLower(key)] = []string{value}
			}
			assert.Equal(t, tt.allowed, w.Gate.Decision(call).Allowed, name)
		}
	})
}
