package program_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/program"
)

func TestTheVersionOfTheTemplateIsTheBeginningOfItsChecksum(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(fmt.Sprintf("%x", sha256.Sum256(text)), program.Template()))
	assert.Len(t, program.Template(), 16)
}

// Tests are built without a revision, as functions are.
func TestAProgramWithoutARevisionIsNamedByItsExecutable(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(path) // #nosec G304: itself
	require.NoError(t, err)
	if v := program.Version(); v == "" || v == "(devel)" {
		assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256(content))[:len("sha256:")+16], program.Running())
	} else {
		assert.Equal(t, v, program.Running())
	}
}
