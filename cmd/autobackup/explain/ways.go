package explain

import (
	"strings"
	"time"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/shell"
	"autobackup/internal/verdict"
)

// Way is a way to go on: what it does, and the commands for it.
type Way struct {
	Name  string `json:"name"`
	Says  string `json:"says,omitempty"`
	Lines string `json:"lines,omitempty"` // of a POSIX shell
}

// The names of ways.
const (
	bringBack = "again"  // to bring the version to the replica
	getIt     = "get it" // to read this very version
	meant     = "meant"  // to take it out of the findings
)

// ways are the commands that go on.
func (c *subject) ways() (all []Way) {
	if w := c.bringBack(); w != nil {
		if setting := c.setting(); w.Lines != "" && setting != "" {
			w.Says += "; first: export " + setting
		}
		all = append(all, *w)
	}
	all = append(all, c.getIt()...)
	if c.item.Category == audit.Finding {
		all = append(all, Way{Name: meant, Lines: report.AcceptVersion(c.item, c.now)})
	}
	return all
}

func (c *subject) bringBack() *Way {
	primary := c.pair.Primary.SideReport
	if c.item.Category == audit.Accepted || !inPlace(c.item) && !c.item.Replicable() {
		return nil
	}
	switch {
	case c.leadsNowhere():
		return &Way{Name: bringBack, Says: "S3 brings nothing to " + c.pair.Replica.Bucket + " as long as no rule leads this key there: add the rule, then explain again"}
	case inPlace(c.item):
		return &Way{bringBack, "a copy in place makes a new version, which is replicated; Batch Replication does not bring this one back, and the command does nothing where it is not the latest", report.CopyInPlace(primary.Region, c.item)}
	case primary.Endpoint != "":
		return &Way{Name: bringBack, Says: "use what this server offers to replicate existing versions again; S3 Batch Replication is AWS's"}
	}
	row := report.ManifestRow(c.item)
	manifest := "printf '%s\\n' " + shell.Quote(strings.Join(row[:], ",")) + " > manifest.csv\n"
	return &Way{bringBack, "S3 Batch Replication, once the cause is mended; the role that it needs is in mend.md of an audit", manifest + report.CreateJob(primary, ".")}
}

// setting is what the commands that bring a version back need set, because they don't say
// who asks and where.
func (c *subject) setting() string {
	var all []string
	if p := c.From.Profile; p != "" {
		all = append(all, "AWS_PROFILE="+shell.Quote(p))
	}
	if e := c.pair.Primary.Endpoint; e != "" {
		all = append(all, "AWS_ENDPOINT_URL="+shell.Quote(e))
	}
	return strings.Join(all, " ")
}

// getIt reads the version from every side that has it. What is archived is restored
// first, which takes hours and is charged for.
func (c *subject) getIt() (all []Way) {
	sides := []struct {
		of     *pair.Side
		access pair.Access
		shows  verdict.Side
		file   string
	}{{of: c.pair.Primary, access: c.From, shows: c.seen.Primary, file: "primary.copy"}, {of: c.pair.Replica, access: c.To, file: "replica.copy"}}
	if len(c.seen.Replicas) == 1 {
		sides[1].shows = c.seen.Replicas[0].Side
	}
	for _, s := range sides {
		if s.shows.Found != verdict.Object {
			continue
		}
		way := Way{Name: getIt, Says: "from " + s.of.Bucket}
		if archived(s.shows.Class) {
			way.Says += ", where it is in " + s.shows.Class + ": after its restore, which takes hours and is charged for"
			way.Lines = c.call("restore-object", s.of, s.access) + ` --restore-request '{"Days":7,"GlacierJobParameters":{"Tier":"Standard"}}'` + "\n"
		}
		if way.Lines += c.call("get-object", s.of, s.access) + " " + s.file; loaded(c.item.Key) && strings.Contains(c.item.Key, "\r") {
			// From a file the AWS CLI reads every kind of line break as a line feed: that would be another key.
			way.Says, way.Lines = way.Says+": with an SDK, as the AWS CLI can't be given this key", ""
		}
		all = append(all, way)
	}
	return all
}

func archived(class string) bool { return class == "GLACIER" || class == "DEEP_ARCHIVE" }

// loaded says whether the AWS CLI takes a key for the name of a file that has the key in it.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
func loaded(key string) bool {
	return strings.HasPrefix(key, "file://") || strings.HasPrefix(key, "fileb://")
}

// call is a command of the AWS CLI about the version. What could be misread goes in byte
// by byte.
func (c *subject) call(operation string, s *pair.Side, access pair.Access) string {
	line := "aws s3api " + operation
	if access.Profile != "" {
		line += " --profile " + shell.Quote(access.Profile)
	}
	if s.Endpoint != "" {
		line += " --endpoint-url " + shell.Quote(s.Endpoint)
	}
	line += shell.InRegion(s.Region) + " --bucket " + shell.Quote(s.Bucket)
	if key, id := c.item.Key, c.item.Version; shell.Odd(key) || shell.Odd(id) {
		// Not as JSON: the AWS CLI's get-object asks for --key all the same.
		given := line + ` --key="${key%.}"`
		if loaded(key) { // what a file has in it is the key, whatever it looks like
			given = `printf %s "${key%.}" | ` + line + " --key=file:///dev/stdin"
		}
		return shell.Bytes("key", key) + "\n" + shell.Bytes("version", id) + "\n" + given + ` --version-id="${version%.}"`
	}
	return line + " --key " + shell.Quote(c.item.Key) + " --version-id " + shell.Quote(c.item.Version)
}

// told is everything that is known of the case.
func (c *subject) told() Replica {
	r := Replica{
		Item: c.item, Word: word(c.item), Sides: [2]Side{sideOf(c.pair.Primary), sideOf(c.pair.Replica)},
		Facts: c.facts(), Groups: c.groups(), Rules: c.rules(), Causes: c.causes(), Who: c.who(), Ways: c.ways(), Notes: c.notes(), Look: c.seen,
	}
	if len(c.seen.Replicas) == 1 {
		r.Parts = parts(c.seen.Replicas[0].Parts)
	}
	known := report.Explain(c.item.Category, c.item.Reason)
	r.Meaning, r.Next = known.Meaning, known.Alone()
	if a := c.item.Accepted; a != nil {
		r.Next = "nothing before " + a.Until.Format(time.DateOnly) + ": " + a.Who + " accepted it: " + a.Why
	}
	if c.item.Category == audit.Compared {
		r.Meaning, r.Next = "Both sides hold the version, and it is the same: "+string(c.item.Evidence)+".", ""
		if c.item.Reason != "" {
			r.Meaning += " But: " + report.Explain(audit.Finding, c.item.Reason).Meaning
		}
	}
	return r
}
