package evidence

import (
	"slices"
	"time"

	"autobackup/internal/text"
)

// whose says whether a manifest is of the deployment that the first one is of.
func (v *verifier) whose(name string, m Manifest) bool {
	if !v.known {
		v.out.Deployment, v.known = m.Deployment, true
	}
	if of := v.out.Deployment; m.Deployment != of {
		v.note(OtherStage, name, "It is of stage %s in account %s and region %s, and the first one of stage %s in account %s and region %s: keep each deployment's evidence below a prefix of its own.",
			quoted(m.Stage), quoted(m.Account), quoted(m.Region), quoted(of.Stage), quoted(of.Account), quoted(of.Region))
		return false
	}
	return true
}

// link holds a manifest against the one before.
func (v *verifier) link(name, day string, m Manifest) {
	switch before, said := v.before, m.Previous; {
	case before == nil && said == nil:
	case said == nil:
		v.note(BrokenChain, name, "It says that it is the first, and there is one of %s: it was edited, or what is older was put there later.", before.Day)
	case said.Day >= day:
		v.note(OutOfOrder, name, "It names the manifest of %s as the one before it, which is not before %s.", said.Day, day)
	case before == nil && said.Day < v.o.From: // left out, and not there
	case before == nil:
		v.note(MissingManifest, ManifestName(begins(said.Day)), "The manifest of %s names it as the one before, and it is not there: restore it with all that is older from a copy, or leave out with --from what is no longer kept.", day)
	case said.Day < before.Day:
		v.note(OutOfOrder, name, "It names the manifest of %s as the one before it, and that is the one of %s.", said.Day, before.Day)
	case said.Day == before.Day && said.SHA256 != before.SHA256:
		v.note(BrokenChain, name, "It has the SHA-256 %s of the manifest of %s, which has %s: one of the two was changed after it was written. A copy of either tells which.", said.SHA256, before.Day, before.SHA256)
	}
}

// clock holds the times against the days and each other.
func (v *verifier) clock(name, day string, m Manifest) {
	switch end := begins(day).AddDate(0, 0, 1); {
	case m.Made.Before(end):
		v.note(WrongClock, name, "It was made at %s, before its day was over: the clock of who made it was wrong, or what came later that day is in no manifest.", moment(m.Made))
	case m.Made.After(v.o.Now.Add(skew)):
		v.note(WrongClock, name, "It was made at %s, which is yet to come: the clock of who made it was wrong, or this machine's is.", moment(m.Made))
	case m.Made.Before(v.made):
		v.note(WrongClock, name, "It was made at %s, and the one before it later, at %s: the clock of who made them was wrong, or this one is older than it says.", moment(m.Made), moment(v.made))
	}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// gaps notes the days without a manifest: between the first and the last that have one, and
// outside of those where there are files.
func (v *verifier) gaps(days []*dayNames) {
	days = slices.DeleteFunc(days, func(d *dayNames) bool { return !v.within(d.day) })
	first := slices.IndexFunc(days, func(d *dayNames) bool { return d.manifest })
	last := ""
	for i, d := range days {
		newer := slices.ContainsFunc(days[i+1:], func(d *dayNames) bool { return d.manifest })
		switch {
		case d.manifest && last != "":
			v.gap(begins(last).AddDate(0, 0, 1), begins(d.day))
			last = d.day
		case d.manifest:
			last = d.day
		case i > first && first >= 0 && newer: // told with the gap that it is in
		case v.o.Now.Before(begins(d.day).AddDate(0, 0, 1).Add(Due)):
			v.out.Waiting += int64(len(d.files))
		case slices.ContainsFunc(v.out.Problems, func(p Problem) bool { return p.Name == ManifestName(begins(d.day)) }): // told already
		default:
			v.note(MissingManifest, ManifestName(begins(d.day)), "The day has %s that nothing vouches for: its manifest was taken away, or never made.", text.Count(len(d.files), "file"))
		}
	}
}

func (v *verifier) gap(from, next time.Time) {
	to := next.AddDate(0, 0, -1)
	switch {
	case from.Equal(next):
	case from.Equal(to):
		v.note(MissingManifest, ManifestName(from), "There is none of %s, and there are older and newer ones: it was taken away, or never made. Nothing vouches for that day.", from.Format(day))
	default:
		v.note(MissingManifest, ManifestName(from), "There is none from %s to %s, and there are older and newer ones: they were taken away, or never made. Nothing vouches for those days.", from.Format(day), to.Format(day))
	}
}
