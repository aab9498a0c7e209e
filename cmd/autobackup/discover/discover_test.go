package discover_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/discover"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the golden files and docs/discover.md anew")

func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file) //nolint:gosec // the test's
	require.NoError(t, err, "run go test ./cmd/autobackup/discover -update")
	assert.Equal(t, string(want), text)
}

func (w *world) discover(edits ...func(*discover.Options)) *discover.Report {
	w.t.Helper()
	o := discover.Options{Role: "audit", ExternalID: "an-id", Accounts: []string{own, other}, Progress: io.Discard}
	for _, edit := range edits {
		edit(&o)
	}
	report, err := discover.Run(w.t.Context(), w.config(), o)
	require.NoError(w.t, err)
	return report
}

func screen(t *testing.T, r *discover.Report, all bool) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, r.Text(&page, all))
	return page.String()
}

func TestTheScreenHasBlindSpotsFirstAndTheResultLast(t *testing.T) {
	w := newWorld(t)
	w.estate()
	r := w.discover()
	page := screen(t, r, false)
	golden(t, "screen.txt", page)
	golden(t, "all.txt", screen(t, r, true))
	var out bytes.Buffer
	require.NoError(t, r.JSON(&out))
	golden(t, "report.json", out.String())
	assert.NotContains(t, out.String(), "null")
	assert.Equal(t, 1, r.Exit)
	assert.True(t, strings.HasSuffix(page, "exit code 1\n"))
	documented(t, page)
}

// documented holds the sample in docs/discover.md, and its table of permissions.
func documented(t *testing.T, shown string) {
	t.Helper()
	const file, test = "../../../docs/discover.md", "./cmd/autobackup/discover"
	var rows strings.Builder
	for _, p := range discover.Permissions {
		if p.Action != "" {
			fmt.Fprintf(&rows, "| `%s` | %s |\n", p.Action, p.Why)
		}
	}
	page.Block(t, file, "sample", test, "```\n"+shown+"```\n", *update)
	page.Block(t, file, "permissions", test, "| action | for |\n|---|---|\n"+rows.String(), *update)
}

func TestEveryCallReadsAndIsInThePermissionsAndNothingElseIs(t *testing.T) {
	w := newWorld(t)
	w.estate()
	w.instead["ListBuckets "+other] = answer{200, `<ListAllMyBucketsResult><Buckets><Bucket><Name>theirs</Name></Bucket></Buckets></ListAllMyBucketsResult>`} // no region
	w.discover()
	known := map[string]bool{}
	for _, p := range discover.Permissions {
		known[p.Service+" "+p.Operation] = true
		assert.Regexp(t, `^(s3|s3express|s3tables|s3vectors|events|sts):(Get|List|AssumeRole$)|^$`, p.Action)
	}
	assert.Equal(t, known, w.calls)
	for call := range w.calls {
		assert.Regexp(t, ` (Get|List)\w+$|^STS AssumeRole$`, call)
	}
	for _, request := range w.asked {
		if !regexp.MustCompile(` (GetCallerIdentity|AssumeRole|ListRules|ListVectorBuckets) POST `).MatchString(request) {
			assert.Contains(t, request, " GET ")
		}
	}
	assert.Contains(t, strings.Join(w.asked, "\n"), "GetBucketReplication GET http://aws.test/documents?", "path style, as the address is not AWS's")
}

func TestAThousandBucketsAndMoreAreListedInPages(t *testing.T) {
	w := newWorld(t)
	for i := range 2345 {
		w.bucket(own, []string{here, there}[i%2], fmt.Sprintf("bucket-%04d", i), nil)
	}
	r := w.discover(func(o *discover.Options) { o.Role, o.Accounts = "", nil })
	assert.Equal(t, 2345, r.Coverage.Buckets)
	assert.Equal(t, 2345, r.Coverage.Not)
	page := screen(t, r, false)
	assert.Contains(t, page, "and 2295 more buckets; --all shows them\n")
	assert.Equal(t, 50, strings.Count(page, "\n bucket-"))
	assert.Equal(t, 2345, strings.Count(screen(t, r, true), "\n bucket-"))
	lists, rules := 0, 0
	for _, request := range w.asked {
		if strings.Contains(request, " ListBuckets ") {
			lists++
			assert.Contains(t, request, "max-buckets=1000")
		}
		if strings.Contains(request, " ListRules ") {
			rules++
		}
	}
	assert.Equal(t, 3, lists)
	assert.Equal(t, 2, rules, "once a region, not once a bucket")
}

func TestWhatCannotBeReadIsUnknownAndNamesTheActionToGrant(t *testing.T) {
	for operation, action := range map[string]string{
		"GetBucketReplication": "s3:GetReplicationConfiguration", "GetBucketVersioning": "s3:GetBucketVersioning",
		"GetBucketNotificationConfiguration": "s3:GetBucketNotification", "ListRules": "events:ListRules",
	} {
		t.Run(operation, func(t *testing.T) {
			w := newWorld(t)
			w.bucket(own, here, "documents", nil, "elsewhere")
			w.rules[here] = `{"Rules":[{"Name":"autobackup-s3-upload-trigger-dev","State":"ENABLED","EventPattern":"{\"source\":[\"aws.s3\"]}"}]}`
			alone := func(o *discover.Options) { o.Role, o.Accounts = "", nil }
			require.Zero(t, w.discover(alone).Exit)

			denied := answer{403, deniedXML}
			if operation == "ListRules" {
				denied = answer{400, `{"__type":"AccessDeniedException","message":"no"}`}
			}
			w.instead[operation] = denied
			r := w.discover(alone)
			assert.Equal(t, discover.Unknown, r.Buckets[0].State)
			assert.Equal(t, "grant "+action, r.Buckets[0].Next)
			assert.Equal(t, 1, r.Exit)
			assert.Contains(t, screen(t, r, false), "?")

			w.instead[operation] = answer{404, `<Error><Code>NoSuchBucket</Code></Error>`}
			r = w.discover(alone)
			assert.Equal(t, discover.Unknown, r.Buckets[0].State, "only S3's own code for no configuration means that there is none")
			assert.Equal(t, "docs/discover.md#unknown", r.Buckets[0].Next)
		})
	}
}

func TestATriggerThatIsOffOrNotUnderstoodValidatesNothing(t *testing.T) {
	for rules, want := range map[string]discover.State{
		`{"Name":"autobackup-s3-upload-trigger-a","State":"DISABLED","EventPattern":"{\"source\":[\"aws.s3\"]}"}`:             discover.Unchecked,
		`{"Name":"autobackup-s3-upload-trigger-a","State":"ENABLED","ScheduleExpression":"rate(1 day)"}`:                      discover.Unchecked,
		`{"Name":"autobackup-s3-upload-trigger-a","State":"ENABLED","EventPattern":"{\"source\":[{\"new\":1}]}"}`:             discover.Unknown,
		`{"Name":"autobackup-s3-upload-trigger-a","State":"ENABLED","EventPattern":"{\"detail-type\":[\"Object Created\"]}"}`: discover.Covered,
	} {
		w := newWorld(t)
		w.bucket(own, here, "documents", nil, "elsewhere")
		w.rules[here] = `{"Rules":[` + rules + `]}`
		assert.Equal(t, want, w.discover().Buckets[0].State, rules)
	}
}

func TestAnAccountThatCannotBeReadIsToldWithItsReason(t *testing.T) {
	for operation, why := range map[string]string{
		"AssumeRole":           "AssumeRole answered 403 AccessDenied",
		"ListBuckets " + other: "ListBuckets answered 403 AccessDenied",
	} {
		w := newWorld(t)
		w.instead[operation] = answer{403, deniedXML}
		if operation == "AssumeRole" { // in STS's envelope
			w.instead[operation] = answer{403, `<ErrorResponse>` + deniedXML + `</ErrorResponse>`}
		}
		r := w.discover()
		assert.Equal(t, 1, r.Exit)
		require.Len(t, r.Accounts, 2)
		require.NotNil(t, r.Accounts[1].Unread, operation)
		assert.Equal(t, why, r.Accounts[1].Unread.Why)
		page := screen(t, r, false)
		assert.True(t, strings.HasPrefix(page, "account not read: 1\n"), page)
		assert.Contains(t, page, other)
		assert.Contains(t, page, "Result: 0 blind spots, and 1 account not read; exit code 1\n")
	}
}

func TestOnesOwnAccountThatCannotBeReadIsAnError(t *testing.T) {
	w := newWorld(t)
	w.instead["ListBuckets"] = answer{403, deniedXML}
	_, err := discover.Run(t.Context(), w.config(), discover.Options{Progress: io.Discard})
	assert.EqualError(t, err, "list the buckets of your account: ListBuckets answered 403 AccessDenied (grant s3:ListAllMyBuckets)")

	w.instead["ListBuckets"] = answer{403, `<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>`}
	_, err = discover.Run(t.Context(), w.config(), discover.Options{Progress: io.Discard})
	assert.EqualError(t, err, "list the buckets of your account: ListBuckets answered 403 InvalidAccessKeyId (check the credentials with aws sts get-caller-identity, or log in again, as with aws sso login)", "no permission would mend that")

	w.instead["GetCallerIdentity"] = answer{403, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>`}
	_, err = discover.Run(t.Context(), w.config(), discover.Options{Role: "audit", Progress: io.Discard})
	assert.ErrorContains(t, err, "find out whose buckets to list: GetCallerIdentity answered 403 ExpiredToken")

	none := w.config()
	none.Credentials = nil
	_, err = discover.Run(t.Context(), none, discover.Options{Progress: io.Discard})
	assert.ErrorContains(t, err, "find credentials for your account: there are none in the environment")

	ctx, cancel := context.WithCancel(t.Context())
	w = newWorld(t)
	cancel()
	_, err = discover.Run(ctx, w.config(), discover.Options{Progress: io.Discard})
	assert.Error(t, err, "what was interrupted is no report")
}

func TestAListThatRepeatsItselfIsAnError(t *testing.T) {
	w := newWorld(t)
	w.instead["ListBuckets"] = answer{200, `<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets><ContinuationToken>t</ContinuationToken></ListAllMyBucketsResult>`}
	_, err := discover.Run(t.Context(), w.config(), discover.Options{Progress: io.Discard})
	assert.ErrorContains(t, err, "bucket a twice")

	w = newWorld(t)
	w.bucket(own, here, "documents", nil, "elsewhere")
	w.instead["ListRules"] = answer{200, `{"Rules":[],"NextToken":"t"}`}
	assert.Equal(t, discover.Unknown, w.discover().Buckets[0].State)
}

func TestAnS3WithoutTheOtherServicesTellsWhatItHas(t *testing.T) {
	w := newWorld(t)
	w.bucket(own, here, "documents", nil, "elsewhere")
	for _, operation := range []string{"GetCallerIdentity", "ListRules", "ListDirectoryBuckets", "ListTableBuckets", "ListVectorBuckets", "ListAccessPoints"} {
		w.instead[operation] = answer{501, ""}
	}
	w.instead["ListBuckets"] = answer{200, `<ListAllMyBucketsResult><Buckets><Bucket><Name>documents</Name></Bucket></Buckets></ListAllMyBucketsResult>`}
	w.instead["ListDirectoryBuckets"] = w.instead["ListBuckets"] // it is the same request there
	r := w.discover(func(o *discover.Options) { o.Role, o.Accounts = "", nil })
	assert.Equal(t, discover.Unknown, r.Buckets[0].State)
	assert.Equal(t, here, r.Buckets[0].Region, "by its location, as the list has none")
	page := screen(t, r, false)
	assert.Contains(t, page, "Coverage: 1 of 1 bucket replicates (100 %), 0 of them validated (0 % of all)\n")
	assert.Equal(t, 5, strings.Count(page, "Unknown: "), page)
	assert.Contains(t, page, "\nUnknown: validated: ListRules answered 501 UnknownError, of documents\n")
	assert.Contains(t, page, "\nUnknown: table buckets: ListTableBuckets answered 501 UnknownError, in eu-central-1\n", "whose they are is not known")
	assert.Regexp(t, `(?m)^ documents  \?  `, page)
	assert.Contains(t, page, "Not covered: ? directory buckets, ? table buckets, ? vector buckets (and ? access points: names for buckets), in eu-central-1\n")
}

func TestEveryQuestionMarkHasTheCallThatFailedAndThePermission(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"documents", "media", "plain"} {
		w.bucket(own, here, name, nil, "elsewhere")
	}
	w.bucket(own, here, "dark", nil)
	w.instead["ListRules"] = answer{400, `{"__type":"AccessDeniedException"}`}
	w.instead["GetBucketNotificationConfiguration plain"] = answer{403, deniedXML}
	w.instead["GetObjectLockConfiguration plain"] = answer{403, deniedXML}
	w.instead["GetBucketVersioning plain"] = answer{403, deniedXML}
	w.instead["GetBucketNotificationConfiguration dark"] = answer{200, `<NotificationConfiguration/>`}
	only := func(o *discover.Options) { o.Role, o.Accounts = "", nil }
	page := screen(t, w.discover(only), true)
	for _, line := range []string{
		"validated: ListRules answered 400 AccessDeniedException (grant events:ListRules), of documents and 2 more",
		"EventBridge, validated: GetBucketNotificationConfiguration answered 403 AccessDenied (grant s3:GetBucketNotification), of plain",
		"versioning: GetBucketVersioning answered 403 AccessDenied (grant s3:GetBucketVersioning), of plain",
		"lock: GetObjectLockConfiguration answered 403 AccessDenied (grant s3:GetBucketObjectLockConfiguration), of plain",
	} {
		assert.Contains(t, page, "\nUnknown: "+line+"\n", page)
	}

	w.instead["ListRules"] = answer{200, `{"Rules":[]}`}
	page = screen(t, w.discover(only), true)
	assert.Contains(t, page, "\nUnknown: EventBridge: GetBucketNotificationConfiguration", "without a trigger it is not validated, whatever EventBridge gets")

	w.instead["ListBuckets"] = answer{200, `<ListAllMyBucketsResult><Buckets><Bucket><Name>documents</Name></Bucket></Buckets></ListAllMyBucketsResult>`}
	w.instead["GetBucketLocation"] = answer{403, deniedXML}
	page = screen(t, w.discover(only), true)
	assert.Contains(t, page, "\nUnknown: region, and all that is asked for there: GetBucketLocation answered 403 AccessDenied (grant s3:GetBucketLocation), of documents\n")
	assert.Equal(t, 1, strings.Count(page, "GetBucketLocation answered"), page)
}

func TestNamesThatOthersChoseAreShownSafely(t *testing.T) {
	const hostile = "\x1b[2Jevil\n bucket \u202e"
	row := discover.Row{Bucket: discover.Bucket{Name: hostile, Account: own, Region: hostile, Versioning: hostile, Lock: hostile,
		Rules: []discover.Rule{{ID: hostile, To: hostile, Account: hostile}}}, State: discover.Part, Of: []string{hostile}}
	r := &discover.Report{Buckets: []discover.Row{row}, Accounts: []discover.Account{
		{ID: other, Regions: []string{hostile}, Unread: &discover.Unread{Why: hostile}, Others: []discover.Other{{Kind: "table bucket", Unread: []discover.Unread{{Why: hostile, Region: here}}}}},
	}}
	page := screen(t, r, true)
	row.State, row.Rules = discover.Replica, nil
	r.Buckets = []discover.Row{row}
	page += screen(t, r, true)
	assert.NotRegexp(t, "[^\n -~─┼│]", page)
	assert.Contains(t, page, `"\x1b[2Jevil\n bucket \u202e"`)
	var out bytes.Buffer
	require.NoError(t, r.JSON(&out))
	assert.True(t, json.Valid(out.Bytes()))
}

func TestOtherKindsAreCountedInTheRegionsAskedFor(t *testing.T) {
	w := newWorld(t)
	r := w.discover(func(o *discover.Options) { o.Role, o.Accounts, o.Regions = "", nil, []string{"us-east-1", here} })
	assert.Equal(t, []string{here, "us-east-1"}, r.Accounts[0].Regions)
	page := screen(t, r, false)
	assert.Contains(t, page, "Not covered: 2 directory buckets, 4 table buckets, 0 vector buckets (and 2 access points: names for buckets), in eu-central-1, us-east-1\n")
	w.instead["ListTableBuckets us-east-1"] = answer{403, `{}`}
	assert.Contains(t, screen(t, w.discover(func(o *discover.Options) { o.Role, o.Accounts, o.Regions = "", nil, []string{"us-east-1"} }), false), "at least 2 table buckets, ")
	assert.Contains(t, page, "Coverage: no bucket to cover\nResult: there is no bucket to cover; exit code 0\n")
}
