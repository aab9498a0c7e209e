package alert

import (
	"cmp"
	"strings"

	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// MaxLine is the length of a Line in bytes.
const MaxLine = 300

// Line is a verdict in one printable line of at most MaxLine ASCII bytes, for the
// attribute of a parked message and for the log: the primary, every replica that
// has the verdict's outcome, and what was found there. Where there is little room,
// the names of the replicas stay longest. It is never empty, and nothing reads it
// back.
func Line(v verdict.Verdict, o s3event.ObjectVersion) string {
	var entries []verdict.Entry
	for _, e := range v.Replicas {
		if e.Outcome == v.Outcome {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		entries = []verdict.Entry{{Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail}}
	}
	var line string
	for _, f := range []form{{primary: true, regions: true}, {regions: true}, {}} {
		var fits bool
		if line, fits = f.line(entries, o); fits {
			break
		}
	}
	return line
}

// form is what a Line says besides the names of the replicas.
type form struct{ primary, regions bool }

// enough is what a finding keeps of its room where names take much, in bytes.
const enough = 24

// line gives each finding an equal share of what names leave.
func (f form) line(entries []verdict.Entry, o s3event.ObjectVersion) (line string, fits bool) {
	heads := make([]string, len(entries))
	room := MaxLine - len("; ")*(len(entries)-1)
	for i, e := range entries {
		heads[i] = f.head(e, o, i == 0, len(entries) > 1)
		room -= len(heads[i])
	}
	share := room / len(entries)
	var parts []string
	for i, e := range entries {
		said := cmp.Or(e.Detail, string(e.Reason), string(e.Outcome), "nothing is known")
		parts = append(parts, heads[i]+text.Line(said, share))
	}
	return text.Line(strings.Join(parts, "; "), MaxLine), share >= enough
}

// head names the primary before the first entry, and the replica.
func (f form) head(e verdict.Entry, o s3event.ObjectVersion, first, several bool) string {
	var names []string
	if f.primary && first && o.Bucket != "" {
		names = append(names, "primary "+f.name(o.Bucket, o.Region))
	}
	if e.Bucket != "" {
		names = append(names, "replica "+f.name(e.Bucket, e.Region))
	}
	if len(names) == 0 {
		return ""
	}
	joint := " and "
	if several {
		joint = "; "
	}
	return strings.Join(names, joint) + ": "
}

func (f form) name(bucket, region string) string {
	name := text.Line(bucket, maxBucket)
	if f.regions {
		name += " (" + text.Line(cmp.Or(region, "region unknown"), maxRegion) + ")"
	}
	return name
}
