package asl

// pass hands its input on, or a fixed result.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html
type pass struct {
	flow
	result expression
	next   string
}

func loadPass(o *object, s *state) action {
	p := pass{flow: loadFlow(o), result: same, next: s.next(o)}
	p.parameters, p.place = o.payload("Parameters"), o.place()
	if result, there := o.take("Result"); there {
		p.result = literally(result)
	}
	return p
}

func (p pass) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	result, err := then(p.effective, p.result)(sc, input)
	if err != nil {
		return nil, "", err
	}
	output, err := p.leave(sc, input, result)
	return output, p.next, err
}
