package policy

import (
	"fmt"
	"slices"
	"strings"
)

// flags are those of the command line, in its order, and the commands whose policies they change.
var flags = []struct {
	name string
	of   []string
}{
	{"side", []string{Audit, Explain, Discover, Deploy}},
	{"role", []string{Audit, Explain, Discover}},
	{"partition", []string{Audit, Explain, Discover, Attach, Detach, Doctor, Status, Console, Evidence, Parked, Retry, Discard, Upload, Operate, Owner, Deploy, Boundary}},
	{"primary", []string{Audit, Explain, Attach, Detach, Doctor, Status, Console, Upload}},
	{"replica", []string{Audit, Explain, Attach, Doctor, Status, Console, Owner}},
	{"kms-key", []string{Audit, Explain, Attach, Detach, Console, Evidence, Parked, Retry, Discard, Upload, Operate, Boundary}},
	{"evidence", []string{Evidence}},
	{"allow-actions", []string{Console}},
	{"deletes", []string{Upload}},
	{"replica-kms-key", []string{Audit, Explain, Owner, Boundary}},
	{"audits", []string{Owner}},
	{"head-only", []string{Owner}},
	{"level", []string{Audit}},
	{"metadata", []string{Audit}},
	{"locks", []string{Audit}},
	{"output", []string{Audit}},
	{"stage", []string{Attach, Detach, Doctor, Status, Console, Parked, Retry, Discard, Operate, Owner, Deploy, Boundary}},
	{"region", []string{Doctor, Status, Console, Parked, Retry, Discard, Operate}},
	{"account", []string{Attach, Detach, Doctor, Status, Console, Parked, Retry, Discard, Operate, Owner, Deploy, Boundary}},
	{"topic", []string{Doctor, Status, Console, Operate, Boundary}},
	{"vpc", []string{Boundary}},
	{"attached", []string{Boundary}},
	{"replica-account", []string{Doctor, Status, Console, Boundary}},
	{"tags", []string{Deploy}},
	{"role-path", []string{Operate, Owner, Deploy}},
	{"role-name-prefix", []string{Operate, Owner, Deploy}},
	{"boundary", []string{Deploy}},
}

// Commands are those that there are policies for.
func Commands() (names []string) {
	for _, f := range flags {
		for _, command := range f.of {
			if !slices.Contains(names, command) {
				names = append(names, command)
			}
		}
	}
	return names
}

// Takes are the flags that a command's policy depends on.
func Takes(command string) (names []string) {
	for _, f := range flags {
		if slices.Contains(f.of, command) {
			names = append(names, "--"+f.name)
		}
	}
	return names
}

// Refuse says of a flag that was given that it would change nothing of a command's policy.
func Refuse(command, given string) error {
	for _, f := range flags {
		if f.name == given && !slices.Contains(f.of, command) {
			return fmt.Errorf("--%s changes nothing of the policy for %s, only of that for %s: leave it out; %s takes %s",
				given, command, and(f.of), command, and(Takes(command)))
		}
	}
	return nil
}

// and is a list as a sentence has it.
func and(words []string) string {
	switch last := len(words) - 1; {
	case last < 0:
		return "no flag"
	case last == 0:
		return words[0]
	default:
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
}
