package reason_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
)

// sections is where each group of codes is documented.
var sections = regexp.MustCompile(`(?ms)^## Reasons of (\w+)$(.*?)(?:^## |\z)`)

var section = regexp.MustCompile(`(?m)^### (.+)\n\n(.+)`)

func TestEveryCodeHasASectionInTheDocsAndNoSectionIsWithoutACode(t *testing.T) {
	page, err := os.ReadFile("../../docs/verdicts.md")
	require.NoError(t, err)
	documented := map[string][]string{}
	for rest := string(page); ; {
		at := sections.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		group := rest[at[2]:at[3]]
		for _, s := range section.FindAllStringSubmatch(rest[at[4]:at[5]], -1) {
			documented[group] = append(documented[group], s[1])
		}
		rest = rest[at[5]:]
	}
	want := codes(t)
	require.Len(t, documented, len(want))
	for group := range want {
		assert.ElementsMatch(t, want[group], documented[group], group)
	}
	var severity []string
	for _, code := range reason.Severity() {
		severity = append(severity, string(code))
	}
	assert.Equal(t, severity, documented["failed"], "the most severe comes first")
	assert.Len(t, regexp.MustCompile(`(?m)^### `).FindAllString(string(page), -1), len(want["failed"])+len(want["skipped"]))
}

// codes reads the constants of type Code by verdict, from the source, so that a
// new one can't be forgotten. What only audits give, docs/audit.md has.
func codes(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.ParseComments)
	require.NoError(t, err)
	title := regexp.MustCompile(`^Reasons of a (\w+) verdict`)
	groups := map[string][]string{}
	for _, decl := range file.Decls {
		constants, ok := decl.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		if strings.HasPrefix(constants.Doc.Text(), "Reasons of an audit") {
			continue
		}
		group := title.FindStringSubmatch(constants.Doc.Text())
		require.NotNil(t, group, "constants that belong to no verdict")
		for _, spec := range constants.Specs {
			code, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			groups[group[1]] = append(groups[group[1]], code)
		}
	}
	require.Len(t, groups, 2)
	return groups
}
