// Package docs_test keeps the documents in step with the code.
package docs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/asl"
	"autobackup/local/cloudformation"
	"autobackup/local/cloudwatch"
	"autobackup/local/events"
	"autobackup/local/lambda"
	"autobackup/local/logs"
	"autobackup/local/pipes"
	"autobackup/local/s3"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	stepfunctions "autobackup/local/states"
	"autobackup/local/template"
)

var update = flag.Bool("update", false, "write the generated lists into the documents")

// generated holds a page against what it is to be, and with -update makes it that. It shows
// the lines that differ alone: a page is long.
func generated(t *testing.T, page, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o600))
		return
	}
	if differ := differences(read(t, page), want); differ != "" {
		t.Errorf("docs/%s: run go test ./docs -update if this is meant:\n%s", page, differ)
	}
}

// differences are the lines that differ, as testify shows them; empty where none do.
func differences(is, want string) string {
	var said said
	if assert.Equal(&said, is, want) {
		return ""
	}
	_, lines, _ := strings.Cut(string(said), "Diff:")
	return strings.ReplaceAll(strings.TrimSpace(lines), "\t", "")
}

// said is what an assertion says.
type said string

func (s *said) Errorf(format string, args ...any) { *s += said(fmt.Sprintf(format, args...)) }

func TestAPageThatIsStaleShowsNothingButWhatDiffers(t *testing.T) {
	page := strings.Repeat("a line that both have\n", 1000)
	shown := differences(page+"old\n"+page, page+"new\n"+page)
	assert.Contains(t, shown, "-old")
	assert.Contains(t, shown, "+new")
	assert.Less(t, len(shown), 500)
	assert.Empty(t, differences(page, page))
}

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
	want = fill(t, want, "s3", quoted(s3.Operations()))
	want = fill(t, want, "sqs", quoted(sqs.Actions()))
	want = fill(t, want, "sns", quoted(sns.Actions()))
	want = fill(t, want, "events", quoted(events.Actions()))
	want = fill(t, want, "lambda", quoted(lambda.Actions()))
	want = fill(t, want, "beside", quoted(slices.Concat(cloudformation.Actions(), cloudwatch.Actions(), pipes.Actions(), logs.Actions())))
	want = fill(t, want, "states", quoted(stepfunctions.Actions()))
	generated(t, "local-fidelity.md", want)
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
	generated(t, "decisions/README.md", want)
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

// TestEveryPageOfCommandsBeginsWithWhereAndWhich: its first lines say the region and the stage, and
// it looks for that stack first, so that nothing below is silently about another. The
// commands themselves are typed in cmd/autobackup/ministack.
func TestEveryPageOfCommandsBeginsWithWhereAndWhich(t *testing.T) {
	const look = "aws cloudformation describe-stacks --region $region --stack-name autobackup-$stage "
	for _, file := range pagesOfCommands(t) {
		set, looked := map[string]bool{}, false
		for _, block := range blocks(read(t, file)) {
			for line := range strings.Lines(block) {
				for _, used := range regexp.MustCompile(`\$\{?([a-z]+)`).FindAllStringSubmatch(line, -1) {
					assert.True(t, set[used[1]], "%s uses $%s before it is set", file, used[1])
				}
				for _, found := range regexp.MustCompile(`^(?:([a-z]+)=|for ([a-z]+) in |  ([a-z]+)=)`).FindAllStringSubmatch(line, -1) {
					set[found[1]+found[2]+found[3]] = true
				}
				looked = looked || strings.Contains(line, look)
				assert.True(t, looked || !strings.Contains(line, "aws ") || strings.Contains(line, look), "%s: this comes before the look for the stack: %s", file, line)
			}
		}
		assert.True(t, set["region"] && set["stage"], file)
	}
}

// pagesOfCommands are the pages with commands for an account, without the pipeline's, which has a stage of its own.
func pagesOfCommands(t *testing.T) (files []string) {
	t.Helper()
	files = []string{"deploy.md", "operations.md"}
	for _, name := range runbooks(t) {
		files = append(files, "runbooks/"+name+".md")
	}
	return files
}

// blocks are a page's commands.
func blocks(text string) (all []string) {
	for _, block := range regexp.MustCompile("(?ms)^ *```(?:sh|console)\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		all = append(all, block[1])
	}
	return all
}

func TestEveryNameInACommandIsOneOfTheStacks(t *testing.T) {
	template, replica := read(t, "../template.yaml"), read(t, "../replica.yaml")
	known := map[string]bool{}
	for _, a := range alarms(t) {
		known[strings.TrimSuffix(a.AlarmName, "dev")] = true
	}
	for _, file := range append(pagesOfCommands(t), "../README.md") {
		text := read(t, file)
		for _, found := range regexp.MustCompile(`(autobackup-[A-Za-z0-9-]+-)(?:\$stage|<stage>)`).FindAllStringSubmatch(text, -1) {
			ours := strings.Contains(template, found[1]+"${Stage}") || known[found[1]] || found[1] == "autobackup-replica-"
			assert.True(t, ours, "%s: nothing is named %s", file, found[0])
		}
		for _, found := range regexp.MustCompile(`autobackup-\$stage-(\w+)-`).FindAllStringSubmatch(text, -1) {
			assert.Contains(t, template+replica, "autobackup-${Stage}-"+found[1]+"-", file)
		}
		assert.NotRegexp(t, `autobackup-([A-Za-z0-9-]+-)?(dev|prod)\b`, text, "%s: put $stage or <stage> in the place of a stage", file)
	}
}

// The gate types the documents' commands with this version of the AWS CLI.
func TestTheDocumentsNameTheVersionOfTheAWSCLIThatTheirCommandsAreTypedWith(t *testing.T) {
	pinned := regexp.MustCompile(`(?m)^AWS_CLI=(\d+\.\d+)\.\d+$`).FindStringSubmatch(read(t, "../.ci/run"))
	require.NotNil(t, pinned)
	for _, file := range []string{"deploy.md", "local.md", "operations.md", "runbooks/README.md"} {
		said := regexp.MustCompile(`(?s)AWS CLI.{0,120}\b` + regexp.QuoteMeta(pinned[1]) + ` or newer`)
		assert.True(t, said.MatchString(read(t, file)), "%s says that commands need version %s of the AWS CLI or a newer one", file, pinned[1])
	}
}

// A page of a package registry is no place to read about a program.
func TestLinksLeadToThoseWhoMadeWhatTheyAreAbout(t *testing.T) {
	hosts := []string{"docs.aws.amazon.com", "aws.amazon.com", "github.com", "cli.github.com", "vuln.go.dev", "docs.min.io", "rclone.org", "www.rfc-editor.org"}
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	more, err := filepath.Glob("*/*.md")
	require.NoError(t, err)
	for _, file := range slices.Concat(files, more, []string{"../README.md"}) {
		for _, found := range regexp.MustCompile(`\]\(https?://([^/)]+)`).FindAllStringSubmatch(read(t, file), -1) {
			assert.Contains(t, hosts, found[1], file)
		}
	}
}

// zsh takes $name:x for a change of $name, and refuses a pattern without a file.
func TestEveryCommandMeansTheSameInBashAndZsh(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	quotes := regexp.MustCompile(`'[^']*'|"[^"]*"|\$\{[^}]*\}|(?m:^ *\[ .* \] )`) // and what has these characters for a purpose
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
