// Package docs_test keeps the documents in step with the code.
package docs_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local"
	"autobackup/internal/local/asl"
	"autobackup/internal/local/samconfig"
	"autobackup/internal/local/template"
)

var update = flag.Bool("update", false, "write the generated lists into the documents")

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// fill puts a generated list behind its marker, up to the next blank-line-heading.
func fill(t *testing.T, text, marker string, lines []string) string {
	t.Helper()
	head := "<!-- list: " + marker + " -->\n"
	before, after, found := strings.Cut(text, head)
	require.True(t, found, marker)
	after = regexp.MustCompile(`^(- [^\n]*\n)*`).ReplaceAllString(after, "")
	return before + head + "- " + strings.Join(lines, "\n- ") + "\n" + after
}

func TestLocalFidelityListsWhatTheCodeKnows(t *testing.T) {
	text := read(t, "local-fidelity.md")
	types, why := local.NoEffect()
	for i, name := range types {
		types[i] = "`" + name + "`: " + why(name)
	}
	want := fill(t, text, "functions", quoted(template.Functions()))
	want = fill(t, want, "no effect", types)
	want = fill(t, want, "asl", asl.Unsupported())
	if *update {
		require.NoError(t, os.WriteFile("local-fidelity.md", []byte(want), 0o600))
	}
	assert.Equal(t, want, read(t, "local-fidelity.md"), "run go test ./docs -update")
}

func TestTheIndexOfDecisionsHasEveryOne(t *testing.T) {
	files, err := filepath.Glob("decisions/0*.md")
	require.NoError(t, err)
	var lines []string
	for _, file := range files {
		number, title, found := strings.Cut(strings.TrimPrefix(strings.SplitN(read(t, file), "\n", 2)[0], "# "), ". ")
		require.True(t, found, "%s begins with its number and title", file)
		name := filepath.Base(file)
		assert.Regexp(t, "^0*"+number+"-", name)
		assert.False(t, slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "["+number+".") }), "two have the number %s", number)
		lines = append(lines, "["+number+". "+title+"]("+name+")")
	}
	want := fill(t, read(t, "decisions/README.md"), "decisions", lines)
	if *update {
		require.NoError(t, os.WriteFile("decisions/README.md", []byte(want), 0o600))
	}
	assert.Equal(t, want, read(t, "decisions/README.md"), "run go test ./docs -update")
}

func quoted(names []string) []string {
	all := slices.Clone(names)
	for i := range all {
		all[i] = "`" + all[i] + "`"
	}
	return all
}

// states are the names of a definition's states, with those inside Maps.
func states(t *testing.T, definition []byte) (names []string) {
	t.Helper()
	type machine struct {
		States map[string]struct {
			Comment       string
			ItemProcessor json.RawMessage
		}
	}
	var m machine
	require.NoError(t, json.Unmarshal(definition, &m))
	for name, s := range m.States {
		assert.NotEmpty(t, s.Comment, "state %s has a comment for the operator", name)
		names = append(names, name)
		if s.ItemProcessor != nil {
			names = append(names, states(t, s.ItemProcessor)...)
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryStateHasASectionAndACommentAndNoSectionIsWithoutAState(t *testing.T) {
	definition, err := os.ReadFile("../statemachine/validate.asl.json")
	require.NoError(t, err)
	var sections []string
	for _, found := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(read(t, "states.md"), -1) {
		sections = append(sections, found[1])
	}
	slices.Sort(sections)
	assert.Equal(t, states(t, definition), sections)
}

func TestThePicturesShowTransitionsThatTheDefinitionHas(t *testing.T) {
	definition := read(t, "../statemachine/validate.asl.json")
	var m struct {
		StartAt string
		States  map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(definition), &m))
	next := regexp.MustCompile(`"(?:Next|Default)":\s*"(\w+)"`)
	for _, file := range []string{"states.md", "../README.md"} {
		edges := regexp.MustCompile(`(?m)^ +(\w+) --> (\w+)`).FindAllStringSubmatch(read(t, file), -1)
		require.NotEmpty(t, edges, file)
		for _, edge := range edges {
			var targets []string
			for _, found := range next.FindAllStringSubmatch(string(m.States[edge[1]]), -1) {
				targets = append(targets, found[1])
			}
			assert.Contains(t, targets, edge[2], "%s: %s", file, edge[0])
		}
	}
	shown := read(t, "states.md")
	for name, state := range m.States {
		for _, found := range next.FindAllStringSubmatch(string(state), -1) {
			if regexp.MustCompile(`"` + found[1] + `":\s*\{`).MatchString(string(state)) {
				continue // inside a Map
			}
			assert.Contains(t, shown, "    "+name+" --> "+found[1], "states.md draws every transition")
		}
	}
}

// ready are the commands of the documents that the gate or a test runs.
var ready = []string{
	"go run ./cmd/autobackup demo", "go run ./cmd/autobackup demo --dir DIR",
	"go run ./cmd/autobackup demo --parameter ByteVerification=always", "go test ./...", "bash .ci/run", "bench/run --peers --write", "export CGO_ENABLED=0", "sam build",
	"go run ./cmd/autobackup requeue --dry-run", "go run ./cmd/autobackup requeue",
	"go run ./cmd/autobackup requeue --since 2000h --from executions --dry-run",
	"go run ./cmd/autobackup requeue --from event-dlq --yes --json",
	"export AWS_PAGER=",
	"go run ./cmd/autobackup serve", // by .ci/invoke, with what follows it
	"export AWS_ENDPOINT_URL=http://127.0.0.1:9400 AWS_ACCESS_KEY_ID=LOCAL AWS_SECRET_ACCESS_KEY=local",
}

// placed are options that a test gives to these commands with other values.
var placed = strings.NewReplacer(" --region $region --stage dev", "", " --from event-dlq", "", " --from executions", "")

func TestEveryCommandIsRunOrCheckedAgainstTheProject(t *testing.T) {
	config, err := samconfig.Load([]byte(read(t, "../samconfig.toml")))
	require.NoError(t, err)
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	n := 0
	for _, file := range slices.Concat(files, pages, []string{"../README.md"}) {
		for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(read(t, file), -1) {
			for command := range strings.Lines(block[1]) {
				n++
				checkCommand(t, config, file, strings.TrimSpace(command))
			}
		}
	}
	assert.GreaterOrEqual(t, n, 9)
}

// zsh takes $name:x for a change of $name, and refuses a pattern without a file.
func TestEveryCommandMeansTheSameInBashAndZsh(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	quotes := regexp.MustCompile(`'[^']*'|"[^"]*"`)
	for _, file := range slices.Concat(files, pages, []string{"../README.md"}) {
		for _, block := range regexp.MustCompile("(?ms)^ *```(?:sh|console)\n(.*?)^ *```").FindAllStringSubmatch(read(t, file), -1) {
			assert.NotRegexp(t, `\$\w+:`, block[1], "%s: write ${name}: instead", file)
			assert.NotRegexp(t, `[?*\[\]]`, quotes.ReplaceAllString(block[1], ""), "%s: quote it", file)
		}
	}
}

func TestSamDeployTakesWhatSamBuildBuilt(t *testing.T) {
	var config map[string]map[string]struct {
		Parameters struct {
			TemplateFile string `toml:"template_file"`
			BuildDir     string `toml:"build_dir"`
		} `toml:"parameters"`
	}
	text := regexp.MustCompile(`(?m)^version = .*$`).ReplaceAllString(read(t, "../samconfig.toml"), "")
	require.NoError(t, toml.Unmarshal([]byte(text), &config))
	require.Len(t, config, 4)
	for environment, commands := range config {
		source, built := "", "" // where none is named, deploy takes .aws-sam/build; a named one as it stands
		if strings.HasPrefix(environment, "replica") {
			source, built = "replica.yaml", ".aws-sam/"+environment+"/template.yaml"
			assert.Equal(t, filepath.Dir(built), commands["build"].Parameters.BuildDir, environment)
		}
		assert.Equal(t, source, commands["global"].Parameters.TemplateFile, environment)
		assert.Equal(t, built, commands["deploy"].Parameters.TemplateFile, environment)
	}
}

func checkCommand(t *testing.T, config *samconfig.Config, file, command string) {
	t.Helper()
	if slices.Contains(ready, command) || slices.Contains(ready, placed.Replace(command)) {
		return
	}
	words := strings.Fields(command)
	switch strings.Join(words[:min(2, len(words))], " ") {
	case "sam deploy", "sam build":
		name := "default"
		if i := slices.Index(words, "--config-env"); i >= 0 {
			name = words[i+1]
		}
		environment, err := config.Environment(name)
		require.NoError(t, err, "%s: %s", file, command)
		assert.FileExists(t, filepath.Join("..", environment.TemplateFile))
	case "sam local":
		assert.Contains(t, read(t, "../template.yaml"), "  "+words[3]+":\n", command)
		assert.FileExists(t, filepath.Join("..", words[5]), command)
	default:
		name, _, assigned := strings.Cut(words[0], "=")
		if words[0] != "aws" && (!assigned || name == "") {
			assert.Fail(t, "no test runs this command", "%s: %s", file, command)
		}
		// These need an account: every name in them must be one of the template, or a stack's.
		stack := regexp.MustCompile(`--region (\S+) --stack-name (\S+)`).FindStringSubmatch(command)
		if stack != nil {
			assert.Contains(t, stacksOf(t, config), stack[2]+" in "+stack[1], command)
			return
		}
		for _, resource := range regexp.MustCompile(`autobackup-[a-z-]+-dev`).FindAllString(command, -1) {
			assert.Contains(t, read(t, "../template.yaml"), strings.TrimSuffix(resource, "dev")+"${Stage}", command)
		}
	}
}

// stacksOf are the stacks of samconfig.toml, as "name in region".
func stacksOf(t *testing.T, config *samconfig.Config) (names []string) {
	t.Helper()
	for _, name := range []string{"default", "replica"} {
		environment, err := config.Environment(name)
		require.NoError(t, err)
		names = append(names, environment.StackName+" in "+environment.Region)
	}
	return names
}

func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	decisions, err := filepath.Glob("*/*.md")
	require.NoError(t, err)
	for _, file := range slices.Concat(files, decisions, []string{"../README.md"}) {
		for _, link := range regexp.MustCompile(`\]\(([^)#]*)(?:#([^)]+))?\)`).FindAllStringSubmatch(read(t, file), -1) {
			if strings.HasPrefix(link[1], "https://") {
				continue
			}
			target := filepath.Join(filepath.Dir(file), link[1])
			if link[1] == "" {
				target = file
			}
			_, err := os.Stat(target)
			assert.NoError(t, err, file)
			if link[2] != "" {
				assert.Contains(t, anchors(read(t, target)), link[2], "%s links to a heading of %s", file, target)
			}
		}
	}
}

// anchors are the addresses that GitHub gives a document's headings.
func anchors(text string) (all []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		kept := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(kept, " ", "-"))
	}
	return all
}
