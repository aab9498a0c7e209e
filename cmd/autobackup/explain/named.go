package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/shell"
)

// Version names what to explain. An empty VersionID is the newest of the key.
type Version struct {
	Bucket    string
	Key       string
	VersionID string `json:"VersionId"`
}

// Named reads the words of a command line: the version and then replicas. With an
// object, which is JSON for keys that no URI holds, the words are the bucket, if the
// object has none, and replicas.
func Named(words []string, object string) (v Version, replicas []string, err error) {
	switch {
	case object != "":
		v, words, err = parseObject(object, words)
	case len(words) == 0:
		err = errors.New("name the version to explain: autobackup explain 's3://BUCKET/KEY?versionId=VERSION'")
	default:
		v, err = parseURI(words[0])
		words = words[1:]
	}
	if err != nil {
		return v, nil, err
	}
	for _, word := range words {
		bucket, err := pair.ParseBucket(word)
		if err != nil {
			return v, nil, err
		}
		replicas = append(replicas, bucket)
	}
	return v, replicas, nil
}

var errNoObject = errors.New(`--object is no version: write '{"Bucket":"BUCKET","Key":"KEY","VersionId":"VERSION"}', with \u escapes for what could be misread`)

func parseObject(object string, words []string) (v Version, rest []string, err error) {
	in := json.NewDecoder(strings.NewReader(object))
	in.DisallowUnknownFields()
	if err := in.Decode(&v); err != nil || in.More() || v.Key == "" {
		return v, nil, errNoObject
	}
	if v.Bucket != "" {
		return v, words, nil
	}
	if len(words) == 0 {
		return v, nil, errors.New("--object names no bucket: add s3://BUCKET")
	}
	v.Bucket, err = pair.ParseBucket(words[0])
	return v, words[1:], err
}

// parseURI reads s3://BUCKET/KEY[?versionId=VERSION].
func parseURI(uri string) (v Version, err error) {
	address, err := pair.ParseAs(uri, "'s3://BUCKET/KEY' or 's3://BUCKET/KEY"+shell.Versioned+"VERSION'")
	if err != nil {
		return v, err
	}
	key, version, named := shell.CutVersion(address.Rest)
	v = Version{Bucket: address.Bucket, Key: key, VersionID: version}
	if named && version == "" {
		return v, fmt.Errorf("no version id stands behind %s: add it, or take %s away for the newest version", shell.Versioned, shell.Versioned)
	}
	if v.Key == "" {
		return v, errors.New("name a key, as s3://BUCKET/KEY; for a whole bucket there is autobackup audit")
	}
	return v, nil
}
