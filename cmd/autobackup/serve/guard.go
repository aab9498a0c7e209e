package serve

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"autobackup/local/wire"
)

const (
	ofAPage    = "a web page may not call the services of autobackup serve: this request has the header %s, which browsers send and no SDK does"
	ofAnother  = "autobackup serve answers to addresses of this machine, localhost and host.docker.internal, not to the name %s, which a web page may have had lead here"
	fromDocker = "host.docker.internal" // what containers know this machine by: docs/local.md
)

// guard refuses what browsers send: the keys are known to everybody, so any page that is
// open on this machine could read and delete what is here. A page that has a name of its
// own lead to this address sends no header of another site, so names count, too.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, header := range []string{"Origin", "Sec-Fetch-Site"} {
			if r.Header.Get(header) != "" {
				wire.Forbid(w, r, fmt.Sprintf(ofAPage, header))
				return
			}
		}
		if host := name(r.Host); !ofThisMachine(host) {
			wire.Forbid(w, r, fmt.Sprintf(ofAnother, host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ofThisMachine says whether no stranger can lead a name here. S3 says itself what is wrong
// with a bucket's name before localhost.
func ofThisMachine(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == fromDocker || net.ParseIP(host) != nil
}

// name is a host without its port.
func name(host string) string {
	if only, _, err := net.SplitHostPort(host); err == nil {
		return only
	}
	return host
}
