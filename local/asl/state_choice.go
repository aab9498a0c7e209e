package asl

// choice goes on with the first rule that fits.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
type choice struct {
	flow
	rules    []rule
	fallback string
}

// rule is a condition and where it leads.
type rule struct {
	condition condition
	next      string
}

func loadChoice(o *object, s *state) action {
	c := choice{flow: loadFlow(o)}
	if len(o.list("Choices")) == 0 {
		o.fail("Choices", "must have at least one rule")
	}
	for _, r := range o.objects("Choices", "a choice rule") {
		r.text("Comment")
		c.rules = append(c.rules, rule{condition: r.condition(), next: s.target(r, "Next")})
		r.done()
	}
	if o.has("Default") {
		c.fallback = s.target(o, "Default")
	}
	return c
}

func (c choice) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	effective, err := c.input(sc, input)
	if err != nil {
		return nil, "", err
	}
	next, err := c.pick(sc, effective)
	if err != nil {
		return nil, "", err
	}
	output, err := c.output(sc, effective)
	return output, next, err
}

func (c choice) pick(sc *scope, input any) (next string, err error) {
	for _, r := range c.rules {
		fits, err := r.condition(sc, input)
		if err != nil {
			return "", err
		}
		if fits {
			return r.next, nil
		}
	}
	if c.fallback == "" {
		return "", failure(NoChoiceMatched, "No rule fits the input '%s' and there is no Default.", excerpt(input))
	}
	return c.fallback, nil
}
