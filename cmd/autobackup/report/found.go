package report

import (
	"fmt"

	"autobackup/internal/audit"
)

// found counts what was written, by pair: a list that lacks some would say less than
// the report beside it.
type found map[[2]string]*written

type written struct{ findings, replicable int64 }

func (f found) add(i audit.Item, replicable bool) {
	key := [2]string{i.Primary, i.Replica}
	if f[key] == nil {
		f[key] = &written{}
	}
	if i.Category == audit.Finding {
		f[key].findings++
	}
	if replicable {
		f[key].replicable++
	}
}

const fault = "this is a fault of autobackup, and the report would hide it: tell its maintainers"

func (f found) check(reports []audit.Report, replicable bool) error {
	for _, r := range reports {
		got := f[[2]string{r.Primary.Bucket, r.Replica.Bucket}]
		if got == nil {
			got = &written{}
		}
		if counted := total(r, audit.Finding).Versions; got.findings != counted {
			return fmt.Errorf("report on %s: %d findings were counted, and %d are in the list; %s", pair(r), counted, got.findings, fault)
		}
		if replicable && got.replicable != r.Replicable {
			return fmt.Errorf("report on %s: %d versions were counted that can be replicated again, and %d are in the list; %s", pair(r), r.Replicable, got.replicable, fault)
		}
	}
	return nil
}
