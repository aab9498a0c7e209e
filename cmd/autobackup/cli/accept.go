package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"
	"time"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/pair"
	core "autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
	"autobackup/local/clock"
)

type acceptCommand struct {
	What string `arg:"" optional:"" help:"s3://PRIMARY, s3://PRIMARY/KEY or s3://PRIMARY/KEY?versionId=VERSION. It is a whole key: --prefix takes all that begin so."`

	Primary string   `help:"Primary bucket, where WHAT does not name it." placeholder:"BUCKET" group:"What"`
	Replica string   `help:"Replica bucket; default: every replica of the primary." placeholder:"BUCKET" group:"What"`
	Reasons []string `help:"Reason to take out, such as NOT_ERASED; may be repeated. Default: every one." name:"reason" placeholder:"REASON" group:"What"`
	Prefix  string   `help:"Only keys that begin with this." group:"What"`
	Key     string   `help:"Only this key." group:"What"`
	Version string   `help:"Only this version of the key." placeholder:"ID" group:"What"`
	Object  string   `help:"The same as JSON, for keys that a shell could misread: {\"Bucket\": …, \"Key\": …, \"VersionId\": …}." placeholder:"JSON" group:"What"`

	Why   string `help:"Why this is as it should be. Whoever reviews the file reads it." placeholder:"TEXT" group:"On whose word"`
	Until string `help:"When it is to be found again: a date (from its first moment in UTC on) or how long from now, as 12h, 90d, 6w or 1y; at most two years." placeholder:"WHEN" group:"On whose word"`
	Who   string `help:"Who answers for it; default: your name on this machine." env:"AUTOBACKUP_WHO" placeholder:"NAME" group:"On whose word"`

	File string `help:"File that an audit reads; default: autobackup-accepted.json." type:"path" placeholder:"FILE" group:"Where"`
	List bool   `help:"Show what is accepted, and add nothing." group:"Where"`
	JSON bool   `help:"Print the entries that were added, or with --list all, as JSON, as the file has them." name:"json" group:"Where"`
}

// Help is printed below the flags' list.
func (acceptCommand) Help() string {
	return `Takes findings that are meant to be so, and what is known to be unknown, out of the
next audits: they stay in the report, as a count of their own. Nothing is accepted
for ever. Keep the file under version control, and have others review it. To take an
entry back, delete it in the file.

Examples:
  autobackup accept s3://acme-invoices/2026/inv-88121.pdf --reason REPLICA_MISSING --why "erasure request 4411" --until 90d
  autobackup accept s3://acme-invoices --prefix scratch/ --why "nobody needs a copy" --until 1y
  autobackup accept --list --json

Exit codes: 0 done; 2 wrong usage, or the file could not be read or written.`
}

func (c acceptCommand) run(_ context.Context, stdout, stderr io.Writer) int {
	now := clock.Real().Now().UTC().Truncate(time.Second)
	var err error
	if c.List {
		err = c.list(stdout, now)
	} else {
		err = c.add(stdout, now)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return Expected
}

func (c acceptCommand) list(stdout io.Writer, now time.Time) error {
	file, err := accept.Named(c.File)
	if err != nil {
		return err
	}
	entries, err := accept.Read(file)
	if err != nil {
		return err
	}
	if c.JSON {
		return accept.JSON(stdout, entries)
	}
	return accept.List(stdout, entries, now)
}

func (c acceptCommand) add(stdout io.Writer, now time.Time) error {
	entries, who, err := c.entries(now)
	if err != nil {
		return err
	}
	file := cmp.Or(c.File, accept.File)
	if err := accept.Add(file, entries, now); err != nil {
		return err
	}
	if c.JSON {
		return accept.JSON(stdout, entries)
	}
	until := entries[0].Until.Format(time.RFC3339)
	for _, a := range entries {
		if _, err := fmt.Fprintln(stdout, accept.Scope(a)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "accepted until %s by %s, in %s: have it reviewed.\n", until, who, strconv.Quote(file))
	return err
}

// entries are one for each reason, and who says so, with where that is known from.
func (c acceptCommand) entries(now time.Time) (all []core.Acceptance, who string, err error) {
	a := core.Acceptance{
		Primary: c.Primary, Replica: c.Replica, Prefix: c.Prefix, Key: c.Key, Version: c.Version, Why: c.Why, Who: c.Who, At: now,
	}
	switch {
	case c.Why == "":
		return nil, "", errors.New("accept: --why is missing: it is what others review")
	case c.Until == "":
		return nil, "", errors.New("accept: --until is missing: nothing is accepted for ever; give a date, or 12h, 90d, 6w or 1y")
	}
	if a.Until, err = accept.Until(c.Until, now); err != nil {
		return nil, "", err
	}
	if err := errors.Join(c.address(&a), c.object(&a)); err != nil {
		return nil, "", err
	}
	who = strconv.Quote(a.Who)
	if a.Who == "" {
		if a.Who, err = userName(); err != nil {
			return nil, "", err
		}
		who = strconv.Quote(a.Who) + " (your name on this machine; --who or AUTOBACKUP_WHO gives another)"
	}
	if len(c.Reasons) == 0 {
		return []core.Acceptance{a}, who, nil
	}
	for _, code := range c.Reasons {
		a.Reason = reason.Code(code)
		all = append(all, a)
	}
	return all, who, nil
}

// address takes bucket, key and version from an s3:// address.
func (c acceptCommand) address(a *core.Acceptance) error {
	if c.What == "" {
		return nil
	}
	at, err := pair.ParseAddress(c.What)
	if err != nil {
		return err
	}
	key, version, named := shell.CutVersion(at.Rest)
	if named && version == "" {
		return noVersion(shell.Versioned)
	}
	if strings.HasSuffix(key, "/") && version == "" {
		return fmt.Errorf("accept %s: of audit that is a prefix, and here it would be one key: give s3://%s with --prefix %s for all keys that begin so, or with --key %s for the one object of that name",
			shell.Quote(c.What), at.Bucket, shell.Quote(key), shell.Quote(key))
	}
	return fill(a, at.Bucket, key, version)
}

// object takes them from JSON as the AWS CLI has it.
func (c acceptCommand) object(a *core.Acceptance) error {
	if c.Object == "" {
		return nil
	}
	var o struct {
		Bucket    string
		Key       string
		VersionID *string `json:"VersionId"`
	}
	in := json.NewDecoder(strings.NewReader(c.Object))
	in.DisallowUnknownFields()
	if err := in.Decode(&o); err != nil {
		return fmt.Errorf(`read --object: %w: it is {"Bucket": …, "Key": …, "VersionId": …}`, err)
	}
	version := ""
	if o.VersionID != nil {
		if version = *o.VersionID; version == "" {
			return noVersion(`"VersionId":`)
		}
	}
	return fill(a, o.Bucket, o.Key, version)
}

// noVersion is of a version id that somebody meant to give, as a shell's variable that was empty: without it all
// versions of the key would be taken out.
func noVersion(behind string) error {
	return fmt.Errorf("accept: no version id stands behind %s: add it, or take %s away for all versions of the key", behind, behind)
}

// fill sets what is named, and refuses what is named twice and differs.
func fill(a *core.Acceptance, bucket, key, version string) error {
	for _, f := range []struct {
		name  string
		field *string
		value string
	}{{"bucket", &a.Primary, bucket}, {"key", &a.Key, key}, {"version", &a.Version, version}} {
		if f.value != "" && *f.field != "" && *f.field != f.value {
			return fmt.Errorf("accept: two values for the %s, %s and %s: name it once", f.name, strconv.Quote(*f.field), strconv.Quote(f.value))
		}
		*f.field = cmp.Or(f.value, *f.field)
	}
	return nil
}

func userName() (string, error) {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "", errors.New("accept: who accepts it is not known here: give --who or set AUTOBACKUP_WHO")
	}
	return u.Username, nil
}
