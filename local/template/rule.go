package template

import "slices"

// checkRules evaluates the section Rules, which holds parameters against each
// other before anything is created. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
func (s *scope) checkRules() error {
	for _, rule := range s.t.root.get("Rules").fields() {
		if condition := rule.get("RuleCondition"); condition != nil {
			applies, err := s.holds(condition)
			if err != nil {
				return err
			}
			if !applies {
				continue
			}
		}
		assertions, err := rule.get("Assertions").list()
		if err != nil {
			return err
		}
		for _, assertion := range assertions {
			if err := s.checkAssertion(assertion); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scope) checkAssertion(n *node) error {
	if err := n.mapping([]string{"Assert"}, []string{"AssertDescription"}); err != nil {
		return err
	}
	description := "the parameters break this rule"
	if given := n.get("AssertDescription"); given != nil {
		var err error
		if description, err = given.text(); err != nil {
			return err
		}
	}
	ok, err := s.holds(n.get("Assert"))
	if err == nil && !ok {
		err = n.errorf("%s", description)
	}
	return err
}

// contains: [list, text].
func contains(s *scope, n *node) (bool, error) {
	list, text, err := s.listAndText(n)
	return slices.Contains(list, text), err
}

// eachMemberEquals: [list, text].
func eachMemberEquals(s *scope, n *node) (bool, error) {
	list, text, err := s.listAndText(n)
	return !slices.ContainsFunc(list, func(item string) bool { return item != text }), err
}

func (s *scope) listAndText(n *node) (list []string, text string, err error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return nil, "", err
	}
	if list, err = s.texts(args[0]); err != nil {
		return nil, "", err
	}
	text, err = s.text(args[1])
	return list, text, err
}

// eachMemberIn: [list, list that holds every item of the first].
func eachMemberIn(s *scope, n *node) (bool, error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return false, err
	}
	list, err := s.texts(args[0])
	if err != nil {
		return false, err
	}
	allowed, err := s.texts(args[1])
	return !slices.ContainsFunc(list, func(item string) bool { return !slices.Contains(allowed, item) }), err
}
