package explain_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/local/s3"
)

// refused is the error of explaining.
func (w *world) refused(key, version string, change ...func(*explain.Options)) string {
	w.t.Helper()
	_, err := explain.Run(context.Background(), w.options(key, version, change...))
	require.Error(w.t, err)
	return err.Error()
}

func TestWithoutAVersionTheNewestOfThePrimaryIsExplained(t *testing.T) {
	w := newWorld(t)
	w.put("a", "old")
	middle := w.put("a", "newer")
	newest := w.put("a", "newest")
	w.put("a/longer", "another key, which begins alike")
	e := w.explained("a", "")
	assert.Equal(t, newest, e.Version)
	assert.Equal(t, "listed as the newest of 3 versions on acme-docs; chosen because none was named", e.Which)
	e = w.explained("a", middle)
	assert.Equal(t, middle, e.Version)
	assert.Equal(t, "listed as number 2 of 3 versions, from the newest on acme-docs", e.Which)
}

func TestWhereThePrimaryListsNoneTheNewestOfTheReplicaIsExplained(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	w.Remove(primary, home, "a", version)
	e := w.explained("a", "")
	assert.Equal(t, version, e.Version)
	assert.Equal(t, "listed as the only version on acme-docs-dr; chosen because none was named, and acme-docs lists none of the key", e.Which)
	assert.Equal(t, reason.NotErased, e.Replicas[0].Item.Reason)
}

func TestTheVersionsOfAKeyAreCountedUpToAPage(t *testing.T) {
	w := newWorld(t)
	first := ""
	for i := range 1001 {
		version := w.put("a", fmt.Sprint(i))
		if i == 0 {
			first = version
		}
	}
	assert.Contains(t, w.explained("a", "").Which, "the newest of more than 1000 versions")
	w.Replicate = nil
	e := w.explained("a", first)
	assert.Contains(t, e.Which, "number 1001 of more than 1001 versions", "and a version behind the page is found all the same")
	assert.Equal(t, audit.Compared, e.Replicas[0].Item.Category)
}

func TestWhatNoSideListsIsSaidWithWhatThereIs(t *testing.T) {
	w := newWorld(t)
	newest := w.put("a", "content")
	w.put("ab", "content")
	says := w.refused("a", "mistyped")
	assert.Contains(t, says, `no side lists the version "mistyped"`)
	assert.Contains(t, says, "acme-docs lists 1 version of the key, the newest is "+newest)
	assert.Contains(t, says, "acme-docs-dr lists 1 version of the key")
	says = w.refused("A\x1b[2J", "")
	assert.Contains(t, says, `no side lists a version or delete marker of the key "A\x1b[2J"`)
	assert.Contains(t, says, "looked in acme-docs, acme-docs-dr")
}

func TestWhereNobodyMayListItIsNotSaidThatThereIsNothing(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "ListObjectVersions" {
			return &s3.Fault{Status: http.StatusForbidden}
		}
		return nil
	}
	assert.Contains(t, w.refused("a", ""), "name one, as ?versionId=VERSION")
	says := w.refused("a", version)
	assert.Contains(t, says, "ListObjectVersions of s3://acme-docs answered 403")
	assert.NotContains(t, says, "no side lists")
}

func TestEachReplicaIsExplainedByItself(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	require.NoError(t, w.CreateBucket(s3.BucketConfig{Name: "acme-docs-more", Region: away, Versioned: true}))
	e := w.explained("a", version, func(o *explain.Options) { o.Replicas = []string{replica, "acme-docs-more"} })
	require.Len(t, e.Replicas, 2)
	assert.Equal(t, audit.Compared, e.Replicas[0].Item.Category)
	assert.Equal(t, reason.NotReplicated, e.Replicas[1].Item.Reason)
	assert.Equal(t, 1, e.Exit, "one of them is enough")
	assert.Equal(t, "not as it must be", e.Result)
	shown := screen(t, e)
	assert.Contains(t, shown, "\nverified    in acme-docs-dr\n")
	assert.Contains(t, shown, "\nFAILED      NOT_REPLICATED in acme-docs-more\n")
	assert.Contains(t, shown, "the status COMPLETED is of another replica, or of a rule that is gone")
	assert.NotContains(t, shown, "copy-object", "nothing would replicate the copy")
	assert.NotContains(t, shown, "audit log of", "nobody deleted it")

	w.Remove(primary, home, "a", version)
	e = w.explained("a", version, func(o *explain.Options) { o.Replicas = []string{"acme-docs-more", replica} })
	assert.Equal(t, reason.SourceDeleted, e.Replicas[0].Item.Reason, "neither the primary nor this replica has it")
	assert.Equal(t, reason.NotErased, e.Replicas[1].Item.Reason)
}

func TestAReplicaThatIsNamedAsThePrimaryIsKnown(t *testing.T) {
	w := newWorld(t)
	version := w.put("a b", "content")
	there := func(o *explain.Options) { o.Primary, o.From.Region = replica, away }
	for _, named := range []string{version, ""} {
		says := w.refused("a b", named, there)
		assert.Contains(t, says, "replication brought the version to acme-docs-dr, so that is a replica itself")
	}
	assert.Contains(t, w.refused("a b", version, there), "autobackup explain 's3://PRIMARY/a b?versionId="+version+"' s3://acme-docs-dr")
	out, err := w.Client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(replica), Key: aws.String("own"), Body: strings.NewReader("x")}, s3test.In(away))
	require.NoError(t, err)
	assert.Contains(t, w.refused("own", *out.VersionId, there), "if acme-docs-dr is a replica itself: name its primary")
}

func TestAStormOf503IsWaitedOut(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	left := 2
	w.Fault = func(r s3.Request) *s3.Fault {
		w.lock.Lock()
		defer w.lock.Unlock()
		if r.Operation != "HeadObject" || left == 0 {
			return nil
		}
		left--
		return &s3.Fault{Status: http.StatusServiceUnavailable}
	}
	assert.Equal(t, audit.Compared, w.explained("a", version).Replicas[0].Item.Category)
}

func TestWhatLooksWrongIsLookedAtAgain(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	faulty := true
	w.Fault = func(r s3.Request) *s3.Fault {
		w.lock.Lock()
		defer w.lock.Unlock()
		if r.Operation == "HeadObject" && r.Bucket == replica && faulty {
			return &s3.Fault{Status: http.StatusForbidden}
		}
		return nil
	}
	waited := 0
	e := w.explained("a", version, func(o *explain.Options) {
		o.Wait = waiting(func() {
			w.lock.Lock()
			defer w.lock.Unlock()
			waited++
			faulty = false
		})
	})
	assert.Equal(t, audit.Compared, e.Replicas[0].Item.Category)
	assert.Equal(t, 1, waited)
}
