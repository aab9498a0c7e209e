package template

// findInMap gives [Map, TopKey, SecondKey], or with AWS::LanguageExtensions the
// fourth argument's DefaultValue where a key is not there. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-findinmap.html
func findInMap(s *scope, n *node) (any, error) {
	args, err := n.arguments(3, 4)
	if err != nil {
		return nil, err
	}
	fallback, err := s.fallback(args[3:])
	if err != nil {
		return nil, err
	}
	found := s.t.root.get("Mappings")
	what := "mapping"
	for _, arg := range args[:3] {
		key, err := s.text(arg)
		if err != nil {
			return nil, err
		}
		next := found.get(key)
		if next == nil && fallback != nil {
			return s.eval(fallback)
		}
		if next == nil {
			return nil, arg.errorf("there is no %s %s%s", what, key, suggest(key, found.names()))
		}
		found, what = next, "key"
	}
	return s.eval(found)
}

// fallback gives the node of DefaultValue, or nil.
func (s *scope) fallback(args []*node) (*node, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if !s.t.extensions {
		return nil, args[0].errorf("DefaultValue needs the transform %s", extensionsTransform)
	}
	if err := args[0].mapping([]string{"DefaultValue"}, nil); err != nil {
		return nil, err
	}
	return args[0].get("DefaultValue"), nil
}
