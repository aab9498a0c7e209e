package price_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/cmd/autobackup/price"
)

func TestReadingBytesCostsRequestsFunctionsAndWhatTheClassesCharge(t *testing.T) {
	for name, tc := range map[string]struct{ got, want float64 }{
		"a million of 1 MB":                   {1e6 * price.Read(1e6, false, "", ""), 0.80 + 0.44},
		"a million of nothing":                {1e6 * price.Read(0, false, "", ""), 0.80 + 0.43},
		"a million of 1 MB under keys of KMS": {1e6 * price.Read(1e6, true, "", ""), 6.80 + 0.44},
		"1 TB as one object":                  {price.Read(1e12, false, "", ""), 0.27},
		"a million of 1 MB that went to IA":   {1e6 * price.Read(1e6, false, "", "STANDARD_IA"), 0.40 + 1.00 + 9.31 + 0.44},
		"a million of 1 MB in GLACIER_IR":     {1e6 * price.Read(1e6, false, "GLACIER_IR", "GLACIER_IR"), 2*(10.00+27.94) + 0.44},
		"one more GET for each 16 MiB":        {price.Read(16<<20+1, false, "", "") - price.Read(16<<20, false, "", ""), 0.80e-6},
		"and none before":                     {1e6*(price.Read(16<<20, false, "", "")-price.Read(16<<20-1, false, "", "")) + 1, 1},
		"ONEZONE_IA is as STANDARD_IA":        {price.Read(1e9, false, "ONEZONE_IA", ""), price.Read(1e9, false, "", "STANDARD_IA")},
		"a GB of STANDARD_IA":                 {price.Read(1<<30, false, "STANDARD_IA", "") - price.Read(1<<30, false, "", ""), 0.01 + 64*0.60e-6},
	} {
		assert.InEpsilon(t, tc.want, tc.got, 0.02, name)
	}
}
