package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/conformance"
	"autobackup/local/testing/minio"
)

func TestTheTableOfDifferencesIsTheSuites(t *testing.T) {
	table := "| S3 | MinIO | for verdicts |\n|---|---|---|\n"
	for _, d := range conformance.Differences() {
		table += fmt.Sprintf("| [%s](%s) | %s | %s |\n", d.Test, d.Address, d.Says, d.Matters)
	}
	between := regexp.MustCompile(`(?s)(<!-- differences: begin[^\n]*\n).*(<!-- differences: end -->)`)
	text := read(t, "s3-conformance.md")
	require.Regexp(t, between, text)
	want := between.ReplaceAllString(text, "${1}"+strings.ReplaceAll(table, "$", "$$")+"${2}")
	generated(t, "s3-conformance.md", want)
}

func TestOneVersionOfMinIOIsNamedEverywhere(t *testing.T) {
	assert.Contains(t, read(t, "s3-conformance.md"), minio.Build+"\n")
	assert.Contains(t, read(t, "../.ci/tools"), "\nMINIO="+minio.Version+"\n")
}
