package audit

import (
	"context"
	"slices"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// sampled looks at a sample of rows that are mostly missing, at all of any others. left
// is how many it did not look at.
func (l looks) sampled(ctx context.Context, rows []placed) (items []audit.Item, left int64, err error) {
	if l.Judge.Level != audit.Rest && l.Judge.Level != audit.Bytes || !l.mostlyMissing(rows) {
		items, err = l.all(ctx, rows)
		return items, 0, err
	}
	step := max(len(rows)/sampleRows, 1)
	var sample []placed
	for i := 0; i < len(rows); i += step {
		sample = append(sample, rows[i])
	}
	seen, err := l.all(ctx, sample)
	if err != nil {
		return nil, 0, err
	}
	if !alike(seen) {
		items, err := l.all(ctx, rows)
		return items, 0, err
	}
	for i, row := range rows {
		if i%step == 0 {
			items = append(items, seen[i/step])
			continue
		}
		c, _ := l.Judge.Listed(row.pair())
		item := l.Judge.Item(row.pair(), c)
		item.Uncovered = item.Uncovered || seen[0].Reason != reason.BeforeRule
		items = append(items, item)
		left++
	}
	return items, left, nil
}

// mostlyMissing says whether all rows of a full block are missing from the replica, and
// little lies between them that is not.
func (l looks) mostlyMissing(rows []placed) bool {
	if len(rows) < l.blockRows {
		return false
	}
	if slices.ContainsFunc(rows, func(row placed) bool { return row.Replica != nil }) {
		return false
	}
	listed := rows[len(rows)-1].at - rows[0].at + 1
	return int64(len(rows))*1000 >= listed*mostly
}

// alike says whether all items are expected for the same reason.
func alike(items []audit.Item) bool {
	return !slices.ContainsFunc(items, func(i audit.Item) bool { return i.Category != audit.Expected || i.Reason != items[0].Reason })
}
