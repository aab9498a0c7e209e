package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
)

// A command inside a sentence or a table is typed, too. Those in blocks are typed in
// cmd/autobackup/ministack.
func TestEveryCommandInASentenceOrATableIsOne(t *testing.T) {
	files := []string{"../README.md"}
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	fences := regexp.MustCompile("(?ms)^ *```.*?^ *```")
	n := 0
	for _, file := range files {
		for _, found := range regexp.MustCompile("`((?:go|sam|aws|gh|bash|date|autobackup) [^`\n]+|bench/run[^`\n]*|\\.ci/[^`\n]+)`").FindAllStringSubmatch(fences.ReplaceAllString(read(t, file), ""), -1) {
			n++
			checkInline(t, file, strings.Fields(found[1]))
		}
	}
	assert.Greater(t, n, 20)
}

func checkInline(t *testing.T, file string, words []string) {
	t.Helper()
	command := strings.Join(words, " ")
	switch {
	case words[0] == "go" && words[1] == "test":
		checkGoTest(t, file, words[2:])
	case words[0] == "autobackup":
		assert.Contains(t, cli.Commands(), words[1], "%s: %s", file, command)
	case words[0] == "bench/run":
		for _, option := range words[1:] {
			assert.Contains(t, read(t, "../bench/run"), "\n    "+option+") ", "%s: %s", file, command)
		}
	case strings.HasPrefix(words[len(words)-1], ".ci/"):
		info, err := os.Stat(filepath.Join("..", words[len(words)-1]))
		require.NoError(t, err, "%s: %s", file, command)
		assert.True(t, filepath.Ext(info.Name()) == ".py" || info.Mode()&0o100 != 0, "%s: %s is not to be executed", file, command)
	default: // the gate types them with the options that blocks have
		assert.Contains(t, []string{"sam build", "sam validate --lint", "sam deploy", "sam delete", "sam local invoke", "go run", "aws logs tail", "aws sts get-caller-identity"}, command, file)
	}
}

// checkGoTest finds what the options of `go test` name in the package.
func checkGoTest(t *testing.T, file string, words []string) {
	t.Helper()
	folder := ""
	for _, word := range words {
		if strings.HasPrefix(word, "./") {
			folder = filepath.Join("..", word)
		}
	}
	if slices.Contains(words, "./...") {
		return
	}
	tests, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, tests, "%s: there are no tests in %s", file, folder)
	var source strings.Builder
	for _, name := range tests {
		source.WriteString(read(t, name))
	}
	known := []string{"-run", "-v", "-timeout", "-bench", "-benchtime", "-count"}
	for i, word := range words {
		switch {
		case word == "-run" && words[i+1] != "'^$'":
			for name := range strings.SplitSeq(strings.Trim(words[i+1], "'"), "|") {
				assert.True(t, strings.Contains(source.String(), "\nfunc "+name), "%s: no test in %s begins with %s", file, folder, name)
			}
		case word == "-bench":
			assert.True(t, strings.Contains(source.String(), "\nfunc Benchmark"+words[i+1]), "%s: no benchmark in %s begins with %s", file, folder, words[i+1])
		case strings.HasPrefix(word, "-") && !slices.Contains(known, word):
			assert.True(t, regexp.MustCompile(`flag\.\w+\("`+strings.TrimPrefix(word, "-")+`"`).MatchString(source.String()), "%s: the tests in %s take no option %s", file, folder, word)
		}
	}
}
