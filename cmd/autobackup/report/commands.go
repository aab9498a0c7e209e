package report

import (
	"strings"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/shell"
)

// accepting is the command for the example of the worst finding; empty where there is
// none, or its key is not shown.
func accepting(r audit.Report, o Options) string {
	for _, n := range counts(r, audit.Finding) {
		if i, ok := worst(n); ok && !o.RedactKeys {
			return AcceptVersion(i, r.Ended)
		}
	}
	return ""
}

// AcceptVersion takes one version of a pair out of the findings, for a quarter. WHY is
// for whoever does so to say, and accept refuses the word.
func AcceptVersion(i audit.Item, now time.Time) string {
	command := "autobackup accept --primary " + shell.Quote(i.Primary) + " --replica " + shell.Quote(i.Replica)
	if shell.Odd(i.Key) || shell.Odd(i.Version) {
		command += " --object '" + shell.ASCIIJSON(map[string]string{"Key": i.Key, "VersionId": i.Version}) + "'"
	} else {
		command += " --key " + shell.Quote(i.Key) + " --version " + shell.Quote(i.Version)
	}
	return command + " --reason " + shell.Quote(string(i.Reason)) + " --why WHY --until " + now.UTC().AddDate(0, 3, 0).Format(time.DateOnly)
}

// explain is the command that looks at an example as the audit did, or says why there
// is none.
func explain(r audit.Report, i audit.Item, o Options) string {
	if o.RedactKeys {
		return "the key is left out (--redact-keys): without it, this is autobackup explain of version " + visible(i.Version)
	}
	return strings.TrimSpace(shell.Explain(i.Primary, i.Key, i.Version) + " " + r.Flags)
}
