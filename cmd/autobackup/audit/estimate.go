package audit

import (
	"fmt"
	"io"
	"strings"
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

// EstimateOf is what a level costs for buckets of a size, at a rate of requests a second.
// Of what the listing leaves open nothing is known before: it is estimated, and asked
// for, once it is.
func EstimateOf(level audit.Level, size Size, perMille int, kms bool, rate int) Estimate {
	e := Estimate{Level: level}
	for _, n := range size.Versions {
		e.Lists += n/pageRows + 1
	}
	looked := int64(0)
	switch level {
	case audit.AllLooked:
		looked = max(size.Versions[0], size.Versions[1])
	case audit.Bytes:
		looked = size.Versions[0] * int64(perMille) / draws
		e.Bytes = sides2 * size.Bytes / draws * int64(perMille)
		e.Gets = sides2 * looked
	}
	e.Gets += sides2 * looked
	if kms {
		e.KMS = e.Gets
	}
	return e.priced(rate)
}

// EstimateOfLooks is what so many looks cost.
func EstimateOfLooks(open int64, kms bool, rate int) Estimate {
	e := Estimate{Gets: sides2 * open}
	if kms {
		e.KMS = e.Gets
	}
	return e.priced(rate)
}

func (e Estimate) priced(rate int) Estimate {
	e.Dollars = (float64(e.Lists)*price.List+float64(e.Gets)*price.Get+float64(e.KMS)*price.KMS)/1e6 + dollarsOf(e.Bytes)
	e.Time = time.Duration(e.Lists+e.Gets) * time.Second / time.Duration(max(rate, 1))
	return e
}

// WriteEstimate writes the estimate of a pair for people.
func WriteEstimate(w io.Writer, primary, replica string, size Size, levels []Estimate, chosen audit.Level) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s\n", primary, replica)
	if !size.Known {
		fmt.Fprintf(&b, "estimate  unknown size: %s a million versions to list each side, %s a million looks; stops at %s unless --yes or --max-dollars\n",
			price.Text(price.List/pageRows), price.Text(sides2*price.Get), price.Text(FreeDollars))
		_, err := io.WriteString(w, b.String())
		return err
	}
	for _, e := range levels {
		mark := " "
		if e.Level == chosen {
			mark = "*"
		}
		fmt.Fprintf(&b, "estimate %s%-7s %d LIST, %d HEAD and GET, %d KMS, %d GB read, %s, %s\n",
			mark, e.Level, e.Lists, e.Gets, e.KMS, e.Bytes/price.GB, price.Text(e.Dollars), e.Time.Round(time.Second))
	}
	fmt.Fprintf(&b, "estimate  not in it: looks at what the listing leaves open (%s a million, asked for when known); other classes' HEAD and GET, which cost more; retrieval; bytes that leave AWS\n", price.Text(sides2*price.Get))
	_, err := io.WriteString(w, b.String())
	return err
}
