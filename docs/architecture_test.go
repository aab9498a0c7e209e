package docs_test

import (
	"go/build"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// imports are what each package below a folder of the project imports of the
// project, tests left out, sorted; without this module's name.
func imports(t *testing.T, folder string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	require.NoError(t, filepath.WalkDir("../"+folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.IsDir():
			return err
		case entry.Name() == "testdata":
			return fs.SkipDir
		}
		if found, _ := filepath.Glob(path + "/*.go"); len(found) == 0 {
			return nil
		}
		p, err := build.ImportDir(path, 0)
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		all[name] = []string{}
		for _, imported := range p.Imports {
			if own, ok := strings.CutPrefix(imported, "autobackup/"); ok {
				all[name] = append(all[name], own)
			}
		}
		slices.Sort(all[name])
		return err
	}))
	return all
}

// listed holds a section's table of packages against the packages of a folder: each has a
// row, whose last cell says what it imports. The rows stand from the ground up, so that a
// package can only import what stands above it.
func listed(t *testing.T, heading, folder string) {
	t.Helper()
	page := read(t, "architecture.md")
	_, section, found := strings.Cut(page, "## "+heading+"\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	packages := imports(t, folder)
	var names []string
	want := section
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		name := ""
		if len(cells) == 5 {
			name = strings.TrimSpace(cells[1])
		}
		imported, known := packages[name]
		if !known {
			assert.False(t, strings.HasPrefix(name, folder), "there is no %s", name)
			continue
		}
		for _, other := range imported {
			assert.True(t, !strings.HasPrefix(other, folder) || slices.Contains(names, other), "%s imports %s, which does not stand above it", name, other)
		}
		names = append(names, name)
		cells[3] = " " + cell(imported, folder) + " "
		want = strings.Replace(want, line, strings.Join(cells, "|"), 1)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(packages)), names, "each package of %s has a row in %s", folder, heading)
	generated(t, "architecture.md", strings.Replace(page, section, want, 1))
}

// cell has the packages that are imported, those of the same folder without its name.
func cell(imported []string, folder string) string {
	if len(imported) == 0 {
		return "none"
	}
	short := make([]string, len(imported))
	for i, name := range imported {
		short[i] = strings.TrimPrefix(name, folder+"/")
	}
	return strings.Join(short, ", ")
}

func TestThePackagesOfTheProductImportWhatTheirTableSaysAndNothingBelowThem(t *testing.T) {
	listed(t, "Code", "internal")
}

func TestThePackagesOfTheLocalStackImportWhatTheirTableSaysAndNothingBelowThem(t *testing.T) {
	listed(t, "The local stack", "local")
}

func TestThePackagesOfTheProgramImportWhatTheirTableSaysAndNothingBelowThem(t *testing.T) {
	listed(t, "The program", "cmd/autobackup")
}

func TestWhatIsDeployedSeesNothingOfTheLocalStack(t *testing.T) {
	for _, folder := range []string{"internal", "lambdas"} {
		for name, imported := range imports(t, folder) {
			for _, other := range imported {
				// Decisions 61 and 65: the scheduled doctor and the parts of audits are the commands, and what these need comes along.
				command := slices.Contains([]string{"doctor", "audit"}, filepath.Base(name)) && other == "cmd/autobackup/"+filepath.Base(name)
				assert.True(t, command || strings.HasPrefix(other, "internal/"), "%s imports %s", name, other)
			}
		}
	}
}
