package docs_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/template"
)

const (
	thisAccount  = "123456789012"
	otherAccount = "210987654321"
	someTopic    = "arn:aws:sns:eu-central-1:" + otherAccount + ":topic"
	someKey      = "arn:aws:kms:eu-west-1:" + thisAccount + ":key/"
)

// security are the parameters of a stack: what it needs to resolve at all,
// what turns every optional permission on, and what stands in the place of something needed.
type security struct{ needed, optional, instead map[string]string }

// with are the needed parameters and others.
func (s security) with(others map[string]string) map[string]string {
	all := maps.Clone(s.needed)
	maps.Copy(all, others)
	return all
}

var stacks = map[string]security{
	"template.yaml": {
		map[string]string{"Stage": "stage", "Categories": "category", "AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "Form": "lean"},
		map[string]string{
			"Form": "full", "ReplicaAccount": otherAccount, "StorageEncryption": "SSE-KMS", "ReplicaKmsKeyArn": someKey + "replica",
			"EnvironmentKmsKeyArn": someKey + "environment", "Buckets": "attached-bucket", "ReplicaBuckets": "attached-replica",
			"BucketKeyArns": someKey + "bucket", "ReplicaKeyArns": someKey + "copy", "AlertEvents": "Enabled", "OwnerTag": "team", "ChatAlerts": "Enabled",
			"DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "AuditSchedule": "rate(1 day)", "AuditFindings": "validate", "ScrubDays": "90", "EvidenceDays": "400", "EvidenceLock": "GOVERNANCE", "SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d",
		},
		map[string]string{"AlertEmail": "", "AlertTopicArn": someTopic, "AlertTopicKeyArn": someKey + "topic", "DoctorSchedule": "rate(1 day)", "AuditLevel": "rest"},
	},
	"replica.yaml": {
		map[string]string{"Stage": "stage", "Categories": "category"},
		map[string]string{
			"PrimaryAccount": otherAccount, "AuditLevel": "rest", "StorageEncryption": "SSE-KMS", "ReplicaBuckets": "attached-replica", "ReplicaKeyArns": someKey + "copy",
			"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d",
		},
		nil,
	},
}

// shorten writes what a template resolves to as the document does.
var shorten = strings.NewReplacer(
	someKey+"replica", "ReplicaKmsKeyArn", someKey+"bucket", "BucketKeyArns", someKey+"copy", "ReplicaKeyArns",
	someKey+"topic", "AlertTopicKeyArn", someTopic, "AlertTopicArn",
	"attached-bucket", "Buckets", "attached-replica", "ReplicaBuckets", "arn:*:s3:::", "", someKey+"environment", "EnvironmentKmsKeyArn",
	"arn:aws:lambda:eu-west-1:"+thisAccount, "arn:aws:lambda:<ReplicaRegion>:<replica account>",
	"arn:aws:lambda:eu-west-1:"+otherAccount, "arn:aws:lambda:<ReplicaRegion>:<replica account>",
	"replica-category-"+thisAccount, "replica-<category>-<replica account>",
	"replica-beat-eu-west-1-"+thisAccount, "replica-beat-<ReplicaRegion>-<replica account>",
	"replica-beat-eu-west-1-"+otherAccount, "replica-beat-<ReplicaRegion>-<replica account>",
	"replica-category-"+otherAccount, "replica-<category>-<replica account>",
	"arn:aws:s3:::", "", "arn:aws:iam::", "", "-stage", "-<stage>", "category", "<category>",
	thisAccount, "<account>", otherAccount, "<other account>", "eu-central-1", "<region>", "eu-west-1", "<ReplicaRegion>",
)

// permission is a row of the document, without its reason. What a role may do
// has no principal, and who may take a role stands where its resource would.
type permission struct{ of, who, action, on, condition string }

func joined(values []string) string {
	return shorten.Replace(strings.Join(slices.Sorted(slices.Values(values)), ", "))
}

// fromStatements are the permissions of a policy, one for each action.
func fromStatements(t *testing.T, of string, document any) (all []permission) {
	t.Helper()
	statements, ok := document.(map[string]any)["Statement"].([]any)
	require.True(t, ok, of)
	for _, one := range statements {
		s, ok := one.(map[string]any)
		require.True(t, ok, of)
		p := permission{of: shorten.Replace(of), on: joined(texts(s["Resource"]))}
		p.who = principals(s["Principal"])
		if s["Effect"] == "Deny" {
			p.who = "denied: " + p.who
		}
		p.condition = conditions(s["Condition"])
		actions := texts(s["Action"])
		if s["Sid"] == "Pipeline" { // all that CloudFormation does with a key, in one row
			actions = []string{joined(actions)}
		}
		for _, action := range actions {
			p.action = action
			all = append(all, p)
		}
	}
	return all
}

func principals(of any) string {
	all := texts(of) // "*"
	named, _ := of.(map[string]any)
	for _, names := range named {
		all = append(all, texts(names)...)
	}
	return joined(all)
}

// conditions are key=value, without the operators.
func conditions(of any) string {
	var all []string
	operators, _ := of.(map[string]any)
	for _, operator := range operators {
		for key, value := range operator.(map[string]any) {
			if set, ok := value.(bool); ok {
				value = fmt.Sprint(set)
			}
			all = append(all, key+"="+strings.Join(slices.Compact(texts(value)), " or "))
		}
	}
	return joined(all)
}

// resolved is a template with these parameters, in the primary region.
func resolved(t *testing.T, file string, parameters map[string]string) *template.Stack {
	t.Helper()
	return in(t, file, "aws", "eu-central-1", parameters)
}

// permissions are all that a template grants or denies with these parameters.
func permissions(t *testing.T, file string, parameters map[string]string) (all []permission) {
	t.Helper()
	for _, r := range resolved(t, file, parameters).Resources {
		all = append(all, ofResource(t, r)...)
	}
	return all
}

func ofResource(t *testing.T, r template.Resource) (all []permission) {
	t.Helper()
	switch r.Type {
	case "AWS::IAM::Role":
		assert.NotContains(t, r.Properties, "ManagedPolicyArns", "%s: the tables can't show these", r.LogicalID)
		all = fromStatements(t, r.LogicalID, r.Properties["AssumeRolePolicyDocument"])
		for i := range all {
			all[i].who, all[i].on = "", "by "+all[i].who
		}
		policies, ok := r.Properties["Policies"].([]any)
		require.True(t, ok, r.LogicalID)
		for _, policy := range policies {
			all = append(all, fromStatements(t, r.LogicalID, policy.(map[string]any)["PolicyDocument"])...)
		}
		for i, p := range all {
			if strings.HasPrefix(p.who, "denied: ") { // a role's table has no column for who
				all[i].who, all[i].action = "", "denied: "+p.action
			}
		}
		return all
	case "AWS::IAM::ManagedPolicy": // of one role, like those in the role itself
		roles := texts(r.Properties["Roles"])
		if len(roles) == 0 { // nobody's
			return nil
		}
		require.Len(t, roles, 1, r.LogicalID)
		return fromStatements(t, roles[0], r.Properties["PolicyDocument"])
	case "AWS::KMS::Key":
		return onItself(fromStatements(t, r.LogicalID, r.Properties["KeyPolicy"]))
	case "AWS::Lambda::Permission":
		p := permission{of: r.LogicalID, who: joined(texts(r.Properties["Principal"])), action: fmt.Sprint(r.Properties["Action"])}
		if from := r.Properties["SourceArn"]; from != nil {
			p.condition = "aws:SourceArn=" + joined(texts(from))
		}
		require.Subset(t, []string{"FunctionName", "Action", "Principal", "SourceArn"}, slices.Collect(maps.Keys(r.Properties)), r.LogicalID)
		return []permission{p}
	case "AWS::Serverless::Function", "AWS::Serverless::StateMachine":
		assert.NotEmpty(t, r.Properties["Role"], "%s: SAM would make a role that the tables can't show", r.LogicalID)
	}
	if document, ok := r.Properties["PolicyDocument"]; ok {
		return onItself(fromStatements(t, r.LogicalID, document))
	}
	assert.NotRegexp(t, `^AWS::IAM::|Policy$|Permission$`, r.Type, "%s: the tables can't show this", r.LogicalID)
	return nil
}

// onItself leaves out the resource of a resource's own policy.
func onItself(all []permission) []permission {
	for i := range all {
		all[i].on = ""
	}
	return all
}

// written are the permissions in the document's tables on a template, and those
// of them that stand there as always granted. A heading names a role; the first
// column of the other table names the resource that has the policy.
func written(t *testing.T, file string) (all, always []permission) {
	t.Helper()
	_, section, found := strings.Cut(read(t, "security.md"), "\n## Permissions in "+file+"\n")
	require.True(t, found, file)
	section, _, _ = strings.Cut(section, "\n## ")
	of := ""
	for line := range strings.Lines(section) {
		if heading := regexp.MustCompile("^### (`[^`]+`)?").FindStringSubmatch(line); heading != nil {
			of = heading[1]
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "| \n"), " | ")
		p := permission{of: strings.Trim(of, "`")}
		columns := []*string{&p.action, &p.on, &p.condition}
		if of == "" {
			columns = []*string{&p.of, &p.who, &p.action, &p.condition}
		}
		require.Len(t, cells, len(columns)+2, line)
		for i, column := range columns {
			*column = strings.TrimPrefix(cells[i], "none")
		}
		with, reason := cells[len(columns)], cells[len(columns)+1]
		assert.Greater(t, len(strings.Fields(reason)), 2, "a reason: %s", line)
		all = append(all, p)
		if with == "always" {
			always = append(always, p)
		}
	}
	return all, always
}

func lines(all []permission) (text []string) {
	for _, p := range all {
		text = append(text, fmt.Sprintf("%+v", p))
	}
	slices.Sort(text)
	return slices.Compact(text)
}

func TestEveryPermissionOfTheTemplatesStandsInTheDocumentAndNoOther(t *testing.T) {
	for file, parameters := range stacks {
		t.Run(file, func(t *testing.T) {
			all, always := written(t, file)
			assert.Len(t, lines(all), len(all), "a row stands there twice")
			everything := append(permissions(t, file, parameters.with(parameters.optional)), permissions(t, file, parameters.with(parameters.instead))...)
			assert.Equal(t, lines(everything), lines(all),
				"expected is what %s grants, actual what docs/security.md says: change the table under the role's heading if the grant is meant to change, the template otherwise", file)
			either := lines(permissions(t, file, parameters.with(parameters.instead)))
			granted := slices.DeleteFunc(lines(permissions(t, file, parameters.needed)), func(line string) bool { return !slices.Contains(either, line) })
			assert.Equal(t, granted, lines(always), "what stands there as always granted")
		})
	}
}
