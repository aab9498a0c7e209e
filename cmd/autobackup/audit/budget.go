package audit

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"autobackup/cmd/autobackup/price"
)

// Budget is what an audit may spend.
type Budget struct {
	// Dollars is what requests and bytes may cost; 0: FreeDollars unless Ask agrees.
	Dollars float64
	Agreed  bool // to whatever it costs, where Dollars is 0
	// Ask is asked before an audit spends more than FreeDollars. nil: never agrees.
	Ask func(question string) (bool, error)
}

// FreeDollars is what an audit spends without a question.
const FreeDollars = 1.00

// budget keeps to a Budget.
type budget struct {
	Budget
	agreed atomic.Bool
	bytes  atomic.Int64 // read on both sides
	kms    atomic.Bool  // looks and reads probably take requests to AWS KMS
}

func newBudget(of Budget) *budget {
	b := &budget{Budget: of}
	b.agreed.Store(of.Agreed)
	return b
}

func (b *budget) spent(sent map[string]int64) float64 {
	dollars := price.Requests(sent) + dollarsOf(b.bytes.Load())
	if b.kms.Load() {
		dollars += float64(sent["HeadObject"]+sent["GetObject"]) / 1e6 * price.KMS
	}
	return dollars
}

// dollarsOf is what bytes cost that are read on both sides, one of them in another region.
func dollarsOf(bytes int64) float64 { return float64(bytes) / sides2 / price.GB * price.Transfer }

// allow is asked before every request.
func (b *budget) allow(sent map[string]int64) error {
	limit := b.Dollars
	switch {
	case limit > 0:
	case b.agreed.Load():
		return nil
	default:
		limit = FreeDollars
	}
	if spent := b.spent(sent); spent >= limit {
		return fmt.Errorf("the audit has cost %s, which is all that it may: give --yes or a larger --max-dollars", price.Text(spent))
	}
	return nil
}

// unknown asks where nobody knows what an audit will cost. Who says no gets what is free.
func (b *budget) unknown(bucket string) error {
	if b.Dollars > 0 || b.agreed.Load() || b.Ask == nil {
		return nil
	}
	agreed, err := b.Ask(fmt.Sprintf("How many versions there are to audit in %s is not known. May it cost more than %s?", bucket, price.Text(FreeDollars)))
	b.agreed.Store(agreed && err == nil)
	return err
}

// more asks where what is to come costs more than is free.
func (b *budget) more(sent map[string]int64, coming float64, what string) error {
	all := b.spent(sent) + coming
	switch {
	case b.Dollars > 0 && all > b.Dollars:
		return fmt.Errorf("%s would cost %s in all, more than --max-dollars %s: raise it, or choose a lower level", what, price.Text(all), strconv.FormatFloat(b.Dollars, 'f', -1, 64))
	case b.Dollars > 0 || all <= FreeDollars || b.agreed.Load():
		return nil
	case b.Ask == nil:
		return fmt.Errorf("%s would cost %s in all: go on with --yes, or with --max-dollars", what, price.Text(all))
	}
	agreed, err := b.Ask(fmt.Sprintf("%s costs about %s in all. Go on?", what, price.Text(all)))
	if err == nil && !agreed {
		err = fmt.Errorf("%s would cost %s in all, and you said no: --level listed costs least", what, price.Text(all))
	}
	b.agreed.Store(err == nil)
	return err
}
