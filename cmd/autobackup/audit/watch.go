package audit

import (
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
)

// Watch is told how an audit gets on.
type Watch interface {
	Estimated(p *pair.Pair, size Size, levels []Estimate, chosen audit.Level)
	Listed(rows int64)
	Looking(open int64) // so many versions are to be looked at
	Looked(rows int64)
}

// Unwatched is the Watch of an audit that nobody watches.
type Unwatched struct{}

// Estimated implements Watch.
func (Unwatched) Estimated(*pair.Pair, Size, []Estimate, audit.Level) {}

// Listed implements Watch.
func (Unwatched) Listed(int64) {}

// Looking implements Watch.
func (Unwatched) Looking(int64) {}

// Looked implements Watch.
func (Unwatched) Looked(int64) {}
