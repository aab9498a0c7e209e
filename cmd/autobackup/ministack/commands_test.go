package ministack_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page is a document, with the blocks that people paste from it.
type page struct {
	name   string
	blocks []string
}

// fence is a block of commands, which a list may indent.
var fence = regexp.MustCompile("(?ms)^( *)```(?:sh|console)\n(.*?)^ *```")

// pages are all documents that have commands. The one on deploying comes last, because it
// destroys the stacks at its end.
func pages(t *testing.T) (all []page) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(project, pattern))
		require.NoError(t, err)
		files = append(files, found...)
	}
	last := filepath.Join(project, "docs", "deploy.md")
	files = append(slices.DeleteFunc(files, func(file string) bool { return file == last }), last)
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // the project's
		require.NoError(t, err)
		p := page{name: strings.TrimPrefix(file, project+"/")}
		for _, found := range fence.FindAllStringSubmatch(string(text), -1) {
			p.blocks = append(p.blocks, regexp.MustCompile("(?m)^"+found[1]).ReplaceAllString(found[2], ""))
		}
		if len(p.blocks) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// untyped are the commands that are not typed here, by a piece of the line, with the file
// that types or holds them and what shows there.
var untyped = []struct{ line, file, shows, why string }{
	{"sam build", "cmd/autobackup/ministack/deploy_test.go", "deployCommands(", "this package's deployments type it"},
	{"sam deploy", "cmd/autobackup/ministack/deploy_test.go", "deployCommands(", "this package's deployments type it"},
	{"--region $where --stack-name $failed", "cmd/autobackup/ministack/first_test.go", "d.bash(remove)", "it is for a deployment that failed, and typed there"},
	{".ci/package .aws-sam/packaged", "cmd/autobackup/ministack/package_test.go", "## Without SAM", "a test of its own deploys so"},
	{"export CGO_ENABLED=0", ".ci/run", "CGO_ENABLED=0", "it is for the builds"},
	{"sam validate --lint", ".ci/run", "validate --lint --config-env", "the gate types it for each environment"},
	{"sam local invoke", ".ci/invoke", "sam local invoke {", "the gate types it for each sample"},
	{"go run ./cmd/autobackup serve", ".ci/invoke", `["go run ./cmd/autobackup serve"]`, "the gate types it, with what follows it"},
	{"machine=arn:aws:states:eu-central-1:123456789012:", ".ci/invoke", "validated, [endpoint[0], *looking], environment", "the same"},
	{"execution=$(aws stepfunctions list-executions --region eu-central-1 ", ".ci/invoke", "validated, [endpoint[0], *looking], environment", "the same"},
	{"aws stepfunctions describe-execution --region eu-central-1 ", ".ci/invoke", "validated, [endpoint[0], *looking], environment", "the same"},
	{"unset AWS_ENDPOINT_URL", "docs/local.md", "unset AWS_ENDPOINT_URL", "it is a word of the shell's, for what was typed elsewhere"},
	{`eval "$(go run ./cmd/autobackup serve --env)"`, ".ci/invoke", `eval "$(go run `, "the same"},
	{`remote=":s3,`, "cmd/autobackup/serve/calls_test.go", `"docs", "local.md"`, "it is typed there, against both local stacks"},
	{"rclone copy events ", "cmd/autobackup/serve/calls_test.go", "sh -ec", "the same"},
	{"s3://autobackup-dev-primary-documents-123456789012/", ".ci/invoke", "*typed(endpoint, environment)", "the same"},
	{"bin/autobackup audit s3://acme-invoices", "cmd/autobackup/audit/readme_test.go", "asTyped", "it is typed there, against the local S3 with these buckets"},
	{"primary=acme-invoices", "cmd/autobackup/audit/commands_test.go", `"../../../docs/audit.md"`, "it is typed there, against the local S3 with these buckets"},
	{"replica=acme-invoices-dr", "cmd/autobackup/audit/commands_test.go", `"replica": replica`, "the same"},
	{"autobackup audit s3://$primary", "cmd/autobackup/audit/commands_test.go", "cli.Run(words[1:]", "the same"},
	{"autobackup audit --stage", "cmd/autobackup/cli/auditstage_test.go", `"../../../docs/audit.md"`, "it is typed there, against both local stacks: ministack keeps no replication rules"},
	{"autobackup attach s3://acme-invoices", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "it is typed there, against both local stacks beside these buckets: ministack keeps no replication rules"},
	{"autobackup attach --stage dev --apply", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "the same"},
	{"autobackup detach s3://acme-invoices", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "the same"},
	{"autobackup policy attach", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "the same"},
	{"autobackup policy owner", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "the same"},
	{"autobackup doctor --stage", "cmd/autobackup/cli/doctor_test.go", `"../../../docs/doctor.md"`, "it is typed there, against both local stacks: ministack knows neither replication rules nor how a subscription was confirmed"},
	{"autobackup policy doctor", "cmd/autobackup/cli/doctor_test.go", `"../../../docs/doctor.md"`, "the same"},
	{"autobackup status --stage", "cmd/autobackup/cli/status_test.go", `"../../../docs/console.md"`, "it is typed there, for the same reasons"},
	{"autobackup console --stage", "cmd/autobackup/cli/console_test.go", `"../../../docs/console.md"`, "the same"},
	{"autobackup policy console", "cmd/autobackup/cli/status_test.go", `"../../../docs/console.md"`, "the same"},
	{"autobackup policy status", "cmd/autobackup/cli/status_test.go", `"../../../docs/console.md"`, "the same"},
	{"aws logs tail /aws/lambda/autobackup-doctor-", "cmd/autobackup/doctor/schedule_test.go", "w.comes()", "the stage here has no schedule, and so no such log; what it would show is held there"},
	{"find evidence", "docs/evidence_test.go", "inBash(t, block)", "it is typed there, in the sample of evidence: no stack writes any"},
	{"diff there named", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"last=first", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"  last=$(sha256sum ", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"  said=$(jq ", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"does not follow on the one before", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"the counts do not sum", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"done\n", "docs/evidence_test.go", "inBash(t, block)", "the same"},
	{"autobackup evidence verify .", "docs/evidence_test.go", `typed(t, "evidence", "verify", ".")`, "the same"},
	{"autobackup evidence report .", "docs/evidence_test.go", `"evidence", "report", "."`, "the same"},
	{"autobackup parked --", "cmd/autobackup/cli/retry_test.go", "(?:parked|retry|discard)", "it is typed there, against the local stack: it is 1 where something is parked"},
	{"autobackup retry --", "cmd/autobackup/cli/retry_test.go", "(?:parked|retry|discard)", "the same: it asks, and would take what is pasted after it for the answer"},
	{"autobackup discard --", "cmd/autobackup/cli/retry_test.go", "(?:parked|retry|discard)", "the same"},
	{"autobackup policy detach", "cmd/autobackup/cli/adopt_test.go", `"../../../docs/adopt.md"`, "the same"},
	{"AUDIT_MODEL_PAIRS=1000000", "cmd/autobackup/audit/report_test.go", `pairsEnv = "AUDIT_MODEL_PAIRS"`, "it takes many minutes; go test runs it with fewer"},
	{"TestScenariosThatWereKept", "local/everyfault_test.go", "func TestScenariosThatWereKept", "go test plays them"},
	{"-every-fault", "local/everyfault_test.go", `flag.Bool("every-fault"`, "it takes minutes; go test tries a share"},
	{"-every-pair", "local/everypair_test.go", `flag.Bool("every-pair"`, "it takes hours; go test tries a share"},
	{"TestManyFaults -schedules", ".ci/run", "TestManyFaults -schedules 100\n", "it takes many minutes; the gate types it with fewer"},
	{"TestTheShareOfFaultsFindsEachPatch -seeded", ".ci/run", "TestTheShareOfFaultsFindsEachPatch -seeded\n", "the gate types it"},
	{"go test ./...", ".ci/run", "\ngo test ./...\n", "the gate types it"},
	{"go install github.com/minio/minio@", ".ci/run", "go_install minio", "it takes minutes; the gate does the same, once"},
	{"go test ./internal/replication", ".ci/run", "go test -count=1 ./internal/replication\n", "the gate types it"},
	{"TestConformanceOfMinIO", ".ci/run", "-run TestConformanceOfMinIO", "the gate types it"},
	{"TestConformanceOfTheEnvironment", "local/s3/conformance_test.go", "AUTOBACKUP_S3_REGIONS", "it needs an account; TestConformanceOfMinIO sets the same variables"},
	{"bench/run --peers --write", "bench/run", "--peers)", "it takes half an hour; the gate types it with --small"},
}

// isUntyped says whether every line of a block is typed elsewhere.
func isUntyped(block string, used map[string]bool) bool {
	for line := range strings.Lines(block) {
		at := -1
		for i, e := range untyped {
			if strings.Contains(line, e.line) {
				at = i
			}
		}
		if at < 0 {
			return false
		}
		used[untyped[at].line] = true
	}
	return true
}

func TestWhatIsTypedElsewhereIsThere(t *testing.T) {
	used := map[string]bool{}
	for _, p := range pages(t) {
		for _, block := range p.blocks {
			isUntyped(block, used)
		}
	}
	for _, e := range untyped {
		assert.True(t, used[e.line], "no document has %q any more", e.line)
		text, err := os.ReadFile(filepath.Join(project, e.file))
		require.NoError(t, err)
		assert.Contains(t, string(text), e.shows, "%s no longer has what stands for %s", e.file, e.line)
	}
}

// place is where commands are typed: a stage that is deployed there.
type place struct{ stage, region, replica string }

// documented is the place that the documents' blocks name in their first lines.
var documented = place{"dev", "eu-central-1", "eu-west-1"}

// moved is a block with the first lines that say where changed, as a reader changes them.
func (p place) moved(block string) string {
	return strings.NewReplacer("region="+documented.region+"\n", "region="+p.region+"\n",
		"replica="+documented.replica+"\n", "replica="+p.replica+"\n", "stage="+documented.stage+"\n", "stage="+p.stage+"\n").Replace("\n" + block)[1:]
}

// quiet are commands that may have nothing to tell, and why.
var quiet = []struct{ words, why string }{
	{"aws sqs delete-message", "it prints nothing"},
	{"aws sns unsubscribe", "it prints nothing"},
	{"aws cloudwatch set-alarm-state", "it prints nothing"},
	{"aws cloudformation delete-stack", "it prints nothing"},
	{"aws cloudformation wait", "it prints nothing"},
	{"aws cloudformation describe-stack-events", "nothing failed here"},
	{"aws cloudformation describe-events", "nothing failed here"},
	{"aws lambda get-function-concurrency", "it prints nothing where none is reserved"},
	{"aws logs tail", "a log without errors is what one hopes for"},
	{"aws s3api list-object-versions", "nothing was uploaded in the text's minutes"},
	{"ReplicationStatus", "ministack does not replicate"},
	{"aws sqs send-message", "its answer has no text"},
	{"sleep", "it prints nothing"},
	{"gh variable", "it prints nothing where nobody looks at a terminal"},
	{"gh api --method DELETE", "it prints nothing"},
	{"go build", "it prints nothing"},
	{"aws s3api put-object", "its answer has no text"},
}

// typist types the documents' commands in one shell, at one place.
type typist struct {
	*testing.T
	server
	place
	endpoint *endpoint
	shell    string
	working  string
	github   []string // environment of gh
	machine  string
	topic    string
	untyped  map[string]bool
}

// occurs finds the programs that a block starts.
var occurs = regexp.MustCompile(`(?m)(?:^\s*|\$\(|&& |; |\| |do )(aws|go|gh) [a-z]`)

func (y *typist) page(p page) {
	y.Helper()
	s := open(y.T, y.shell, y.working, append([]string{"AWS_ENDPOINT_URL=" + y.endpoint.url}, y.github...)...)
	for _, block := range p.blocks {
		if isUntyped(block, y.untyped) {
			continue
		}
		text := y.fill(y.moved(block))
		calls, shown, code := s.paste(y.T, text)
		assert.True(y, asItShould(text, shown, code), "%s: the last command of this fails in %s:\n%s\nIt showed:\n%s", p.name, y.shell, text, shown)
		assert.NotRegexp(y, `(?m)^(zsh|bash): `, shown, "%s: %s does not understand this:\n%s", p.name, y.shell, text)
		assert.GreaterOrEqual(y, len(calls), len(occurs.FindAllString(text, -1)), "%s: something of this was not run in %s:\n%s\nIt showed:\n%s", p.name, y.shell, text, shown)
		for _, c := range calls {
			y.call(p, c)
		}
	}
}

// asItShould says whether a command ended well. That of discover is 1 where it found blind
// spots, and these buckets are some: then it shows its result.
func asItShould(command, shown string, code int) bool {
	if code == 1 && strings.Contains(command, "autobackup discover") {
		return strings.Contains(shown, "exit code 1") || strings.Contains(shown, `"exit": 1`)
	}
	return code == 0
}

// call checks what a typed command did.
func (y *typist) call(p page, c invocation) {
	y.Helper()
	assert.True(y, asItShould(c.String(), c.out, c.code), "%s: %s\n%s", p.name, c, c.err)
	told := strings.TrimSpace(c.out)
	if !slices.ContainsFunc(quiet, func(q struct{ words, why string }) bool { return strings.Contains(c.String(), q.words) }) {
		assert.NotContains(y, []string{"", "None", "null", "[]"}, told, "%s: %s has nothing to tell, and nobody sees why", p.name, c)
	}
	if c.words[0] != "aws" {
		return
	}
	assert.Empty(y, c.pager, "%s: a pager would take what is pasted after %s", p.name, c)
	assert.Contains(y, c.words, "--region", "%s: %s would be about the region that happens to be configured", p.name, c)
	hold(y.T, c)
	for i, word := range c.words[:len(c.words)-1] { // what a shell makes of $name:x may still be an answer about nothing
		if strings.HasPrefix(word, "--") && strings.HasSuffix(word, "-arn") {
			assert.Regexp(y, `^arn:aws:[a-z]+:(`+y.region+`|`+y.replica+`):`+account+`:\S+$`, c.words[i+1], "%s: %s", p.name, c)
		}
	}
	if y.place == documented {
		return
	}
	for _, word := range c.words {
		assert.NotRegexp(y, `-`+documented.stage+`\b|\b`+documented.region+`|`+documented.replica, word, "%s: %s is about another stage or region than the page's first lines", p.name, c)
	}
}

// queue names the queue of a command.
var queue = regexp.MustCompile(`--queue-url \$url/(\S+)-\$stage`)

// fill puts real values in the place of what a reader is to fill in.
func (y *typist) fill(block string) string {
	y.Helper()
	for _, found := range queue.FindAllStringSubmatch(block, -1) {
		switch {
		case strings.Contains(block, "receive-message"):
			y.send(found[1] + "-" + y.stage)
		case strings.Contains(block, "HANDLE"):
			block = strings.ReplaceAll(block, "HANDLE", y.receive(found[1]+"-"+y.stage))
		}
	}
	const key = "it is a key.txt"
	primary, replica := y.bucket("primary"), y.bucket("replica")
	if strings.Contains(block, "file://version.json") {
		y.file("version.json", map[string]string{"Bucket": primary, "Key": key, "VersionId": y.object(y.region, primary, key)})
		y.file("replica-version.json", map[string]string{"Bucket": replica, "Key": key, "VersionId": y.object(y.replica, replica, key)})
	}
	for _, x := range []struct {
		command, placeholder string
		value                func() string
	}{
		{"describe-execution", "ARN", y.execution},
		{"sns", "--subscription-arn ARN", func() string { return "--subscription-arn " + y.subscription() }},
		{"gh variable", "--body ARN", func() string { return "--body arn:aws:iam::" + account + ":role/a-role" }},
		{"confirm-subscription", "TOKEN", func() string { return "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92" }},
		{"head-object", "'KEY'", func() string { return "'" + key + "'" }},
		{"head-object", "VERSION", func() string { return y.object(y.region, primary, key) }},
		{"gh api", "OWNER/NAME", func() string { return "owner/name" }},
		{"Repository", "OWNER/NAME", func() string { return "owner/name" }},
		{"demo", "DIR", func() string { return "events" }},
	} {
		if strings.Contains(block, x.command) && strings.Contains(block, x.placeholder) {
			block = strings.ReplaceAll(block, x.placeholder, x.value())
		}
	}
	assert.NotRegexp(y, `[^A-Z_](ARN|TOKEN|HANDLE|KEY|VERSION|OWNER|NAME|DIR)[^A-Z_=]`, block, "nobody fills this in")
	return block
}

func (y *typist) bucket(side string) string {
	return fmt.Sprintf("autobackup-%s-%s-documents-%s", y.stage, side, account)
}

// send puts a message into a queue.
func (y *typist) send(name string) (client *sqs.Client, url *string) {
	y.Helper()
	client = sqs.NewFromConfig(y.config(y.region))
	named, err := client.GetQueueUrl(y.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	require.NoError(y, err)
	_, err = client.SendMessage(y.Context(), &sqs.SendMessageInput{QueueUrl: named.QueueUrl, MessageBody: aws.String("typed")})
	require.NoError(y, err)
	return client, named.QueueUrl
}

// receive gives the receipt handle of a message in a queue.
func (y *typist) receive(name string) string {
	y.Helper()
	client, url := y.send(name)
	out, err := client.ReceiveMessage(y.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 2})
	require.NoError(y, err)
	require.NotEmpty(y, out.Messages, name)
	return aws.ToString(out.Messages[0].ReceiptHandle)
}

// object uploads an object and gives its version id.
func (y *typist) object(region, bucket, key string) string {
	y.Helper()
	client := s3.NewFromConfig(y.config(region), func(o *s3.Options) { o.UsePathStyle = true })
	out, err := client.PutObject(y.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("typed")})
	require.NoError(y, err)
	return aws.ToString(out.VersionId)
}

func (y *typist) file(name string, content map[string]string) {
	y.Helper()
	text, err := json.Marshal(content)
	require.NoError(y, err)
	require.NoError(y, os.WriteFile(filepath.Join(y.working, name), text, 0o600))
}

// execution is one that has ended.
func (y *typist) execution() string {
	y.Helper()
	client := sfn.NewFromConfig(y.config(y.region))
	out, err := client.ListExecutions(y.Context(), &sfn.ListExecutionsInput{StateMachineArn: &y.machine})
	require.NoError(y, err)
	if len(out.Executions) > 0 {
		return aws.ToString(out.Executions[0].ExecutionArn)
	}
	input := `[{"messageId":"059f36b4-87a3-44ab-83d2-661975960001","body":"typed","attributes":{"SentTimestamp":"1767225600000"},"eventSource":"aws:sqs"}]`
	started, err := client.StartExecution(y.Context(), &sfn.StartExecutionInput{StateMachineArn: &y.machine, Input: &input})
	require.NoError(y, err)
	require.Eventually(y, func() bool {
		x, err := client.DescribeExecution(y.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		return err == nil && x.Status == "SUCCEEDED"
	}, patience, 100*time.Millisecond)
	return aws.ToString(started.ExecutionArn)
}

// subscription is that of an e-mail address.
func (y *typist) subscription() string {
	y.Helper()
	client := sns.NewFromConfig(y.config(y.region))
	made, err := client.Subscribe(y.Context(), &sns.SubscribeInput{TopicArn: &y.topic, Protocol: aws.String("email"), Endpoint: aws.String("typed@example.com"), ReturnSubscriptionArn: true})
	require.NoError(y, err)
	return aws.ToString(made.SubscriptionArn)
}

// github answers what the documents ask of GitHub.
func github(t *testing.T) (environment []string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch path := strings.TrimPrefix(q.URL.Path, "/api/v3"); {
		case q.Method == http.MethodGet && path == "/repos/owner/name/actions/oidc/customization/sub":
			_, _ = w.Write([]byte(`{"use_default":true}`))
		case q.Method == http.MethodPost && path == "/api/graphql": // which repository it is
			_, _ = w.Write([]byte(`{"data":{"repo_000":{"databaseId":7}}}`))
		case q.Method == http.MethodPost && (path == "/repos/owner/name/actions/variables" || path == "/repositories/7/environments/prod/variables"):
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte("{}"))
		case q.Method == http.MethodDelete && (path == "/repos/owner/name/actions/variables/PLAN_ROLE_ARN" || path == "/repos/owner/name/environments/prod"):
			w.WriteHeader(http.StatusNoContent)
		default:
			http.Error(w, "the test does not know "+q.Method+" "+q.URL.Path, http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	certificate := filepath.Join(t.TempDir(), "certificate.pem")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	host := server.Listener.Addr().String()
	return []string{"GH_HOST=" + host, "GH_REPO=" + host + "/owner/name", "GH_ENTERPRISE_TOKEN=token", "GH_CONFIG_DIR=" + t.TempDir(), "SSL_CERT_FILE=" + certificate}
}

// clone is the project as people have it, for what is typed in its folder.
func clone(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	entries, err := os.ReadDir(project)
	require.NoError(t, err)
	for _, e := range entries {
		from, to := filepath.Join(project, e.Name()), filepath.Join(folder, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), ".") || e.Name() == "bin":
		case e.IsDir():
			require.NoError(t, os.CopyFS(to, os.DirFS(from)))
		default:
			text, err := os.ReadFile(from) //nolint:gosec // the project's
			require.NoError(t, err)
			if e.Name() == "pipeline.yaml" { // ministack knows no identity providers
				text = bytes.ReplaceAll(text, []byte("AWS::IAM::OIDCProvider"), []byte("AWS::SNS::Topic"))
			}
			require.NoError(t, os.WriteFile(to, text, 0o600))
		}
	}
	return folder
}

// another is another stage, in other regions.
var another = place{"prod", "us-east-2", "us-west-2"}

// deployAnother deploys both stacks as docs/deploy.md says for another stage, into other regions.
func (s server) deployAnother(t *testing.T) {
	t.Helper()
	folder := checkout(t, s)
	path := filepath.Join(folder, "samconfig.toml")
	text, err := os.ReadFile(path) //nolint:gosec // the test's
	require.NoError(t, err)
	dev, prod, found := strings.Cut(string(text), "[prod.global.parameters]")
	require.True(t, found)
	prod = strings.NewReplacer(documented.region, another.region, documented.replica, another.replica).Replace(prod)
	require.NoError(t, os.WriteFile(path, []byte(dev+"[prod.global.parameters]"+prod), 0o600))
	for _, words := range append(deployCommands(t, "build"), deployCommands(t, "deploy")...) {
		words, replica := strings.CutSuffix(words, " --config-env replica")
		environment := "prod"
		if replica {
			environment = "replica-prod"
		}
		s.run(t, folder, *sam, append(strings.Fields(words)[1:], "--config-env", environment)...)
	}
}

// TestEveryCommandWorksAsItIsTyped types the commands of all texts, in bash and zsh, in two
// stages and four regions: as they stand in the first place, with nothing changed but the
// lines that say where in the other.
func TestEveryCommandWorksAsItIsTyped(t *testing.T) {
	needed(t)
	t.Parallel()
	r := &replication{rules: rules(t)}
	d := deploy(t, start(t, r.serve(t)))
	r.d = d
	s := d.server
	s.deployAnother(t)
	e := newEndpoint(t, s)
	folder, hub := clone(t), github(t)
	in := func(t *testing.T, where place, shell string) *typist {
		return &typist{T: t, server: s, place: where, endpoint: e, shell: shell, working: folder, github: hub, untyped: map[string]bool{},
			machine: fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:autobackup-validation-%s", where.region, account, where.stage),
			topic:   fmt.Sprintf("arn:aws:sns:%s:%s:autobackup-failure-topic-%s", where.region, account, where.stage),
		}
	}
	t.Run("where nothing is deployed, every page says so", func(t *testing.T) {
		y := in(t, place{"dev", "ap-southeast-2", "ap-southeast-4"}, "bash")
		for _, p := range pages(t) {
			y.nowhere(p)
		}
	})
	t.Run("the e-mails", func(t *testing.T) { in(t, another, "zsh").mails() })
	t.Run("side by side", func(t *testing.T) {
		t.Run("as they stand, in zsh", func(t *testing.T) {
			t.Parallel()
			in(t, documented, "zsh").everyPage()
		})
		t.Run("with another place in their first lines, in bash", func(t *testing.T) {
			t.Parallel()
			in(t, another, "bash").everyPage()
		})
	})
	e.check()
}

func (y *typist) everyPage() {
	y.Helper()
	y.execution()
	y.help()
	for _, p := range pages(y.T) {
		y.page(p)
	}
}

// help types every command of the program's help with every option that the help lists.
func (y *typist) help() {
	y.Helper()
	text := func(command ...string) string {
		out, err := exec.Command("go", append([]string{"run", project + "/cmd/autobackup", "--help"}, command...)...).Output() //nolint:gosec,noctx // the project's
		require.NoError(y, err)
		return string(out)
	}
	values := strings.NewReplacer("=REGION,...", "="+y.replica, "--accounts=FILE", "--accounts=accounts.txt", "=ROLE", "=a-role", "=ID", "=an-id", "=REGION", "="+y.region, `="dev"`, "="+y.stage, "=FILE", "=ledger.json", "--keep=DIR", "--keep=kept", "=DIR", "=events",
		"=NAME=VALUE", "=ByteVerification=always", `"`, "")
	require.NoError(y, os.WriteFile(filepath.Join(y.working, "accounts.txt"), []byte("210987654321 # another\n"), 0o600))
	p := page{name: "the program's help", blocks: []string{"go run ./cmd/autobackup --help"}}
	commands := regexp.MustCompile(`(?m)^  (\w+) \[flags\]$`).FindAllStringSubmatch(text(), -1)
	require.NotEmpty(y, commands)
	for _, command := range commands {
		line := "go run ./cmd/autobackup " + command[1]
		p.blocks = append(p.blocks, line+" --help")
		for _, option := range regexp.MustCompile(`(?m)^ +(?:-\w, )? *(--[a-z-]+\S*)`).FindAllStringSubmatch(text(command[1]), -1) {
			if option[1] != "--help" {
				line += " " + values.Replace(option[1])
			}
		}
		p.blocks = append(p.blocks, line)
	}
	y.page(p)
}

// nowhere types the first command of a page where its stack is not, and all of the commands
// that delete stacks.
func (y *typist) nowhere(p page) {
	y.Helper()
	begun := false
	s := open(y.T, y.shell, y.working, "AWS_ENDPOINT_URL="+y.endpoint.url)
	for _, block := range p.blocks {
		block = y.moved(block)
		switch {
		case !strings.Contains(block, "aws ") || isUntyped(block, y.untyped):
			continue
		case strings.Contains(block, "cloudformation deploy"): // makes what is not there
			begun = true
			continue
		case strings.Contains(block, "\nregion="), strings.HasPrefix(block, "region="):
			begun = true
			if !strings.Contains(block, "replica-$stage") && !strings.Contains(block, "delete-stack") {
				block = regexp.MustCompile(`(?ms)\A.*?^[^\n]*aws [^\n]*\n`).FindString(block)
			}
		case !strings.Contains(block, "delete-stack"):
			assert.True(y, begun, "%s: this would be about the stack of another page:\n%s", p.name, block)
			continue
		}
		calls, shown, _ := s.paste(y.T, block)
		assert.NotEmpty(y, calls, p.name)
		for _, c := range calls {
			assert.NotZero(y, c.code, "%s: %s is silently about nothing:\n%s", p.name, c, shown)
		}
		if !strings.Contains(block, "delete-stack") {
			assert.Contains(y, shown, "does not exist", "%s: what is wrong with\n%s", p.name, block)
		}
	}
}

// mails types the commands of the e-mails, each once; those that stand in their sentences
// are held against the services' models.
func (y *typist) mails() {
	y.Helper()
	s := open(y.T, y.shell, y.working, "AWS_ENDPOINT_URL="+y.endpoint.url)
	y.send("autobackup-validation-dlq-" + y.stage)
	lines := regexp.MustCompile(`(?m)^    ((?:aws|export|version=|copy=).*)\n`)
	named := regexp.MustCompile(`\baws (s3api|sqs) ([a-z-]+)`)
	typed := map[string]bool{}
	for name, text := range y.mailed() {
		s.paste(y.T, "unset AWS_PAGER")
		for _, found := range named.FindAllString(text, -1) {
			hold(y.T, invocation{words: strings.Fields(found)})
		}
		for _, found := range lines.FindAllStringSubmatch(text, -1) {
			line := found[1]
			if typed[line] && strings.HasPrefix(line, "aws") && !strings.Contains(line, "$") {
				continue
			}
			typed[line] = true
			calls, shown, code := s.paste(y.T, line)
			assert.Zero(y, code, "%s: %s\n%s", name, line, shown)
			for _, c := range calls {
				hold(y.T, c)
				assert.True(y, c.pager == "" || c.words[1] == "sqs", "%s: a pager would take what is pasted after %s", name, c)
				assert.NotEmpty(y, c.out, "%s: %s has nothing to tell", name, c)
			}
		}
	}
	assert.Greater(y, len(typed), 30)
}

// mailed are the golden e-mails of failure-notifier, and the workflow's own, as if they were
// about this place.
func (y *typist) mailed() map[string]string {
	y.Helper()
	there := strings.NewReplacer("https://sqs.eu-central-1.amazonaws.com/123456789012", y.endpoint.url+"/"+account, "123456789012", account,
		documented.region, y.region, documented.replica, y.replica)
	files, err := filepath.Glob(filepath.Join(project, "internal", "alert", "testdata", "*.txt"))
	require.NoError(y, err)
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // the project's
		require.NoError(y, err)
		texts[filepath.Base(file)] = there.Replace(string(text))
	}
	workflow, err := os.ReadFile(filepath.Join(project, "statemachine", "validate.asl.json"))
	require.NoError(y, err)
	arn := fmt.Sprintf("arn:aws:sqs:%s:%s:", y.region, account)
	texts["the workflow's"] = strings.NewReplacer(`\n   aws`, "\n    aws", `\n`, "\n", "${Region}", y.region,
		"${ValidationDLQUrl}", y.endpoint.url+"/"+account+"/autobackup-validation-dlq-"+y.stage,
		"${ValidationDLQArn}", arn+"autobackup-validation-dlq-"+y.stage, "${ValidationQueueArn}", arn+"autobackup-validation-queue-"+y.stage).Replace(string(workflow))
	require.Contains(y, texts["the workflow's"], "\n    aws sqs ")
	return texts
}

func TestAMistypedEnvironmentEndsAsItsCommentSays(t *testing.T) {
	if *sam == "" {
		t.Skip("needs the SAM CLI, which .ci/run installs: bash .ci/run")
	}
	folder := t.TempDir()
	copyProject(t, folder)
	config, err := os.ReadFile(filepath.Join(folder, "samconfig.toml")) //nolint:gosec // the test's
	require.NoError(t, err)
	said := regexp.MustCompile("`(sam \\w+)` (?:ends )?with (?:an\n# )?\"?([^\"\n,.]+)").FindAllStringSubmatch(string(config), -1)
	require.Len(t, said, 2)
	for _, s := range said {
		command := exec.Command(*sam, strings.Fields(s[1])[1], "--config-env", "prdo") //nolint:gosec,noctx // one of two
		command.Dir, command.Env = folder, append(os.Environ(), "SAM_CLI_TELEMETRY=0")
		shown, err := command.CombinedOutput()
		require.Error(t, err, s[1])
		assert.Contains(t, string(shown), s[2], s[1])
	}
}
