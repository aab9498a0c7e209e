package local_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seeded are bugs that the share has to find, each by the text that a file has and what is in its
// place.
var seeded = map[string]struct {
	world string
	bug   change
}{
	"parking is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["States.ALL"]`, `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["Nothing"]`)},
	"what can't be parked counts as parked": {"each verdict", replace("statemachine/validate.asl.json", `"Result": false,`, `"Result": true,`)},
	"telling is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["States.ALL"]`, `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["Nothing"]`)},
	"functions that Lambda does not start are not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", `, "")},
	"functions that time out are not tried again":              {"each verdict", replace("statemachine/validate.asl.json", `, "Sandbox.Timedout", "States.Timeout"]`, "]")},
	"a reading that was started is told as not started":        {"bytes read", replace("statemachine/validate.asl.json", `["StepFunctions.ExecutionAlreadyExistsException", "StepFunctions.ExecutionAlreadyExists"]`, `["Nothing"]`)},
	"an error of the comparison is not caught": {"each verdict", replace("statemachine/validate.asl.json", `"ErrorEquals": ["States.ALL"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`, `"ErrorEquals": ["Nothing"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`)},
	"what is unsettled is not parked":                    {"each verdict", replace("statemachine/validate.asl.json", "\n      \"Next\": \"ParkUnsettled\"", "\n      \"Next\": \"ExecutionFailed\"")},
	"a message comes again while its batch is collected": {"each verdict", replace("template.yaml", "VisibilityTimeout: 660", "VisibilityTimeout: 10")},
}

func TestTheShareOfFaultsFindsEachSeededBug(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(seeded)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := exploredWorlds[seeded[name].world]
			of.changes = append(slices.Clone(of.changes), seeded[name].bug)
			clean := plays(t, of) // with the bug
			found := clean.problems
			for _, f := range shareOf(of, clean) {
				if len(found) > 0 {
					break
				}
				found = wrongWith(t, of, clean, f)
			}
			assert.NotEmpty(t, found)
			t.Log(strings.Join(found, "\n"))
		})
	}
}

// seededCode is whether bugs are seeded in the functions' code, too, which has to be built for each:
//
//	go test ./local -run TestTheShareOfFaultsFindsEachPatch -seeded -timeout 30m -v
var seededCode = flag.Bool("seeded", false, "apply each patch of testdata/seeded to a copy of the code, and have the share of faults find it")

// patched are the files that a patch changes.
var patched = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)$`)

func TestTheShareOfFaultsFindsEachPatch(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("patches are applied by git, and there is no git command in the PATH")
	}
	patches, err := filepath.Glob("testdata/seeded/*.patch")
	require.NoError(t, err)
	require.NotEmpty(t, patches)
	noted(t, "seeded: all", len(patches)+len(seeded))
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	for _, patch := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(patch), ".patch"), func(t *testing.T) {
			overlay := withPatch(t, root, patch)
			if !*seededCode {
				return // it can be applied
			}
			run := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-failfast", "-overlay", overlay, "-run", "^(TestEveryFault|TestEveryPair|TestScenariosThat)", "./local") // #nosec G204: this test again
			run.Dir = root
			output, err := run.CombinedOutput()
			require.Error(t, err, "nothing finds it")
			require.Contains(t, string(output), "--- FAIL", "it is not built: %s", output)
			t.Logf("%.2000s", output)
		})
	}
}

// withPatch applies a patch to a copy of the files that it changes, and answers the file that has the
// go command take these.
func withPatch(t *testing.T, root, patch string) (overlay string) {
	t.Helper()
	text, err := os.ReadFile(patch) // #nosec G304: the project's own
	require.NoError(t, err)
	copied := t.TempDir()
	replaced := map[string]string{}
	for _, found := range patched.FindAllStringSubmatch(string(text), -1) {
		source, err := os.ReadFile(filepath.Join(root, found[1])) // #nosec G304: the project's own
		require.NoError(t, err)
		to := filepath.Join(copied, found[1])
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o750))
		require.NoError(t, os.WriteFile(to, source, 0o600))
		replaced[filepath.Join(root, found[1])] = to
	}
	require.NotEmpty(t, replaced)
	apply := exec.CommandContext(t.Context(), "git", "apply")
	apply.Dir, apply.Stdin = copied, strings.NewReader(string(text))
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(copied)) // it is no repository
	output, err := apply.CombinedOutput()
	require.NoError(t, err, "make the patch again for the code as it is now: %s", output)
	content, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)
	overlay = filepath.Join(copied, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, content, 0o600))
	return overlay
}
