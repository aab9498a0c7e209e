package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

// The local stack asks for every call, some hundred thousand in a demo.
func BenchmarkEvaluate(b *testing.B) {
	type decided struct {
		request  iam.Request
		policies iam.Policies
	}
	var all []decided
	policies, err := iamtest.OfTemplates("../..")
	require.NoError(b, err)
	for _, p := range policies {
		cases, err := iamtest.Requests(p)
		require.NoError(b, err)
		for _, c := range cases {
			p, err := c.Policies()
			require.NoError(b, err)
			all = append(all, decided{c.Request, p})
		}
	}
	i := 0
	for b.Loop() {
		one := all[i%len(all)]
		iam.Evaluate(one.request, one.policies)
		i++
	}
}
