package report

import (
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
)

// AcceptCommand takes all versions of a pair with a reason out of the findings, for a
// year. WHY is for whoever does so to say.
func AcceptCommand(r audit.Report, code reason.Code) string {
	return "autobackup accept --primary " + shell.Quote(r.Primary.Bucket) + " --replica " + shell.Quote(r.Replica.Bucket) +
		" --reason " + shell.Quote(string(code)) + " --why WHY --until " + r.Ended.UTC().AddDate(1, 0, 0).Format(time.DateOnly)
}

// accepting is that command for the worst finding; empty where there is none.
func accepting(r audit.Report) string {
	for _, n := range counts(r, audit.Finding) {
		return AcceptCommand(r, n.Reason)
	}
	return ""
}

// AcceptVersion takes one version of a pair out of the findings, for a year.
func AcceptVersion(i audit.Item, now time.Time) string {
	command := "autobackup accept --primary " + shell.Quote(i.Primary) + " --replica " + shell.Quote(i.Replica)
	if shell.Odd(i.Key) || shell.Odd(i.Version) {
		command += " --object '" + shell.ASCIIJSON(map[string]string{"Key": i.Key, "VersionId": i.Version}) + "'"
	} else {
		command += " --key " + shell.Quote(i.Key) + " --version " + shell.Quote(i.Version)
	}
	return command + " --reason " + shell.Quote(string(i.Reason)) + " --why WHY --until " + now.UTC().AddDate(1, 0, 0).Format(time.DateOnly)
}

// explain is the command for an example, or says why there is none.
func explain(i audit.Item, o Options) string {
	if o.RedactKeys {
		return "the key is left out (--redact-keys): without it, this is autobackup explain of version " + visible(i.Version)
	}
	return shell.Explain(i.Primary, i.Key, i.Version)
}
