package report

import (
	"fmt"

	"autobackup/internal/audit"
)

// found counts the findings that were written, by pair: a list that lacks some would
// say less than the report beside it.
type found map[string]int64

func (f *found) add(i audit.Item) {
	if *f == nil {
		*f = found{}
	}
	if i.Category == audit.Finding {
		(*f)[i.Primary+"\x00"+i.Replica]++
	}
}

func (f found) check(reports []audit.Report) error {
	for _, r := range reports {
		counted := total(r, audit.Finding).Versions
		if written := f[r.Primary.Bucket+"\x00"+r.Replica.Bucket]; written != counted {
			return fmt.Errorf("report on %s: %d findings were counted, and %d are in the list; this is a fault of autobackup, and the report would hide it: tell its maintainers", pair(r), counted, written)
		}
	}
	return nil
}
