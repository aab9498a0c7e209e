package asl

// succeed ends the machine well.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
type succeed struct{ flow }

func loadSucceed(o *object, s *state) action {
	s.ends = true
	return succeed{loadFlow(o)}
}

func (s succeed) run(v *visit, input any) (any, string, error) {
	output, err := then(s.input, s.output)(v.scope(), input)
	return output, "", err
}
