package requeue

import (
	"errors"
	"fmt"
	"regexp"
)

// stageName is the AllowedPattern of template.yaml's parameter Stage.
var stageName = regexp.MustCompile(`^[a-z][a-z0-9]{0,9}$`)

func (o Options) check() error {
	switch {
	case !stageName.MatchString(o.Stage):
		return fmt.Errorf("--stage %q is no stage: 1 to 10 lower-case letters and digits, a letter first, such as dev", o.Stage)
	case o.Since <= 0:
		return fmt.Errorf("--since %v looks at nothing: name a time such as 336h", o.Since)
	case o.From != FromBoth && o.From != FromExecutions && o.From != FromEventDLQ:
		return fmt.Errorf("--from %q is unknown: use %s, %s or %s", o.From, FromExecutions, FromEventDLQ, FromBoth)
	case o.Ledger == "":
		return errors.New("there is no folder for the ledger: name a file with --ledger")
	}
	return nil
}
