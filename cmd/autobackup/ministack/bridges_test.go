package ministack_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bridge is something that AWS does and ministack does not, so that the test
// does it and proves nothing about it.
type bridge string

const (
	pipes         bridge = "the pipe: taking messages off the queue that the deployed pipe names and starting the state machine that it names, in batches that the test chooses"
	eventVersions bridge = "the version id in an event"
	copies        bridge = "replication: copies and their lag, damage and failure, and delete markers"
	configuration bridge = "GetBucketReplication: answered by the local stack, from the same template"
	statuses      bridge = "the replication status of an object, and a copy's version id"
	ranges        bridge = "a range of a version: cut out of the whole that ministack answers with"
	alarms        bridge = "alarms on several metrics and composite alarms: created as alarms on one"
	moves         bridge = "StartMessageMoveTask: one message is sent and deleted"
	kept          bridge = "ListStackResources of a deleted stack: what it kept is read from its events"
)

// What each test needs.
var (
	ofScenarios = []bridge{pipes, eventVersions, copies, configuration, statuses, ranges, alarms, moves}
	ofPipeline  = []bridge{kept}
)

// bridges are all, in the document's order.
var bridges = slices.Concat(ofScenarios, ofPipeline)

// crossed are the bridges that were needed.
type crossed struct{ used sync.Map }

func (c *crossed) bridge(b bridge) { c.used.Store(b, true) }

// check fails for a bridge that nothing needs any more.
func (c *crossed) check(t *testing.T, needed []bridge) {
	t.Helper()
	for _, b := range needed {
		_, used := c.used.Load(b)
		assert.True(t, used, "nothing needs this bridge: delete it (%s)", b)
		t.Logf("not proven: %s", b)
	}
}

func TestTheDocumentListsEveryBridge(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(project, "docs", "local-fidelity.md"))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "<!-- list: bridges -->\n")
	require.True(t, found)
	listed, _, _ := strings.Cut(after, "\n\n")
	want := make([]string, len(bridges))
	for i, b := range bridges {
		want[i] = "- " + string(b)
	}
	assert.Equal(t, strings.Join(want, "\n"), listed)
}
