package ministack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/samconfig"
)

const project = "../../.."

// stack is what `sam deploy` made, seen through ministack's API.
type stack struct {
	server
	*testing.T
	crossed

	checkout              string // the copy of the project that is deployed
	region, replicaRegion string
	outputs               map[string]string
	buckets               []types.Bucket

	s3  *s3.Client
	sqs *sqs.Client
	sfn *sfn.Client
	sns *sns.Client
}

// deploy follows docs/deploy.md: it sets parameters in samconfig.toml of a copy of
// the project, then runs that page's commands there, which AWS would get alike.
func deploy(t *testing.T, s server) *stack {
	t.Helper()
	d := prepare(t, s)
	d.deployBoth()
	return d
}

// deployBoth types the page's commands, and looks at what they made.
func (d *stack) deployBoth() {
	d.Helper()
	for _, command := range deployCommands(d.T, "deploy") {
		d.sam(command)
	}
	d.bridge(alarms)
	for key, value := range d.stackOutputs("default") {
		d.outputs[key] = value
	}
	d.buckets = d.listBuckets()
}

// prepare builds the copy that is deployed.
func prepare(t *testing.T, s server) *stack {
	t.Helper()
	d := &stack{server: s, T: t, checkout: checkout(t, s), outputs: map[string]string{}}
	d.region, d.replicaRegion = d.environment("default").Region, d.environment("replica").Region
	c := s.config(d.region)
	d.s3, d.sqs, d.sfn, d.sns = s3.NewFromConfig(c), sqs.NewFromConfig(c), sfn.NewFromConfig(c), sns.NewFromConfig(c)
	return d
}

// sam runs a line of docs/deploy.md in the copy and gives what it printed.
func (d *stack) sam(line string) string {
	d.Helper()
	d.Log("$ " + line)
	return string(d.run(d.T, d.checkout, *sam, strings.Fields(line)[1:]...))
}

// environment is what the copy's samconfig.toml says of one.
func (d *stack) environment(name string) samconfig.Environment {
	d.Helper()
	e, err := local.Environment(d.checkout, name)
	require.NoError(d, err)
	return e
}

// stackOutputs are those of an environment's stack.
func (d *stack) stackOutputs(environment string) map[string]string {
	d.Helper()
	e := d.environment(environment)
	var listed []struct{ OutputKey, OutputValue string }
	text := d.run(d.T, d.checkout, *sam, "list", "stack-outputs", "--stack-name", e.StackName, "--region", e.Region, "--output", "json")
	require.NoError(d, json.Unmarshal(text, &listed))
	outputs := map[string]string{}
	for _, o := range listed {
		outputs[o.OutputKey] = o.OutputValue
	}
	return outputs
}

func (d *stack) listBuckets() []types.Bucket {
	d.Helper()
	made, err := d.s3.ListBuckets(d.Context(), &s3.ListBucketsInput{})
	require.NoError(d, err)
	return made.Buckets
}

// deployPage is the section of docs/deploy.md under a heading, up to the next.
func deployPage(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "docs", "deploy.md"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n"+heading+"\n")
	require.True(t, found, "docs/deploy.md has no heading %q", heading)
	section, _, _ := strings.Cut(after, "\n##")
	return section
}

// deployCommands are the commands of the page's steps.
func deployCommands(t *testing.T, command string) []string {
	t.Helper()
	return regexp.MustCompile(`(?m)^sam `+command+`( --config-env replica)?$`).FindAllString(deployPage(t, "## By hand"), -1)
}

func TestTheReplicaIsDeployedFirst(t *testing.T) {
	assert.Equal(t, []string{"sam build --config-env replica", "sam build"}, deployCommands(t, "build"))
	assert.Equal(t, []string{"sam deploy --config-env replica", "sam deploy"}, deployCommands(t, "deploy"))
}

// settings are what is set in samconfig.toml, as its readers do: who is told. Nobody is there
// to confirm, functions run on this machine, and nobody waits for the lag.
var settings = strings.NewReplacer(
	"confirm_changeset = true", "confirm_changeset = false",
	"ReplicaRegion=", "AlertEmail=oncall@autobackup.test AuditLevel=rest DeliveryDelaySeconds=0 ByteVerification=always ReplicaRegion=",
	"Architecture=x86_64", "Architecture="+architecture,
	`overrides = "Stage=prod`, `overrides = "Stage=prod Architecture=`+architecture,
)

// cameWith is samconfig.toml with the regions that it came with, which the documents'
// commands have, whatever people have set.
func cameWith(t *testing.T, text string) string {
	t.Helper()
	var own []string
	for _, name := range []string{"default", "replica"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		own = append(own, environment.Region)
	}
	return strings.NewReplacer(own[0], documented.region, own[1], documented.replica).Replace(text)
}

// set gives parameters to an environment of the copy, as its readers do: in samconfig.toml.
func (d *stack) set(environment string, assignments ...string) {
	d.Helper()
	path := filepath.Join(d.checkout, "samconfig.toml")
	text, err := os.ReadFile(path)
	require.NoError(d, err)
	head := "[" + environment + ".global.parameters]"
	before, after, found := strings.Cut(string(text), head)
	require.True(d, found, head)
	line := regexp.MustCompile(`(?m)^(parameter_overrides = ".*)"$`).FindStringSubmatch(after)
	require.NotNil(d, line)
	after = strings.Replace(after, line[0], line[1]+" "+strings.Join(assignments, " ")+`"`, 1)
	require.NoError(d, os.WriteFile(path, []byte(before+head+after), 0o600))
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		require.Equal(d, value, d.environment(environment).ParameterOverrides[name])
	}
}

var architecture = map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]

// shared is a copy of the project with what that page's commands build of it, once
// for all tests. TestMain makes the folder.
var (
	shared   string
	built    bool
	building sync.Mutex
)

// checkout is a copy of the project, built, of which a test deploys and that it changes.
func checkout(t *testing.T, s server) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if !built {
		copyProject(t, shared)
		for _, command := range deployCommands(t, "build") {
			t.Log("$ " + command)
			s.run(t, shared, *sam, strings.Fields(command)[1:]...)
		}
		built = true
	}
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(shared)))
	return folder
}

// copyProject copies what `sam build` and `sam deploy` need.
func copyProject(t *testing.T, folder string) {
	t.Helper()
	for _, tree := range []string{"cmd", "internal", "lambdas", "local", "statemachine"} {
		require.NoError(t, os.CopyFS(filepath.Join(folder, tree), os.DirFS(filepath.Join(project, tree))))
	}
	for _, name := range []string{"go.mod", "go.sum", "template.go", "template.yaml", "replica.yaml", "samconfig.toml"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		switch name {
		case "samconfig.toml":
			text = []byte(settings.Replace(cameWith(t, string(text))))
		case "template.yaml":
			text = []byte(plainAlarms(string(text)))
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
}

// Alarms on several metrics and composite alarms.
var (
	manyMetrics = regexp.MustCompile(`(?m)^( +)Metrics:\n( +- Id: )`)
	composite   = regexp.MustCompile(`(?m)^( +)AlarmRule:`)
)

// plainAlarms makes alarms of one metric, which ministack can create, of those
// that it can't. What they refer to stays.
func plainAlarms(template string) string {
	const metric = "${1}MetricName: none\n${1}Namespace: none\n"
	template = strings.ReplaceAll(template, "Type: AWS::CloudWatch::CompositeAlarm\n", "Type: AWS::CloudWatch::Alarm\n")
	template = composite.ReplaceAllString(template, metric+"${1}ComparisonOperator: GreaterThanThreshold\n${1}Threshold: 0\n${1}AlarmRule:")
	return manyMetrics.ReplaceAllString(template, metric+"${1}Combined:\n${2}")
}

// aws runs a command of the AWS CLI, which is installed beside SAM's.
func (d *stack) aws(answer any, words ...string) {
	d.Helper()
	out := d.run(d.T, d.folder, "aws", append(words, "--region", d.region, "--output", "json")...)
	if answer != nil {
		require.NoError(d, json.Unmarshal(out, answer))
	}
}

// ask runs a command of the AWS CLI in an environment's region and gives its answer as
// text, without the line's end.
func (d *stack) ask(environment string, words ...string) string {
	d.Helper()
	words = append(words, "--region", d.environment(environment).Region, "--output", "text")
	return strings.TrimSpace(string(d.run(d.T, d.folder, "aws", words...)))
}

// describe is what CloudFormation says of an environment's stack.
func (d *stack) describe(environment, what string) string {
	d.Helper()
	return d.ask(environment, "cloudformation", "describe-stacks", "--stack-name", d.environment(environment).StackName, "--query", "Stacks[0]."+what)
}

// bucket is the name of a deployed bucket; empty: there is none.
func (d *stack) bucket(side, category string) string {
	for _, b := range d.buckets {
		if strings.Contains(aws.ToString(b.Name), "-"+side+"-"+category+"-") {
			return aws.ToString(b.Name)
		}
	}
	return ""
}
