package ministack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local"
)

const project = "../../.."

// stack is what `sam deploy` made, seen through ministack's API.
type stack struct {
	server
	*testing.T
	crossed

	region, replicaRegion string
	outputs               map[string]string
	buckets               []types.Bucket

	s3  *s3.Client
	sqs *sqs.Client
	sfn *sfn.Client
	sns *sns.Client
}

// deploy follows the README: it sets parameters in samconfig.toml of a copy of
// the project, then runs the README's commands there, which AWS would get alike.
func deploy(t *testing.T, s server) *stack {
	t.Helper()
	folder := checkout(t)
	for _, command := range readmeCommands(t) {
		t.Log("$ " + command)
		s.run(t, folder, *sam, strings.Fields(command)[1:]...)
	}
	primary, err := local.Environment(folder, "default")
	require.NoError(t, err)
	replica, err := local.Environment(folder, "replica")
	require.NoError(t, err)
	c := s.config(primary.Region)
	d := &stack{
		server: s, T: t, region: primary.Region, replicaRegion: replica.Region, outputs: map[string]string{},
		s3: s3.NewFromConfig(c), sqs: sqs.NewFromConfig(c), sfn: sfn.NewFromConfig(c), sns: sns.NewFromConfig(c),
	}
	var outputs []struct{ OutputKey, OutputValue string }
	listed := s.run(t, folder, *sam, "list", "stack-outputs", "--stack-name", primary.StackName, "--output", "json")
	require.NoError(t, json.Unmarshal(listed, &outputs))
	for _, o := range outputs {
		d.outputs[o.OutputKey] = o.OutputValue
	}
	d.bridge(alarms)
	made, err := d.s3.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	require.NoError(t, err)
	d.buckets = made.Buckets
	return d
}

// readmeCommands are the first commands of the README's section on deploying.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "README.md"))
	require.NoError(t, err)
	_, deploying, found := strings.Cut(string(text), "\n## Deploy\n")
	require.True(t, found)
	return regexp.MustCompile(`(?m)^sam (build|deploy)( --config-env replica)?$`).FindAllString(deploying, -1)
}

func TestTheReadmeDeploysTheReplicaFirst(t *testing.T) {
	assert.Equal(t, []string{"sam build --config-env replica", "sam build", "sam deploy --config-env replica", "sam deploy"}, readmeCommands(t))
}

// settings are what is set in samconfig.toml, as its readers do: nobody is there
// to confirm, functions run on this machine, and nobody waits for the lag.
var settings = strings.NewReplacer(
	"confirm_changeset = true", "confirm_changeset = false",
	"ReplicaRegion=", "DeliveryDelaySeconds=0 ByteVerification=always ReplicaRegion=",
	"Architecture=x86_64", "Architecture="+architecture,
)

var architecture = map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]

// checkout copies what `sam build` and `sam deploy` need.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, tree := range []string{"internal", "lambdas", "statemachine"} {
		require.NoError(t, os.CopyFS(filepath.Join(folder, tree), os.DirFS(filepath.Join(project, tree))))
	}
	for _, name := range []string{"go.mod", "go.sum", "template.yaml", "replica.yaml", "samconfig.toml"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		switch name {
		case "samconfig.toml":
			text = []byte(settings.Replace(string(text)))
		case "template.yaml":
			text = []byte(plainAlarms(string(text)))
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	return folder
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
	out := d.run(d.T, d.folder, filepath.Join(filepath.Dir(*sam), "aws"), append(words, "--region", d.region, "--output", "json")...)
	if answer != nil {
		require.NoError(d, json.Unmarshal(out, answer))
	}
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
