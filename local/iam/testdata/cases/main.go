// Command cases writes requests with the policies that decide them: some that are drawn,
// always the same ones, and those that each policy is about of the templates, of the
// pipeline, and of whoever deploys without it. It adds this project's decisions, for .ci/iam-simulate.mjs to hold them against another
// evaluator's. It runs in the project's folder.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	"pgregory.net/rapid"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

type decided struct {
	iamtest.Case
	Decision iam.Decision
}

func main() {
	n := flag.Int("n", 1000, "how many are drawn")
	flag.Parse()
	if err := write(*n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(n int) error {
	all, err := ofTemplates()
	if err != nil {
		return err
	}
	one := rapid.Custom(iamtest.Draw)
	for seed := range n {
		all = append(all, one.Example(seed))
	}
	out := json.NewEncoder(os.Stdout)
	for _, c := range all {
		p, err := c.Policies()
		if err != nil {
			return err
		}
		if err := out.Encode(decided{c, iam.Evaluate(c.Request, p)}); err != nil {
			return err
		}
	}
	return nil
}

// toDeploy are the policies of whoever deploys each stack.
func toDeploy() (all []iamtest.Policy, err error) {
	for _, side := range []policy.Side{policy.Primary, policy.Replica} {
		d, err := policy.For(policy.Options{
			Command: policy.Deploy, Side: side, Partition: "aws", Stage: "dev", Account: iamtest.Here, Boundary: "arn:aws:iam::aws:policy/b",
		})
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		all = append(all, iamtest.Policy{Of: "autobackup policy deploy --side " + string(side), Kind: iam.Identity, Text: text})
	}
	return all, nil
}

func ofTemplates() (all []iamtest.Case, err error) {
	policies, err := iamtest.OfTemplates(".")
	if err != nil {
		return nil, err
	}
	pipeline, err := iamtest.OfPipeline(".")
	if err != nil {
		return nil, err
	}
	printed, err := toDeploy()
	if err != nil {
		return nil, err
	}
	policies = slices.Concat(policies, pipeline, printed)
	for _, p := range policies {
		cases, err := iamtest.Requests(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Of, err)
		}
		all = append(all, cases...)
	}
	return all, nil
}
