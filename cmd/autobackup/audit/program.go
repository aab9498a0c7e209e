package audit

import "runtime/debug"

// Program is autobackup's version: of a release the module's, else the revision that
// was built.
func Program() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " with changes"
		}
	}
	if revision == "" {
		return info.Main.Version
	}
	return info.Main.Version + " " + revision + modified
}
