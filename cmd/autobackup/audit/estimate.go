package audit

import (
	"time"

	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
)

// Size is how much a pair of buckets holds.
type Size struct {
	Versions [2]int64 // of the primary and the replica, delete markers included
	Bytes    int64    // of the primary
	Known    bool
}

// Estimate is what a level costs.
type Estimate struct {
	Level   audit.Level
	Lists   int64 // requests
	Gets    int64 // requests of other kinds, HEAD most of them
	KMS     int64 // requests to AWS KMS, where the default encryption is of KMS and without bucket keys
	Bytes   int64 // read through the machine that audits
	Dollars float64
	Time    time.Duration
}

const (
	pageRows = 1000 // rows a page of a listing
	sides2   = 2
)

// estimate is what a level costs for buckets of a size, at a rate of requests a second.
// Of what the listing leaves open nothing is known before: it is estimated, and asked
// for, once it is.
func estimate(level audit.Level, size Size, perMille int, kms bool, rate int) Estimate {
	e := Estimate{Level: level}
	for _, n := range size.Versions {
		e.Lists += n/pageRows + 1
	}
	looked := int64(0)
	switch level {
	case audit.AllLooked:
		looked = max(size.Versions[0], size.Versions[1])
	case audit.Bytes:
		looked = size.Versions[0] * int64(perMille) / pageRows
		e.Bytes = sides2 * size.Bytes / pageRows * int64(perMille)
		e.Gets = sides2 * looked
	}
	e.Gets += sides2 * looked
	if kms {
		e.KMS = e.Gets
	}
	return e.priced(rate)
}

// ofLooks is what so many looks cost.
func ofLooks(open int64, kms bool, rate int) Estimate {
	e := Estimate{Gets: sides2 * open}
	if kms {
		e.KMS = e.Gets
	}
	return e.priced(rate)
}

func (e Estimate) priced(rate int) Estimate {
	e.Dollars = (float64(e.Lists)*price.List+float64(e.Gets)*price.Get+float64(e.KMS)*price.KMS)/1e6 + float64(e.Bytes)/price.GB*price.Transfer
	e.Time = time.Duration(e.Lists+e.Gets) * time.Second / time.Duration(max(rate, 1))
	return e
}
