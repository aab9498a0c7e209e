package local_test

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// changed is whether every setting is changed, and not only some:
//
//	go test ./local -run TestAChangedSettingIsNoticed -every-setting -timeout 60m -v
//	go test ./local -run TestAChangedSettingIsNoticed -every-setting -settings ChatTopic -v
var (
	everySetting = flag.Bool("every-setting", false, "change every setting of the templates once")
	onlySettings = flag.String("settings", "", "with -every-setting: only those that match this regular expression")
)

// noticing are the tests that have to notice a changed setting. They run in a process of
// their own, on a project in which one thing is changed.
const noticing = "^TestSetting|^TestADeletedStack|^TestADeploymentThatFails"

// long are those of them that take as long as all others together, which notice most changes.
const long = "^TestSettingScrubDays|^TestSettingHeartbeatsComeOut|^TestSettingEvidenceDays|^TestSettingAuditFindings"

// unnoticed are changes that nothing here notices, each for a reason. checkov runs in the
// same gate.
var unnoticed = map[string]string{
	`Function Properties LoggingConfig: removed$`:            "the template's group has the name that Lambda would take",
	`Properties EnableKeyRotation: (removed|false)$`:         "a key that rotates reads what it did before; checkov asks for it (CKV_AWS_7)",
	`(BlockPublicAcls|IgnorePublicAcls): false$`:             "ownership is enforced, so there are no ACLs; checkov asks for it (CKV_AWS_53 and 55)",
	`RestrictPublicBuckets: false$`:                          "BlockPublicPolicy lets no policy be public; checkov asks for it (CKV_AWS_56)",
	`PublicAccessBlockConfiguration: removed$`:               "S3 blocks as much in each new bucket; checkov asks for it",
	`(Audit|Heartbeat)Function .*_HASH_BYTES_ARNS: swapped$`: "each is taken for the region in its ARN",
}

// whyUnnoticed is the reason for a change that nothing notices; "" where there is none.
func whyUnnoticed(what string) string {
	for pattern, why := range unnoticed {
		if regexp.MustCompile(pattern).MatchString(what) {
			return why
		}
	}
	return ""
}

// some are changes that are tried each time, each with a test that notices it.
var some = map[string]string{
	"template.yaml FailureTopic Properties Subscription: removed": "TestSettingAnEmailReachesWhoSubscribed",
	"template.yaml WorkBucket DeletionPolicy: Delete":             "TestADeletedStack",
	"replica.yaml ReplicaBucket${Category} Properties LifecycleConfiguration Rules 0 NoncurrentVersionTransitions 0 StorageClass: DEEP_ARCHIVE": "TestSettingHowVersionsOfTheBackupAge",
}

func TestAChangedSettingIsNoticed(t *testing.T) {
	if os.Getenv("AUTOBACKUP_CHANGED") != "" {
		t.Skip("this is such a run")
	}
	all := map[string]changedTemplate{}
	for _, file := range []string{"template.yaml", "replica.yaml"} {
		for _, m := range changesOf(t, file, func(what string) bool { return *everySetting || some[what] != "" }) {
			all[m.what] = m
		}
	}
	tried := slices.Sorted(maps.Keys(all))
	if !*everySetting {
		tried = slices.Sorted(maps.Keys(some))
	}
	only := regexp.MustCompile(*onlySettings)
	tried = slices.DeleteFunc(tried, func(what string) bool { return !only.MatchString(what) })
	harmless := map[string]bool{} // changes of which all with one reason were made together, and unnoticed
	for pattern := range unnoticed {
		for _, file := range []string{"template.yaml", "replica.yaml"} {
			together, made := madeTogether(t, file, regexp.MustCompile(pattern), only)
			if unseen := *everySetting && len(made) > 0 && !noticed(t, together, noticing); unseen {
				t.Logf("unnoticed together: %d that match %s %s", len(made), file, pattern)
				for _, what := range made {
					harmless[what] = true
				}
			}
		}
	}
	controlled := map[string]bool{}
	for _, m := range all {
		if *everySetting && !controlled[m.file] {
			controlled[m.file] = true
			require.False(t, noticed(t, changedTemplate{what: m.what, file: m.file, text: m.before}, noticing), "the tests fail on what is not changed")
		}
	}
	var mu sync.Mutex
	var survivors []string
	var running sync.WaitGroup
	places := make(chan struct{}, 2)
	for _, what := range tried {
		require.Contains(t, all, what)
		if harmless[what] {
			survivors = append(survivors, what)
			continue
		}
		places <- struct{}{}
		running.Go(func() {
			defer func() { <-places }()
			by, rest := noticing, long
			if !*everySetting {
				by, rest = "^"+some[what], ""
			}
			soon := *everySetting && noticed(t, all[what], by, "-test.skip", long)
			if !soon && !noticed(t, all[what], cmp.Or(rest, by)) {
				t.Log("unnoticed: " + what)
				mu.Lock()
				defer mu.Unlock()
				survivors = append(survivors, what)
			}
		})
	}
	running.Wait()
	t.Logf("%d changes, %d unnoticed", len(tried), len(survivors))
	for _, what := range survivors {
		assert.NotEmpty(t, whyUnnoticed(what), "nothing notices %s", what)
	}
	for _, what := range tried {
		assert.True(t, whyUnnoticed(what) == "" || slices.Contains(survivors, what), "something notices %s, which has a reason not to be", what)
	}
}

// noticed runs tests on a project with a change, and says whether one fails.
func noticed(t *testing.T, m changedTemplate, by string, flags ...string) bool {
	folder := copyOfProject(t, []change{func(name, text string) string {
		if name == m.file {
			return m.text
		}
		return text
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, os.Args[0], append(flags, "-test.run", by, "-test.failfast")...) // #nosec G204: this test again
	run.Env = append(os.Environ(), "AUTOBACKUP_CHANGED="+folder)
	output, err := run.CombinedOutput()
	if err != nil && !strings.Contains(string(output), "--- FAIL") && !strings.Contains(string(output), "panic") {
		t.Errorf("%s: %v: %s", m.what, err, output)
	}
	return err != nil
}

// changedTemplate is a template in which one setting is changed: its text, where it is wanted.
// before is the template without the change, as it is written again.
type changedTemplate struct{ what, file, text, before string }

// mutator makes them.
type mutator struct {
	t        *testing.T
	file     string
	wanted   func(what string) bool
	document yaml.Node
	roles    []string // logical ids
	keys     []string
	logs     []string
	made     []changedTemplate
	before   string
	stay     func(what string) bool // of which changes stay; nil: none
}

// madeTogether is a template with all changes of which the names match, and their names.
func madeTogether(t *testing.T, file string, patterns ...*regexp.Regexp) (changedTemplate, []string) {
	var names []string
	m := newMutator(t, file)
	m.stay = func(what string) bool {
		for _, pattern := range patterns {
			if !pattern.MatchString(what) {
				return false
			}
		}
		names = append(names, what)
		return true
	}
	each(field(m.document.Content[0], "Resources"), m.resource)
	return changedTemplate{what: fmt.Sprint(file, " ", patterns), file: file, text: m.written(), before: m.before}, names
}

func changesOf(t *testing.T, file string, wanted func(what string) bool) []changedTemplate {
	m := newMutator(t, file)
	m.wanted = wanted
	each(field(m.document.Content[0], "Resources"), m.resource)
	return m.made
}

func newMutator(t *testing.T, file string) *mutator {
	source, err := os.ReadFile(filepath.Join(project, file)) // #nosec G304: the project's own
	require.NoError(t, err)
	m := &mutator{t: t, file: file}
	require.NoError(t, yaml.Unmarshal(source, &m.document))
	m.before = m.written()
	each(field(m.document.Content[0], "Resources"), func(id string, r *yaml.Node) {
		switch scalar(field(r, "Type")) {
		case "AWS::IAM::Role":
			m.roles = append(m.roles, id)
		case "AWS::KMS::Key":
			m.keys = append(m.keys, id)
		case "AWS::Logs::LogGroup":
			m.logs = append(m.logs, id)
		}
	})
	return m
}

// resource changes a resource, or those that a loop makes.
func (m *mutator) resource(id string, r *yaml.Node) {
	if strings.HasPrefix(id, "Fn::ForEach::") {
		each(r.Content[2], m.resource)
		return
	}
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		m.remove(r, policy, id)
		m.set(field(r, policy), "Delete", id, policy)
	}
	m.set(field(r, "DeletionPolicy"), map[string]string{"Retain": "RetainExceptOnCreate", "RetainExceptOnCreate": "Retain"}[scalar(field(r, "DeletionPolicy"))], id, "DeletionPolicy")
	m.remove(r, "DependsOn", id)
	m.remove(r, "Condition", id)
	m.properties(field(r, "Properties"), id, "Properties")
}

// properties changes the settings among a resource's properties.
func (m *mutator) properties(p *yaml.Node, at ...string) {
	for _, removed := range []string{
		"LifecycleConfiguration", "Subscription", "LoggingConfig", "LogConfiguration", "Logging", "PublicAccessBlockConfiguration",
		"EnableKeyRotation", "RetentionInDays", "NotificationConfiguration", "BucketEncryption", "VersioningConfiguration",
	} {
		m.remove(p, removed, at...)
	}
	m.set(field(p, "EnableKeyRotation"), "false", append(at, "EnableKeyRotation")...)
	m.set(field(p, "RetentionInDays"), "1", append(at, "RetentionInDays")...)
	m.set(field(p, "LogGroupName"), "/other", append(at, "LogGroupName")...)
	m.other(field(p, "TargetKeyId"), m.keys, append(at, "TargetKeyId")...)
	m.other(field(p, "Role"), m.roles, append(at, "Role")...)
	m.other(field(p, "RoleArn"), m.roles, append(at, "RoleArn")...)
	m.other(field(field(p, "LoggingConfig"), "LogGroup"), m.logs, append(at, "LoggingConfig", "LogGroup")...)
	m.set(field(field(p, "LogConfiguration"), "Level"), "OFF", append(at, "LogConfiguration", "Level")...)
	m.other(field(nodeAt(p, "LogConfiguration", "CloudwatchLogsLogDestination"), "LogGroupArn"), m.logs, append(at, "LogConfiguration", "LogGroupArn")...)
	m.other(field(nodeAt(p, "Logging", "Destinations", "0", "CloudWatchLogsLogGroup"), "LogGroupArn"), m.logs, append(at, "Logging", "LogGroupArn")...)
	m.set(nodeAt(p, "Subscription", "0", "Endpoint"), "other@example.com", append(at, "Subscription", "0", "Endpoint")...)
	block := field(p, "PublicAccessBlockConfiguration")
	each(block, func(flag string, value *yaml.Node) {
		m.set(value, "false", append(at, "PublicAccessBlockConfiguration", flag)...)
	})
	m.variables(nodeAt(p, "Environment", "Variables"), append(at, "Environment", "Variables")...)
	rules := nodeAt(p, "LifecycleConfiguration", "Rules")
	if rules == nil {
		return
	}
	for i, rule := range rules.Content {
		here := append(slices.Clone(at), "LifecycleConfiguration", "Rules", strconv.Itoa(i))
		m.change(fmt.Sprint(strings.Join(here, " "), ": removed"), func() func() {
			before := rules.Content
			rules.Content = slices.Delete(slices.Clone(before), i, i+1)
			return func() { rules.Content = before }
		})
		if rule.Tag == "!If" {
			rule = rule.Content[1]
		}
		m.rule(rule, here...)
	}
}

// variables takes a function's variables away, and gives each the next one's value.
func (m *mutator) variables(v *yaml.Node, at ...string) {
	if v == nil {
		return
	}
	each(v, func(name string, _ *yaml.Node) { m.remove(v, name, at...) })
	for i := 1; i+2 < len(v.Content); i += 2 {
		m.change(fmt.Sprintf("%s %s and %s: swapped", strings.Join(at, " "), v.Content[i-1].Value, v.Content[i+1].Value), func() func() {
			swap := func() { v.Content[i], v.Content[i+2] = v.Content[i+2], v.Content[i] }
			swap()
			return swap
		})
	}
}

// rule changes everything in a lifecycle rule.
func (m *mutator) rule(rule *yaml.Node, at ...string) {
	m.set(field(rule, "Status"), "Disabled", append(at, "Status")...)
	m.change(strings.Join(at, " ")+" Prefix: other/", func() func() {
		before := rule.Content
		if prefix := field(rule, "Prefix"); prefix != nil {
			was := prefix.Value
			prefix.Value = "other/"
			return func() { prefix.Value = was }
		}
		rule.Content = append(slices.Clone(before), &yaml.Node{Kind: yaml.ScalarNode, Value: "Prefix"}, &yaml.Node{Kind: yaml.ScalarNode, Value: "other/"})
		return func() { rule.Content = before }
	})
	var within func(n *yaml.Node, at []string)
	within = func(n *yaml.Node, at []string) {
		if n.Kind == yaml.SequenceNode && n.Tag != "!If" {
			for i, item := range n.Content {
				within(item, append(slices.Clone(at), strconv.Itoa(i)))
			}
			return
		}
		if n.Kind != yaml.MappingNode {
			return
		}
		each(n, func(key string, value *yaml.Node) {
			here := append(slices.Clone(at), key)
			if key != "Id" && key != "Status" {
				m.remove(n, key, at...)
			}
			switch days, err := strconv.Atoi(value.Value); {
			case value.Kind == yaml.ScalarNode && err == nil:
				m.set(value, strconv.Itoa(days+1), here...)
				m.set(value, strconv.Itoa(days-1), here...)
			case value.Tag == "!Ref":
				m.literal(value, "29", here...)
				m.literal(value, "400", here...)
			case key == "StorageClass":
				for _, class := range []string{"DEEP_ARCHIVE", "GLACIER", "STANDARD_IA"} {
					m.set(value, class, here...)
				}
			case value.Value == "true":
				m.set(value, "false", here...)
			}
			within(value, here)
		})
	}
	within(rule, at)
}

// other has a reference lead to the next of several resources.
func (m *mutator) other(n *yaml.Node, ids []string, at ...string) {
	if n == nil {
		return
	}
	for i, id := range ids {
		if strings.HasPrefix(n.Value, id+".") || n.Value == id || strings.Contains(n.Value, "${"+id+"}") {
			next := ids[(i+1)%len(ids)]
			m.set(n, strings.ReplaceAll(n.Value, id, next), at...)
			return
		}
	}
}

func (m *mutator) set(n *yaml.Node, value string, at ...string) {
	if n == nil || n.Kind != yaml.ScalarNode || n.Value == value || value == "" {
		return
	}
	m.change(strings.Join(at, " ")+": "+value, func() func() {
		before := *n
		if n.Value = value; value == "OFF" { // which is a boolean without quotes
			n.Style = yaml.DoubleQuotedStyle
		}
		return func() { *n = before }
	})
}

// literal writes a value where a reference was.
func (m *mutator) literal(n *yaml.Node, value string, at ...string) {
	m.change(strings.Join(at, " ")+": "+value, func() func() {
		before := *n
		*n = yaml.Node{Kind: yaml.ScalarNode, Value: value}
		return func() { *n = before }
	})
}

func (m *mutator) remove(n *yaml.Node, key string, at ...string) {
	if field(n, key) == nil {
		return
	}
	m.change(strings.Join(append(slices.Clone(at), key), " ")+": removed", func() func() {
		before := n.Content
		for i := 0; i < len(before); i += 2 {
			if before[i].Value == key {
				n.Content = slices.Delete(slices.Clone(before), i, i+2)
			}
		}
		return func() { n.Content = before }
	})
}

func (m *mutator) change(what string, do func() (undo func())) {
	made := changedTemplate{what: m.file + " " + what, file: m.file, before: m.before}
	if m.stay != nil {
		if m.stay(made.what) {
			do()
		}
		return
	}
	if m.wanted(made.what) {
		undo := do()
		made.text = m.written()
		undo()
	}
	m.made = append(m.made, made)
}

func (m *mutator) written() string {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	require.NoError(m.t, encoder.Encode(&m.document))
	return text.String()
}

func field(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func nodeAt(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if i, err := strconv.Atoi(key); err == nil && n != nil && i < len(n.Content) {
			n = n.Content[i]
			continue
		}
		n = field(n, key)
	}
	return n
}

func scalar(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

func each(n *yaml.Node, do func(key string, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		do(n.Content[i].Value, n.Content[i+1])
	}
}
