package alert

import (
	"cmp"
	"strings"

	"autobackup/internal/shell"
	"autobackup/internal/text"
	"autobackup/internal/told"
)

// Brief is what an e-mail says of one finding, for what is no e-mail: each sentence
// stands alone.
type Brief struct {
	Code            string // the reason, or that it is not known
	Title           string // as the subject of an e-mail about this finding alone
	What, Why, Next string
	Detail          string // one line: what was compared, or what S3 answered
	Explain         string // command; empty where no object is known
	// Parked, Retry and Discard are commands of this program about what is parked: each shows what there
	// is, and the last two ask, and put who and why on record.
	Parked, Retry, Discard string
	LookAgain              string // plain command that has all parked messages looked at again, without a record
}

// ByCommand is what Next says in place of where an e-mail has its commands.
const ByCommand = "(command retry)"

// Brief is what an e-mail says of a finding.
func (c Context) Brief(of told.Finding) Brief {
	x, e := of.Example(), of.Entry()
	f := finding{Entry: e, stage: c.Stage, object: x.Object, marker: x.Verdict.Marker}
	if e.Bucket == "" {
		f.Forbidden, f.bare = x.Verdict.Forbidden, withoutFacts(x)
	}
	w := f.words()
	b := Brief{
		Code: known(f.Reason), What: alone.Replace(w.what), Why: alone.Replace(w.why), Next: alone.Replace(w.next),
		Detail: text.Line(cmp.Or(e.Detail, x.Verdict.Detail, x.Detail, "none"), MaxLine),
		Parked: c.verb(parked), Retry: c.verb(retry), Discard: c.verb(discard), LookAgain: move(c.Queues, c.Queues.ValidationARN),
	}
	v := version{object: x.Object, examples: []told.Example{x}, findings: []finding{f}}
	head := failedHead(c.Stage)
	b.Title = head + v.title(MaxSubject-len(head))
	b.Explain = explainIn(v)
	return b
}

// explainIn is the command that explains a version, in one line; empty where no object is
// known.
func explainIn(v version) string {
	if v.object == nil {
		return ""
	}
	return shell.Explain(v.object.Bucket, v.object.Key, v.object.VersionID)
}

// alone puts names in the place of words that are about an e-mail's layout.
var alone = strings.NewReplacer(
	"the line above", "the detail",
	"the error above", "the error in the detail",
	"the first command below", "aws s3api get-bucket-replication",
	"the commands below", "aws s3api head-object on both sides",
	"(see the end)", ByCommand,
)
