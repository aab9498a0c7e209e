// Package program is by which version of this project something is done.
package program

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"autobackup"
)

// Template is the version of the template in the source that was built: what sha256sum says
// of it begins so.
func Template() string {
	sum := sha256.Sum256([]byte(autobackup.Template))
	return hex.EncodeToString(sum[:])[:digits]
}

// Running is the version of the program that runs, for what is kept for years: Version where
// that is of a release or names a revision. Functions are built without one, so that what did
// not change is not deployed again; of these it is the beginning of the executable's checksum,
// which the same source gives again.
var Running = sync.OnceValue(func() string {
	v := Version()
	if v != "" && v != "unknown" && v != "(devel)" {
		return v
	}
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	f, err := os.Open(path) // #nosec G304: itself
	if err != nil {
		return "unknown"
	}
	defer f.Close() //nolint:errcheck // read only
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "unknown"
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))[:digits]
})

// digits are those of a checksum that tell versions apart.
const digits = 16

// Version is autobackup's version: of a release the module's, else the revision that
// was built.
func Version() string {
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
