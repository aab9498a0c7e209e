package policy_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

const (
	key   = "arn:aws:kms:eu-central-1:111122223333:key/a"
	other = "arn:aws:kms:eu-west-1:111122223333:key/b"
	role  = "arn:aws:iam::111122223333:role/reads"
)

func of(t *testing.T, o policy.Options) policy.Document {
	t.Helper()
	if o.Side == "" {
		o.Side = policy.Both
	}
	if o.Partition == "" {
		o.Partition = "aws"
	}
	d, err := policy.For(o)
	require.NoError(t, err)
	return d
}

// printed is what the command line prints.
func printed(o policy.Options) (any, error) {
	o.Side, o.Partition = cmp.Or(o.Side, policy.Both), cmp.Or(o.Partition, "aws")
	if o.Command == policy.Owner {
		return policy.ForOwner(o)
	}
	return policy.For(o)
}

// sids are the statements, each with its resources.
func sids(d policy.Document) map[string][]string {
	all := map[string][]string{}
	for _, s := range d.Statement {
		all[s.Sid] = s.Resource
	}
	return all
}

var update = flag.Bool("update", false, "write testdata anew")

// The calls that the commands make are held against the policies in their own packages.
// Here the policies are as AWS's pages say for these calls, for people to read.
func TestThePoliciesAreThoseThatWereReadWithAWSsPages(t *testing.T) {
	for name, o := range map[string]policy.Options{
		"audit.json": {
			Command: policy.Audit, Primary: "docs", Replicas: []string{"docs-copy"}, Locks: true,
			Keys: []string{key}, ReplicaKeys: []string{other}, Output: pair.Address{Bucket: "evidence", Rest: "audits"},
		},
		"evidence.json":       {Command: policy.Evidence, Evidence: pair.Address{Bucket: "evidence", Rest: "dev/"}, Keys: []string{key}},
		"parked.json":         {Command: policy.Parked, Stage: "dev", Keys: []string{key}, Region: "eu-central-1", Account: "111122223333"},
		"discard.json":        {Command: policy.Discard, Stage: "dev", Keys: []string{key}, Region: "eu-central-1", Account: "111122223333"},
		"retry.json":          {Command: policy.Retry, Stage: "dev", Keys: []string{key}, Region: "eu-central-1", Account: "111122223333"},
		"deploy-primary.json": {Command: policy.Deploy, Side: policy.Primary, Stage: "dev", Account: "111122223333", Boundary: "arn:aws:iam::111122223333:policy/boundary-dev"},
		"deploy-replica.json": {Command: policy.Deploy, Side: policy.Replica, Stage: "dev", Account: "111122223333"},
		"boundary.json":       {Command: policy.Boundary, Stage: "dev", Account: "111122223333"},
		"boundary-of-two-accounts.json": {
			Command: policy.Boundary, Stage: "dev", Account: "111122223333", ReplicaAccount: "444455556666", Keys: []string{key}, ReplicaKeys: []string{other},
		},
	} {
		var b bytes.Buffer
		require.NoError(t, report.Indented(&b, of(t, o)))
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
		}
		want, err := os.ReadFile(path) // #nosec G304: of this folder
		require.NoError(t, err)
		assert.Equal(t, string(want), b.String(), "go test -update writes it")
	}
}

func TestLocksAreReadWhereTheyAreAskedForAlone(t *testing.T) {
	const lock = "s3:GetObjectRetention"
	actions := func(o policy.Options) string {
		o.Command = policy.Audit
		return fmt.Sprint(of(t, o).Statement)
	}
	assert.Contains(t, actions(policy.Options{Locks: true}), lock)
	assert.Contains(t, actions(policy.Options{Metadata: true}), lock)
	assert.NotContains(t, actions(policy.Options{}), lock)
	assert.NotContains(t, actions(policy.Options{Locks: true, Level: audit.Listed}), lock)
}

func TestEachSideIsAllowedItsOwnBucketsAlone(t *testing.T) {
	o := policy.Options{Command: policy.Audit, Primary: "docs", Replicas: []string{"one", "two"}}
	primary := map[string][]string{"PrimaryBucket": {"arn:aws:s3:::docs"}, "PrimaryObjects": {"arn:aws:s3:::docs/*"}, "Anything": {"*"}}
	replica := map[string][]string{
		"ReplicaBucket": {"arn:aws:s3:::one", "arn:aws:s3:::two"}, "ReplicaObjects": {"arn:aws:s3:::one/*", "arn:aws:s3:::two/*"}, "Anything": {"*"},
	}
	o.Side = policy.Primary
	assert.Equal(t, primary, sids(of(t, o)))
	o.Side = policy.Replica
	assert.Equal(t, replica, sids(of(t, o)))

	both := primary
	for sid, resources := range replica {
		both[sid] = resources
	}
	o.Side = policy.Both
	d := of(t, o)
	assert.Equal(t, both, sids(d))
	assert.Equal(t, "2012-10-17", d.Version)
	assert.Len(t, d.Statement, 5, "each Sid once")
	for _, s := range d.Statement {
		assert.Equal(t, "Allow", s.Effect)
		assert.Nil(t, s.Condition)
	}
}

func TestWhatNobodyNamedOfAStackStandsInCapitals(t *testing.T) {
	assert.Equal(t, []string{"arn:aws-cn:s3:::autobackup-prod-primary-*-ACCOUNT"}, sids(of(t, policy.Options{Command: policy.Boundary, Partition: "aws-cn", Stage: "prod"}))["PrimaryBuckets"])
	assert.Equal(t, []string{"arn:aws:cloudformation:*:ACCOUNT:stack/autobackup-prod/*"}, sids(of(t, policy.Options{Command: policy.Deploy, Side: policy.Primary, Stage: "prod"}))["Stack"])
}

func TestWhatNobodyNamedStandsInCapitals(t *testing.T) {
	assert.Equal(t, map[string][]string{
		"PrimaryBucket": {"arn:aws-cn:s3:::PRIMARY"}, "ReplicaBucket": {"arn:aws-cn:s3:::REPLICA"}, "Anything": {"*"},
	}, sids(of(t, policy.Options{Command: policy.Audit, Partition: "aws-cn", Level: audit.Listed})))
	assert.Equal(t, []string{"arn:aws:states:REGION:ACCOUNT:execution:autobackup-validation-prod:*"},
		sids(of(t, policy.Options{Command: policy.Retry, Stage: "prod"}))["Executions"])
}

func TestExplainIsAllowedToLookAndAsksForNoEstimate(t *testing.T) {
	d := of(t, policy.Options{Command: policy.Explain, Side: policy.Primary, Level: audit.Listed})
	assert.NotContains(t, sids(d), "Anything")
	assert.Equal(t, []string{
		"s3:GetObjectVersion", "s3:GetObjectVersionAttributes", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold",
	}, d.Statement[1].Action)
}

func TestAKeyIsUsedThroughTheServiceInItsRegionAlone(t *testing.T) {
	o := policy.Options{Command: policy.Audit, Keys: []string{key, key + "2", other}, ReplicaKeys: []string{other}}
	for _, s := range of(t, o).Statement {
		switch s.Sid {
		case "PrimaryKeys":
			assert.Equal(t, policy.Statement{Sid: s.Sid, Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: o.Keys,
				Condition: map[string]map[string][]string{"StringLike": {"kms:ViaService": {"s3.eu-central-1.amazonaws.*", "s3.eu-west-1.amazonaws.*"}}}}, s)
		case "ReplicaKeys":
			assert.Equal(t, o.ReplicaKeys, s.Resource)
		}
	}
	assert.Len(t, of(t, o).Statement, 7)
	queues := of(t, policy.Options{Command: policy.Retry, Keys: []string{key}}).Statement
	queues = slices.DeleteFunc(queues, func(s policy.Statement) bool { return s.Sid == "WorkKeys" })
	assert.Equal(t, policy.Statement{Sid: "QueueKeys", Effect: "Allow", Action: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resource: []string{key},
		Condition: map[string]map[string][]string{"StringLike": {"kms:ViaService": {"sqs.eu-central-1.amazonaws.*"}}}}, queues[len(queues)-1])

	o.Level = audit.Listed
	assert.NotContains(t, sids(of(t, o)), "PrimaryKeys", "listings show what no key hides")
}

func TestAReportIsWrittenBelowItsPrefixAlone(t *testing.T) {
	for rest, want := range map[string]string{
		"": "arn:aws:s3:::evidence/*", "audits": "arn:aws:s3:::evidence/audits/*", "audits/": "arn:aws:s3:::evidence/audits/*",
		"a*b?$": "arn:aws:s3:::evidence/a${*}b${?}${$}/*",
	} {
		o := policy.Options{Command: policy.Audit, Output: pair.Address{Bucket: "evidence", Rest: rest}}
		assert.Equal(t, []string{want}, sids(of(t, o))["Report"])
		o.Side = policy.Report
		d := of(t, o)
		assert.Equal(t, map[string][]string{"Report": {want}}, sids(d))
		assert.Equal(t, []string{"s3:PutObject", "s3:AbortMultipartUpload"}, d.Statement[0].Action)
	}
}

func TestEvidenceIsReadBelowItsPrefixAlone(t *testing.T) {
	for rest, want := range map[string]string{"": "arn:aws:s3:::docs/evidence/*", "dev": "arn:aws:s3:::docs/dev/evidence/*", "a*/": "arn:aws:s3:::docs/a${*}/evidence/*"} {
		assert.Equal(t, map[string][]string{"EvidenceBucket": {"arn:aws:s3:::docs"}, "EvidenceFiles": {want}},
			sids(of(t, policy.Options{Command: policy.Evidence, Evidence: pair.Address{Bucket: "docs", Rest: rest}})))
	}
	assert.Equal(t, map[string][]string{"EvidenceBucket": {"arn:aws:s3:::EVIDENCE"}, "EvidenceFiles": {"arn:aws:s3:::EVIDENCE/evidence/*"}}, sids(of(t, policy.Options{Command: policy.Evidence})))
}

func TestTheCallerIsAllowedToAssumeTheRolesAndNothingElse(t *testing.T) {
	d := of(t, policy.Options{Command: policy.Audit, Side: policy.Caller, Roles: []string{role}})
	assert.Equal(t, []policy.Statement{{Sid: "Roles", Effect: "Allow", Action: []string{"sts:AssumeRole"}, Resource: []string{role}}}, d.Statement)
}

func TestDiscoverReadsWholeAccountsAndItsCallerAssumesRolesToo(t *testing.T) {
	var reads []string
	for _, p := range discover.Permissions {
		if p.Action != "" && !p.Caller {
			reads = append(reads, p.Action)
		}
	}
	require.NotContains(t, reads, "sts:AssumeRole")
	account := policy.Statement{Sid: "Anything", Effect: "Allow", Action: reads, Resource: []string{"*"}}
	assert.Equal(t, []policy.Statement{account}, of(t, policy.Options{Command: policy.Discover}).Statement)
	const anywhere = "arn:aws:iam::*:role/audit"
	assert.ElementsMatch(t, []policy.Statement{account, {Sid: "Roles", Effect: "Allow", Action: []string{"sts:AssumeRole"}, Resource: []string{anywhere}}},
		of(t, policy.Options{Command: policy.Discover, Side: policy.Caller, Roles: []string{anywhere}}).Statement)
}

func TestACommandThatCallsNothingNeedsNoPolicy(t *testing.T) {
	for _, command := range policy.Local() {
		_, err := policy.For(policy.Options{Command: command})
		assert.True(t, errors.Is(err, policy.ErrNothing), command)
		assert.ErrorContains(t, err, command+": it calls nothing of AWS")
	}
}

const (
	noKey    = " is no ARN of a KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, as `aws kms describe-key` shows it"
	noStage  = " is no stage: write 1 to 10 lower-case letters and digits, a letter first, such as dev, without the replica- of a stack's name"
	noBucket = " is no bucket's name: write 3 to 255 letters, digits, dots, hyphens and underscores"
	mine     = "111122223333"
	theirs   = "444455556666"
)

func TestAPolicyThatWouldMeanSomethingElseIsRefused(t *testing.T) {
	for want, o := range map[string]policy.Options{
		"policy of the caller: name the role that is assumed with --role":                                   {Command: policy.Audit, Side: policy.Caller},
		"--role is for --side caller: the policies of the other sides are the roles' own":                   {Command: policy.Audit, Side: policy.Primary, Roles: []string{role}},
		`--role: "role/reads" is no ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME`:                    {Command: policy.Audit, Side: policy.Caller, Roles: []string{"role/reads"}},
		`--role: "` + key + `" is no ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME`:                   {Command: policy.Audit, Side: policy.Caller, Roles: []string{key}},
		"policy for copying the report: name where to with --output s3://BUCKET/PREFIX":                     {Command: policy.Audit, Side: policy.Report},
		"--side report: only an audit copies its report; leave --side out, or name another":                 {Command: policy.Explain, Side: policy.Report, Output: pair.Address{Bucket: "out"}},
		"discover knows no primaries and replicas: leave --side out, or name the caller with --side caller": {Command: policy.Discover, Side: policy.Primary},
		`--role: "arn:aws:iam::111122223333:role/*" is no ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME`: {
			Command: policy.Discover, Side: policy.Caller, Roles: []string{"arn:aws:iam::111122223333:role/*"},
		},
		"each stack is deployed by itself: name the one with --side primary or --side replica":                                                      {Command: policy.Deploy},
		`--boundary: "` + role + `" is no ARN of a managed policy: write arn:aws:iam::ACCOUNT:policy/NAME`:                                          {Command: policy.Deploy, Side: policy.Primary, Boundary: role},
		`--boundary: "arn:aws:iam::111122223333:policy/*" is no ARN of a managed policy: write arn:aws:iam::ACCOUNT:policy/NAME`:                    {Command: policy.Deploy, Side: policy.Replica, Boundary: "arn:aws:iam::111122223333:policy/*"},
		"--boundary: arn:aws:iam::444455556666:policy/b is of account 444455556666, and the stack of 111122223333: name one of the stack's account": {Command: policy.Deploy, Side: policy.Primary, Account: mine, Boundary: "arn:aws:iam::" + theirs + ":policy/b"},
		"--boundary: arn:aws-cn:iam::111122223333:policy/b is of the partition aws-cn, and the policy of aws: name one of the same, or the other with --partition": {
			Command: policy.Deploy, Side: policy.Primary, Account: mine, Boundary: "arn:aws-cn:iam::" + mine + ":policy/b",
		},
		`--topic: "oncall" is no ARN of a topic: write arn:aws:sns:REGION:ACCOUNT:NAME`:                                         {Command: policy.Boundary, Topic: "oncall"},
		`--role-path: "platform" is no path of the templates: write / or up to three names between slashes, such as /platform/`: {Command: policy.Deploy, Side: policy.Primary, RolePath: "platform"},
		`--role-name-prefix: "acme*" is no prefix of the templates: write up to 14 letters, digits, hyphens and underscores`:    {Command: policy.Operate, RoleNamePrefix: "acme*"},
		"--replica-account is for replicas in another account, and 111122223333 is that of --account: leave it out":             {Command: policy.Boundary, Account: mine, ReplicaAccount: mine},
		`--kms-key: "alias/a"` + noKey:                            {Command: policy.Audit, Keys: []string{"alias/a"}},
		`--replica-kms-key: "` + role + `"` + noKey:               {Command: policy.Audit, ReplicaKeys: []string{role}},
		`--kms-key: "arn:aws:kms:eu-central-1:1:alias/a"` + noKey: {Command: policy.Audit, Keys: []string{"arn:aws:kms:eu-central-1:1:alias/a"}},
		"--kms-key: " + other + " is of region eu-west-1, and the queues of eu-central-1: name a key of the primary stack, as its SQSKey": {Command: policy.Retry, Region: "eu-central-1", Keys: []string{key, other}},
		"--kms-key: " + key + " is of account 111122223333, and the stack of 444455556666: name one of the stack's account":               {Command: policy.Operate, Account: theirs, Keys: []string{key}},
		"--replica-kms-key: " + key + " is of the partition aws, and the policy of aws-cn: name one of the same, or the other with --partition": {
			Command: policy.Explain, Partition: "aws-cn", ReplicaKeys: []string{key},
		},
		`--primary: "s3://docs"` + noBucket + `, without s3://`: {Command: policy.Audit, Primary: "s3://docs"},
		`--primary: "docs/a"` + noBucket:                        {Command: policy.Audit, Primary: "docs/a"},
		`--replica: "docs*"` + noBucket:                         {Command: policy.Audit, Replicas: []string{"docs", "docs*"}},
		`--evidence: "x"` + noBucket:                            {Command: policy.Evidence, Evidence: pair.Address{Bucket: "x"}},
		`--output: "x"` + noBucket:                              {Command: policy.Audit, Side: policy.Report, Output: pair.Address{Bucket: "x"}},
		"--region: cn-north-1 is of the partition aws-cn, and the policy of aws: name the partition with --partition aws-cn":            {Command: policy.Retry, Region: "cn-north-1"},
		"--region: us-gov-west-1 is of the partition aws-us-gov, and the policy of aws: name the partition with --partition aws-us-gov": {Command: policy.Operate, Region: "us-gov-west-1"},
		"--region: eu-central-1 is of the partition aws, and the policy of aws-cn: name the partition with --partition aws":             {Command: policy.Operate, Partition: "aws-cn", Region: "eu-central-1"},
		`--partition: "aws-iso" is none that this program knows: name one of aws, aws-cn and aws-us-gov`:                                {Command: policy.Audit, Partition: "aws-iso"},
		`--stage "*"` + noStage:                                          {Command: policy.Retry, Stage: "*"},
		`--stage "replica-dev"` + noStage:                                {Command: policy.Operate, Stage: "replica-dev"},
		`--stage "1st"` + noStage:                                        {Command: policy.Deploy, Side: policy.Primary, Stage: "1st"},
		`--region: "eu-*" is no region: write one, such as eu-central-1`: {Command: policy.Retry, Region: "eu-*"},
		`--account: "12" is no account: write its 12 digits`:             {Command: policy.Retry, Account: "12"},
		`--replica-account: "13" is no account: write its 12 digits`:     {Command: policy.Boundary, ReplicaAccount: "13"},
	} {
		o.Side, o.Partition = cmp.Or(o.Side, policy.Both), cmp.Or(o.Partition, "aws")
		_, err := policy.For(o)
		assert.EqualError(t, err, want)
	}
}

func TestWhatIsRightIsNotRefused(t *testing.T) {
	for name, o := range map[string]policy.Options{
		"a boundary of AWS's own":                     {Command: policy.Deploy, Side: policy.Primary, Account: mine, Boundary: "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		"a boundary where no account is named":        {Command: policy.Deploy, Side: policy.Primary, Boundary: "arn:aws:iam::" + theirs + ":policy/b"},
		"keys of buckets of another account":          {Command: policy.Audit, Keys: []string{key, other}, Account: theirs},
		"a key of the queues where no place is named": {Command: policy.Retry, Keys: []string{other}},
		"a key of an environment of any region":       {Command: policy.Boundary, Account: theirs, Keys: []string{key, other}},
		"a key of another partition, which is named":  {Command: policy.Operate, Partition: "aws-cn", Region: "cn-north-1", Keys: []string{"arn:aws-cn:kms:cn-north-1:111122223333:key/a"}},
		"replicas in another account":                 {Command: policy.Boundary, Account: mine, ReplicaAccount: theirs},
		"the longest name of a stage":                 {Command: policy.Operate, Stage: "abcdefghi0"},
		"a region with more than three parts":         {Command: policy.Retry, Partition: "aws-us-gov", Region: "us-gov-west-1"},
	} {
		o.Side, o.Partition = cmp.Or(o.Side, policy.Both), cmp.Or(o.Partition, "aws")
		_, err := policy.For(o)
		assert.NoError(t, err, name)
	}
}

func TestAFlagThatWouldChangeNothingIsRefused(t *testing.T) {
	assert.EqualError(t, policy.Refuse(policy.Upload, "region"),
		"--region changes nothing of the policy for upload, only of that for doctor, status, console, parked, retry, discard and operate: leave it out; upload takes --partition, --primary, --kms-key and --deletes")
	assert.EqualError(t, policy.Refuse("demo", "deletes"),
		"--deletes changes nothing of the policy for demo, only of that for upload: leave it out; demo takes no flag")
	assert.NoError(t, policy.Refuse(policy.Operate, "region"))
}

func TestAFlagIsTakenWhereItChangesThePolicyAndNowhereElse(t *testing.T) {
	changes := map[string]func(*policy.Options){
		"side": func(o *policy.Options) {
			o.Side = policy.Replica
			if o.Command == policy.Discover {
				o.Side, o.Roles = policy.Caller, []string{role}
			}
		},
		"role":             func(o *policy.Options) { o.Side, o.Roles = policy.Caller, []string{role} },
		"partition":        func(o *policy.Options) { o.Partition = "aws-cn" },
		"primary":          func(o *policy.Options) { o.Primary = "docs" },
		"replica":          func(o *policy.Options) { o.Replicas = []string{"docs-copy"} },
		"kms-key":          func(o *policy.Options) { o.Keys = []string{key} },
		"deletes":          func(o *policy.Options) { o.Deletes = true },
		"replica-kms-key":  func(o *policy.Options) { o.ReplicaKeys = []string{key} },
		"audits":           func(o *policy.Options) { o.Audits = true },
		"head-only":        func(o *policy.Options) { o.HeadOnly = true },
		"level":            func(o *policy.Options) { o.Level = audit.Listed },
		"metadata":         func(o *policy.Options) { o.Metadata = true },
		"locks":            func(o *policy.Options) { o.Locks = true },
		"output":           func(o *policy.Options) { o.Output = pair.Address{Bucket: "evidence"} },
		"stage":            func(o *policy.Options) { o.Stage = "prod" },
		"region":           func(o *policy.Options) { o.Region = "eu-central-1" },
		"account":          func(o *policy.Options) { o.Account = mine },
		"replica-account":  func(o *policy.Options) { o.ReplicaAccount = theirs },
		"tags":             func(o *policy.Options) { o.Tags = true },
		"vpc":              func(o *policy.Options) { o.VPC = true },
		"topic":            func(o *policy.Options) { o.Topic = "arn:aws:sns:eu-central-1:111122223333:oncall" },
		"role-path":        func(o *policy.Options) { o.RolePath = "/platform/" },
		"role-name-prefix": func(o *policy.Options) { o.RoleNamePrefix = "acme-" },
		"boundary":         func(o *policy.Options) { o.Boundary = "arn:aws:iam::aws:policy/b" },
	}
	for _, command := range policy.Commands() {
		plain := policy.Options{Command: command, Stage: "dev"}
		if command == policy.Deploy {
			plain.Side = policy.Primary
		}
		before, err := printed(plain)
		require.NoError(t, err, command)
		for flag, change := range changes {
			changed := plain
			change(&changed)
			d, err := printed(changed)
			what := command + " --" + flag
			switch taken := slices.Contains(policy.Takes(command), "--"+flag); {
			case command == policy.Discover && flag == "partition": // says only of which the roles may be
			case taken:
				require.NoError(t, err, what)
				assert.NotEqual(t, before, d, what)
			case err == nil:
				assert.Equal(t, before, d, what)
			}
			assert.Equal(t, slices.Contains(policy.Takes(command), "--"+flag), policy.Refuse(command, flag) == nil, what)
		}
	}
}

func TestTheOwnerOfReplicasAddsWhatTheLooksNeedAndNoMore(t *testing.T) {
	for name, o := range map[string]policy.Options{
		"owner.json":           {Replicas: []string{"docs-copy"}, ReplicaKeys: []string{other}},
		"owner-of-audits.json": {Replicas: []string{"docs-copy"}, Audits: true},
		"owner-head-only.json": {Replicas: []string{"docs-copy"}, HeadOnly: true},
	} {
		o.Command, o.Partition, o.Stage, o.Account = policy.Owner, "aws", "dev", "111122223333"
		file, err := policy.ForOwner(o)
		require.NoError(t, err)
		var got bytes.Buffer
		require.NoError(t, report.Indented(&got, file))
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
		}
		want, err := os.ReadFile(path) //nolint:gosec // the test's
		require.NoError(t, err)
		assert.Equal(t, string(want), got.String(), name)
	}
	_, err := policy.ForOwner(policy.Options{Partition: "aws", ReplicaKeys: []string{"alias/docs"}})
	assert.ErrorContains(t, err, `--replica-kms-key: "alias/docs" is no ARN of a KMS key`)
	_, err = policy.ForOwner(policy.Options{Partition: "aws", RolePath: "foo"})
	assert.ErrorContains(t, err, `--role-path: "foo" is no path`)
}
