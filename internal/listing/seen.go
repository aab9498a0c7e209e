package listing

// seen notices when a server begins again with versions of a key whose versions fill
// several pages: within a page each row is held against all others, and keys go one way
// only. It remembers the version that each page began with, not all of them, because
// one key can have millions; whoever repeats as much as a page meets one of these.
type seen struct {
	first string          // version of the key
	begun map[string]bool // with which pages began, where there is more than one
}

// again tells of each row's version whether it came before. same is whether its key is that
// of the row before, border whether it begins a page.
func (s *seen) again(version string, same, border bool) bool {
	switch {
	case !same:
		s.first = version
		clear(s.begun)
	case version == s.first || s.begun[version]:
		return true
	case border:
		if s.begun == nil {
			s.begun = map[string]bool{}
		}
		s.begun[version] = true
	}
	return false
}
