package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/audit"
	"autobackup/internal/verdict"
)

// shows is a side of a look at an object.
func shows(found verdict.Found, change ...func(*verdict.Side)) verdict.Side {
	s := verdict.Side{Bucket: "docs", Region: "eu-central-1", Found: found}
	if found == verdict.Object {
		s.Size, s.ETag, s.Encryption = 3, strings.Repeat("0", 32), "AES256"
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func status(word string) func(*verdict.Side) { return func(s *verdict.Side) { s.Replication = word } }
func sized(s *verdict.Side)                  { s.Size++ }
func tagged(s *verdict.Side)                 { s.ETag = strings.Repeat("1", 32) }
func parted(s *verdict.Side)                 { s.ETag = strings.Repeat("1", 32) + "-2" }
func underKMS(s *verdict.Side)               { s.Encryption = "aws:kms" }
func archived(s *verdict.Side)               { s.Class = "GLACIER" }
func because(s *verdict.Side)                { s.Detail = "HeadObject answered so" }

func look(primary, replica verdict.Side, change ...func(*verdict.Replica)) verdict.Look {
	replica.Bucket = "docs-copy"
	r := verdict.Replica{Side: replica}
	for _, c := range change {
		c(&r)
	}
	return verdict.Look{Primary: primary, Replicas: []verdict.Replica{r}}
}

func TestWhatALookDecides(t *testing.T) {
	const old = 1000 * hours
	object, gone, mark := shows(verdict.Object), shows(verdict.Missing), shows(verdict.Marker)
	ignoresKMS := func(r *verdict.Replica) { r.IgnoresKMS = true }
	byTag := func(r *verdict.Replica) { r.ByTag = true }
	unselected := func(l verdict.Look) verdict.Look { l.Unselected = true; return l }
	ignoresMarkers := func(r *verdict.Replica) { r.IgnoresMarkers = true }
	missing := func(age time.Duration, change ...func(*audit.Row)) audit.Pair {
		return audit.Pair{Primary: listed(age, change...)}
	}
	surplus := func(age time.Duration, change ...func(*audit.Row)) audit.Pair {
		return audit.Pair{Replica: listed(age, change...)}
	}
	pair := audit.Pair{Primary: listed(old), Replica: listed(old)}
	completed := shows(verdict.Object, status("COMPLETED"))
	copied, written := shows(verdict.Object, status("REPLICA")), object
	for name, tc := range map[string]struct {
		pair  audit.Pair
		look  verdict.Look
		rules said
		want  string
	}{
		"equal on both sides":                      {pair: pair, look: look(object, object), want: "compared"},
		"another size":                             {pair: pair, look: look(object, shows(verdict.Object, sized)), want: "finding SIZE_MISMATCH"},
		"another MD5":                              {pair: pair, look: look(object, shows(verdict.Object, tagged)), want: "finding CONTENT_MISMATCH"},
		"parts that nothing compares":              {pair: pair, look: look(object, shows(verdict.Object, parted)), want: "unknown INCONCLUSIVE"},
		"equal ETags under KMS":                    {pair: pair, look: look(shows(verdict.Object, underKMS), shows(verdict.Object, underKMS)), want: "unknown INCONCLUSIVE"},
		"a marker in the place of an object":       {pair: pair, look: look(object, mark), want: "finding CONTENT_MISMATCH"},
		"two markers":                              {pair: pair, look: look(mark, mark), want: "compared"},
		"a primary that is denied":                 {pair: pair, look: look(shows(verdict.Denied), object), want: "unknown ACCESS_DENIED"},
		"a replica that is denied":                 {pair: pair, look: look(object, shows(verdict.Denied)), want: "unknown ACCESS_DENIED"},
		"a replica that is not reached":            {pair: pair, look: look(object, shows(verdict.Unreachable)), want: "unknown UNREACHABLE"},
		"a customer's key":                         {pair: pair, look: look(shows(verdict.SSEC), shows(verdict.SSEC)), want: "unknown UNREADABLE_SSE_C"},
		"an archive":                               {pair: pair, look: look(object, shows(verdict.Archived)), want: "unknown ARCHIVED"},
		"gone from the primary meanwhile":          {pair: pair, look: look(gone, object), want: "expected CHANGED_MEANWHILE"},
		"gone from both sides meanwhile":           {pair: pair, look: look(gone, gone), want: "expected CHANGED_MEANWHILE"},
		"gone from the replica meanwhile":          {pair: pair, look: look(completed, gone), want: "finding REPLICA_MISSING"},
		"missing in the listing only":              {pair: missing(old), look: look(completed, object), want: "compared"},
		"COMPLETED and gone":                       {pair: missing(old), look: look(completed, gone), want: "finding REPLICA_MISSING"},
		"COMPLETED and gone by lifecycle":          {pair: missing(old), look: look(completed, gone), rules: said{tidyAway: "r"}, want: "expected LIFECYCLE_ON_REPLICA r"},
		"PENDING beyond the deadline":              {pair: missing(old), look: look(shows(verdict.Object, status("PENDING")), gone), want: "finding REPLICA_MISSING"},
		"PENDING within the deadline":              {pair: missing(hours), look: look(shows(verdict.Object, status("PENDING")), gone), want: "expected YOUNG"},
		"COMPLETED, and no rule leads there":       {pair: missing(old), look: look(completed, gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"FAILED, and no rule leads there":          {pair: missing(old), look: look(shows(verdict.Object, status("FAILED")), gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"an old marker, and no rule leads there":   {pair: missing(old, marker), look: look(mark, gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"another size, and no rule leads there":    {pair: pair, look: look(object, shows(verdict.Object, sized)), rules: said{astray: true}, want: "finding SIZE_MISMATCH"},
		"PENDING, and no rule leads there":         {pair: missing(hours), look: look(shows(verdict.Object, status("PENDING")), gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"PENDING, and the rules are not known":     {pair: missing(hours), look: look(shows(verdict.Object, status("PENDING")), gone), rules: said{astray: true, unread: true}, want: "expected YOUNG"},
		"young, COMPLETED and gone":                {pair: missing(hours), look: look(completed, gone), want: "finding REPLICA_MISSING"},
		"young and FAILED":                         {pair: missing(hours), look: look(shows(verdict.Object, status("FAILED")), gone), want: "finding REPLICATION_FAILED"},
		"young without a status":                   {pair: missing(hours), look: look(object, gone), want: "expected BEFORE_RULE"},
		"a young marker, of which S3 says nothing": {pair: missing(hours, marker), look: look(mark, gone), want: "expected YOUNG"},
		"a young marker, and no rule leads there":  {pair: missing(hours, marker), look: look(mark, gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"FAILED":                                    {pair: missing(old), look: look(shows(verdict.Object, status("FAILED")), gone), want: "finding REPLICATION_FAILED"},
		"a replica of a third bucket":               {pair: missing(old), look: look(copied, gone), want: "finding REPLICA_NOT_REPLICATED"},
		"without a status":                          {pair: missing(old), look: look(object, gone), want: "expected BEFORE_RULE"},
		"without a status and without a rule":       {pair: missing(old), look: look(object, gone), rules: said{astray: true}, want: "finding NOT_REPLICATED"},
		"without a status, and no rule for the key": {pair: missing(old), look: look(object, gone), rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"with a status, and no rule for the key":    {pair: missing(old), look: look(completed, gone), rules: said{uncovered: true}, want: "finding REPLICA_MISSING"},
		"null without a status":                     {pair: missing(old, null), look: look(object, gone), want: "expected NULL_VERSION"},
		"missing where the rules could not be read": {pair: missing(old), look: look(object, gone), rules: said{astray: true, unread: true}, want: "unknown ACCESS_DENIED"},
		"null on both sides, and not the same":      {pair: audit.Pair{Primary: listed(old, null), Replica: listed(old, null, larger)}, look: look(object, object), want: "expected NULL_VERSION"},
		"null is compared where both sides have it": {pair: audit.Pair{Primary: listed(old, null), Replica: listed(old, null)}, look: look(object, object), want: "compared"},
		"a tag that matches now, without a status":  {pair: missing(old), look: look(object, gone, byTag), want: "finding TAGS_MATCH_NOW"},
		"a tag that matches now, COMPLETED":         {pair: missing(old), look: look(completed, gone, byTag), want: "finding TAGS_MATCH_NOW"},
		"a tag that matches now, gone by lifecycle": {pair: missing(old), look: look(completed, gone, byTag), rules: said{tidyAway: "r"}, want: "expected LIFECYCLE_ON_REPLICA r"},
		"other tags":                                {pair: missing(old), look: unselected(look(object, gone)), want: "expected NOT_SELECTED"},
		"other tags, and another rule took it":      {pair: missing(old), look: unselected(look(completed, gone)), want: "expected NOT_SELECTED"},
		"left out for its encryption":               {pair: missing(old), look: look(shows(verdict.Object, underKMS), gone, ignoresKMS), want: "expected LEFT_OUT"},
		"left out for its class":                    {pair: missing(old), look: look(shows(verdict.Object, archived), gone), want: "expected LEFT_OUT"},
		"archived after it was replicated":          {pair: missing(old), look: look(shows(verdict.Object, archived, status("COMPLETED")), gone), want: "finding REPLICA_MISSING"},
		"a marker without a status":                 {pair: missing(old, marker), look: look(mark, gone), want: "finding MARKER_MISSING"},
		"a marker that was replicated":              {pair: missing(old, marker), look: look(shows(verdict.Marker, status("COMPLETED")), gone), want: "finding MARKER_MISSING"},
		"a marker that lifecycle made":              {pair: missing(old, marker), look: look(mark, gone), rules: said{mark: "m"}, want: "expected LIFECYCLE_MARKER m"},
		"a marker that lifecycle may not have made": {pair: missing(old, marker), look: look(shows(verdict.Marker, status("COMPLETED")), gone), rules: said{mark: "m"}, want: "finding MARKER_MISSING"},
		"lifecycle makes no marker of an object":    {pair: audit.Pair{Primary: listed(old, marker), Replica: listed(old)}, look: look(mark, object), rules: said{mark: "m"}, want: "finding CONTENT_MISMATCH"},
		"an object is no marker of lifecycle":       {pair: missing(old), look: look(completed, gone), rules: said{mark: "m"}, want: "finding REPLICA_MISSING"},
		"the replica's lifecycle marks its own":     {pair: missing(old, marker), look: look(mark, gone), rules: said{copy: "m"}, want: "finding MARKER_MISSING"},
		"a marker that is not replicated":           {pair: missing(old, marker), look: look(mark, gone, ignoresMarkers), rules: said{ignoring: true}, want: "expected MARKER_NOT_REPLICATED"},

		"missing where the replica's lifecycle may say why":              {pair: missing(old), look: look(completed, gone), rules: said{hidden: "replica"}, want: "unknown ACCESS_DENIED"},
		"missing after less than a day, before any lifecycle":            {pair: missing(24*hours - 1), look: look(completed, gone), rules: said{hidden: "replica"}, want: "finding REPLICA_MISSING"},
		"missing after a day":                                            {pair: missing(24 * hours), look: look(completed, gone), rules: said{hidden: "replica"}, want: "unknown ACCESS_DENIED"},
		"missing, whatever the primary's lifecycle says":                 {pair: missing(old), look: look(completed, gone), rules: said{hidden: "primary"}, want: "finding REPLICA_MISSING"},
		"never replicated, whatever lifecycle says":                      {pair: missing(old), look: look(shows(verdict.Object, status("PENDING")), gone), rules: said{hidden: "primary, replica"}, want: "finding REPLICA_MISSING"},
		"a missing marker that the primary's lifecycle may have made":    {pair: missing(old, marker), look: look(mark, gone), rules: said{hidden: "primary"}, want: "unknown ACCESS_DENIED"},
		"a missing marker that the replica's lifecycle may have removed": {pair: missing(old, marker), look: look(shows(verdict.Marker, status("COMPLETED")), gone), rules: said{hidden: "replica"}, want: "unknown ACCESS_DENIED"},
		"a missing marker of less than a day":                            {pair: missing(6*hours, marker), look: look(mark, gone), rules: said{hidden: "primary"}, want: "unknown ACCESS_DENIED"},
		"another size, whatever lifecycle says":                          {pair: pair, look: look(object, shows(verdict.Object, sized)), rules: said{hidden: "primary, replica"}, want: "finding SIZE_MISMATCH"},
		"a lost object, whatever the primary's lifecycle marks":          {pair: missing(old), look: look(object, gone), rules: said{hidden: "primary"}, want: "expected BEFORE_RULE"},
		"a missing marker that somebody made":                            {pair: missing(old, marker), look: look(shows(verdict.Marker, status("COMPLETED")), gone), rules: said{hidden: "primary"}, want: "finding MARKER_MISSING"},
		"a surplus that the primary's lifecycle may have removed there":  {pair: surplus(old), look: look(gone, copied), rules: said{hidden: "primary"}, want: "unknown ACCESS_DENIED"},
		"a surplus of less than a day":                                   {pair: surplus(hours), look: look(gone, copied), rules: said{hidden: "primary"}, want: "expected ERASURE_RECENT"},
		"a surplus, whatever the replica's lifecycle says":               {pair: surplus(100 * hours), look: look(gone, copied), rules: said{hidden: "replica"}, want: "finding NOT_ERASED"},
		"a surplus that somebody wrote there":                            {pair: surplus(old), look: look(gone, written), rules: said{hidden: "primary, replica"}, want: "finding REPLICA_ONLY"},
		"a marker that the replica's lifecycle may have made":            {pair: surplus(old, marker), look: look(gone, mark), rules: said{hidden: "replica"}, want: "unknown ACCESS_DENIED"},
		"a marker that the primary's lifecycle may have removed":         {pair: surplus(old, marker), look: look(gone, mark), rules: said{hidden: "primary"}, want: "unknown ACCESS_DENIED"},

		"deleted on the primary long ago":                   {pair: surplus(100 * hours), look: look(gone, copied), want: "finding NOT_ERASED"},
		"deleted on the primary a while ago":                {pair: surplus(100*hours - 1), look: look(gone, copied), want: "expected ERASURE_RECENT"},
		"written into the replica":                          {pair: surplus(old), look: look(gone, written), want: "finding REPLICA_ONLY"},
		"marked in the replica":                             {pair: surplus(old, marker), look: look(gone, mark), want: "finding REPLICA_ONLY"},
		"marked by the replica's lifecycle":                 {pair: surplus(old, marker), look: look(gone, mark), rules: said{copy: "m"}, want: "expected LIFECYCLE_MARKER m"},
		"the primary's lifecycle marks its own":             {pair: surplus(old, marker), look: look(gone, mark), rules: said{mark: "m"}, want: "finding REPLICA_ONLY"},
		"an object that no lifecycle marked":                {pair: surplus(old), look: look(gone, written), rules: said{copy: "m"}, want: "finding REPLICA_ONLY"},
		"removed by the primary's lifecycle":                {pair: surplus(old), look: look(gone, copied), rules: said{tidyHome: "r"}, want: "expected LIFECYCLE_ON_PRIMARY r"},
		"deleted on the primary just now":                   {pair: surplus(hours), look: look(gone, copied), want: "expected ERASURE_RECENT"},
		"written into the replica just now":                 {pair: surplus(hours), look: look(gone, written), want: "finding REPLICA_ONLY"},
		"on its way back from the replica":                  {pair: surplus(hours), look: look(gone, shows(verdict.Object, status("PENDING"))), want: "expected YOUNG"},
		"on its way back for too long":                      {pair: surplus(old), look: look(gone, shows(verdict.Object, status("PENDING"))), want: "finding REPLICA_ONLY"},
		"gone from the replica, too":                        {pair: surplus(old), look: look(gone, gone), want: "expected CHANGED_MEANWHILE"},
		"a surplus that is denied":                          {pair: surplus(old), look: look(gone, shows(verdict.Denied, because)), want: "unknown ACCESS_DENIED"},
		"a surplus that is not reached":                     {pair: surplus(old), look: look(gone, shows(verdict.Unreachable)), want: "unknown UNREACHABLE"},
		"surplus in the listing only":                       {pair: surplus(old), look: look(completed, copied), want: "compared"},
		"a surplus whose primary is denied is no erasure":   {pair: surplus(old), look: look(shows(verdict.Denied), copied), want: "unknown ACCESS_DENIED"},
		"a surplus whose primary is not reached is not one": {pair: surplus(old), look: look(shows(verdict.Unreachable), copied), want: "unknown UNREACHABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			c := judge(audit.Rest, tc.rules).Looked(tc.pair, tc.look)
			assert.Equal(t, tc.want, brief(c))
			if c.Category == audit.Compared {
				assert.NotEmpty(t, c.Evidence)
			}
		})
	}
}

func TestWhatALookFindsOnNoSideIsGoneUnlessLifecycleMayHaveRemovedIt(t *testing.T) {
	gone, old := shows(verdict.Missing), listed(1000*hours)
	for name, tc := range map[string]struct {
		pair  audit.Pair
		look  verdict.Look
		rules said
		want  bool
	}{
		"the replica alone listed it":              {pair: audit.Pair{Replica: old}, look: look(gone, gone), want: true},
		"the primary alone listed it":              {pair: audit.Pair{Primary: old}, look: look(gone, gone), want: true},
		"both listed it":                           {pair: audit.Pair{Primary: old, Replica: old}, look: look(gone, gone), want: true},
		"the replica still has it":                 {pair: audit.Pair{Primary: old, Replica: old}, look: look(gone, shows(verdict.Object))},
		"the replica could not be looked at":       {pair: audit.Pair{Primary: old}, look: look(gone, shows(verdict.Denied))},
		"no replica was looked at":                 {pair: audit.Pair{Replica: old}, look: verdict.Look{Primary: verdict.Side{Found: verdict.Missing}}},
		"the primary's lifecycle was to remove it": {pair: audit.Pair{Replica: old}, look: look(gone, gone), rules: said{tidyHome: "r"}},
		"the primary's lifecycle may have done so": {pair: audit.Pair{Replica: old}, look: look(gone, gone), rules: said{hidden: "primary"}},
		"no lifecycle removes it so soon":          {pair: audit.Pair{Replica: listed(hours)}, look: look(gone, gone), rules: said{hidden: "primary"}, want: true},
		"the replica's lifecycle removed the copy": {pair: audit.Pair{Replica: old}, look: look(gone, gone), rules: said{tidyAway: "r"}, want: true},
		"null is the id of others, too":            {pair: audit.Pair{Replica: listed(1000*hours, null)}, look: look(gone, gone)},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.pair
			c := judge(audit.Rest, tc.rules).Looked(p, tc.look)
			assert.Equal(t, "expected CHANGED_MEANWHILE", brief(c))
			assert.Equal(t, tc.want, c.Gone)
			assert.Equal(t, tc.want, p.Item("docs", "docs-copy", c).Gone)
		})
	}
}

func TestALookTellsStatusAndDetail(t *testing.T) {
	c := judge(audit.Rest, said{}).Looked(audit.Pair{Primary: listed(1000 * hours)}, look(shows(verdict.Object, status("FAILED")), shows(verdict.Missing)))
	assert.Equal(t, "FAILED", c.Status)
	assert.Contains(t, c.Detail, "replication status FAILED")
	c = judge(audit.Rest, said{}).Looked(audit.Pair{Replica: listed(1000 * hours)}, look(shows(verdict.Missing), shows(verdict.Denied, because)))
	assert.Equal(t, "HeadObject answered so", c.Detail)
	hidden := judge(audit.Rest, said{hidden: "primary, replica"})
	c = hidden.Looked(audit.Pair{Primary: listed(1000 * hours)}, look(shows(verdict.Object, status("COMPLETED")), shows(verdict.Missing)))
	assert.Equal(t, "the replica lacks it, and the lifecycle rules, which may say why, could not be read", c.Detail)
	assert.Equal(t, "COMPLETED", c.Status)
	c = hidden.Looked(audit.Pair{Replica: listed(1000 * hours)}, look(shows(verdict.Missing), shows(verdict.Object, status("REPLICA"))))
	assert.Equal(t, "only the replica has it, and the lifecycle rules, which may say why, could not be read", c.Detail)
	c = judge(audit.Rest, said{}).Looked(audit.Pair{Primary: listed(0), Replica: listed(0)}, look(shows(verdict.Missing), shows(verdict.Object)))
	assert.Equal(t, "the primary no longer has the version", c.Detail)
	c = judge(audit.Rest, said{}).Looked(audit.Pair{Replica: listed(0)}, look(shows(verdict.Missing), shows(verdict.Missing)))
	assert.Equal(t, "neither side has the version any more", c.Detail)
}

func TestBytesAreReadAtTheirLevelAlone(t *testing.T) {
	pair := audit.Pair{Primary: listed(hours), Replica: listed(hours)}
	seen := look(shows(verdict.Object), shows(verdict.Object))
	j := judge(audit.Bytes, said{})
	j.Policy.Bytes = verdict.ByteVerification{PerMille: 1000}
	assert.True(t, j.ToRead(pair, seen))
	assert.Equal(t, "unknown BYTES_NOT_READ", brief(j.Looked(pair, seen)))
	cold := audit.Pair{Primary: listed(hours), Replica: listed(hours, func(r *audit.Row) { r.Class = "STANDARD_IA" })}
	assert.False(t, j.ToRead(cold, seen))
	assert.Equal(t, "compared", brief(j.Looked(cold, seen)))
	for _, level := range []audit.Level{audit.Rest, audit.AllLooked} {
		j.Level = level
		assert.False(t, j.ToRead(pair, seen))
		assert.Equal(t, "compared", brief(j.Looked(pair, seen)))
	}
	seen.Replicas[0].Bytes = &verdict.Bytes{Primary: verdict.Read{Found: verdict.Object, CRC64NVME: "AAAAAAAAAAA="}, Replica: verdict.Read{Found: verdict.Object, CRC64NVME: "AAAAAAAAAAA="}}
	j.Level = audit.Bytes
	assert.Equal(t, "compared", brief(j.Looked(pair, seen)))
	assert.False(t, j.ToRead(pair, seen), "they were read")
}
