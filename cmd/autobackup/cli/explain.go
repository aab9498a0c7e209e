package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/internal/local/clock"
	"autobackup/internal/shell"
)

type explainCommand struct {
	URI      string   `arg:"" optional:"" name:"version" help:"s3://BUCKET/KEY?versionId=VERSION, or s3://BUCKET/KEY for the newest."`
	Replicas []string `arg:"" optional:"" name:"replica" help:"s3://BUCKET; default: where the primary's replication rules lead."`

	Object string `help:"The version as JSON, for keys that no URI holds; then name only replicas, if any." placeholder:"{\"Bucket\":…,\"Key\":…,\"VersionId\":…}" group:"What"`
	Bytes  bool   `help:"Read the bytes of both sides, through this machine." group:"What"`
	JSON   bool   `help:"Print everything as JSON." name:"json" group:"What"`

	Deadline       time.Duration `help:"How old a version must be to be expected on the other side." default:"4h" group:"What"`
	MarkerDeadline time.Duration `help:"The same for delete markers." default:"24h" group:"What"`
	Erased         time.Duration `help:"How old a version that the primary no longer has may be on the replica." default:"0s" group:"What"`

	accessFlags
}

// Help is printed below the flags' list.
func (explainCommand) Help() string {
	return `Looks at one object version on both sides as they are now, and says what an audit
makes of it, every fact side by side, what the rules say, what may have caused it and
what to do, with commands. It changes nothing.

Exit codes: 0 it is as it must be; 1 it is not, or that is unknown; 2 it could not.`
}

func (c explainCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o, err := c.options()
	if err != nil {
		return trouble(stderr, err)
	}
	e, err := explain.Run(ctx, o)
	if err != nil {
		return trouble(stderr, err)
	}
	if c.JSON {
		err = e.JSON(stdout)
	} else {
		err = e.Screen(stdout, terminal.Is(stdout))
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return e.Exit
}

func (c explainCommand) options() (o explain.Options, err error) {
	v, replicas, err := c.named()
	if err != nil {
		return o, err
	}
	o = explain.Options{
		Program: program(), Primary: v.Bucket, Key: v.Key, Version: v.VersionID, Bytes: c.Bytes,
		Deadline: c.Deadline, MarkerDeadline: c.MarkerDeadline, Erased: c.Erased,
		Clock: func() time.Time { return clock.Real().Now().UTC() }, Wait: smithytime.SleepWithContext,
	}
	o.From, o.To = c.sides()
	for _, name := range replicas {
		bucket, err := pair.ParseReplica(name)
		if err != nil {
			return o, err
		}
		o.Replicas = append(o.Replicas, bucket)
	}
	return o, nil
}

// object names a version.
type object struct {
	Bucket    string
	Key       string
	VersionID string `json:"VersionId"`
}

// named is the version and the replicas that the command line names.
func (c explainCommand) named() (object, []string, error) {
	switch {
	case c.Object == "" && c.URI == "":
		return object{}, nil, errors.New("name the version to explain: autobackup explain 's3://BUCKET/KEY?versionId=VERSION'")
	case c.Object == "":
		v, err := parseVersion(c.URI)
		return v, c.Replicas, err
	case c.URI != "": // with --object, all arguments are replicas
		c.Replicas = append([]string{c.URI}, c.Replicas...)
	}
	var v object
	in := json.NewDecoder(strings.NewReader(c.Object))
	in.DisallowUnknownFields()
	if err := in.Decode(&v); err != nil || in.More() || v.Bucket == "" || v.Key == "" {
		return v, nil, errors.New(`--object is no version: write '{"Bucket":"BUCKET","Key":"KEY","VersionId":"VERSION"}', with what could be misread as \u escapes`)
	}
	return v, c.Replicas, nil
}

// parseVersion reads s3://BUCKET/KEY[?versionId=VERSION]. A key that ends like a version
// goes in by --object.
func parseVersion(uri string) (v object, err error) {
	address, err := pair.ParseAddress(uri)
	if err != nil {
		return v, err
	}
	v = object{Bucket: address.Bucket, Key: address.Rest}
	if at := strings.LastIndex(v.Key, shell.Versioned); at >= 0 {
		v.Key, v.VersionID = v.Key[:at], v.Key[at+len(shell.Versioned):]
		if v.VersionID == "" {
			return v, fmt.Errorf("the version id behind %s is empty: name it, or leave %s out for the newest version", shell.Versioned, shell.Versioned)
		}
	}
	if v.Key == "" {
		return v, errors.New("name a key: autobackup explain s3://BUCKET/KEY; autobackup audit is for whole buckets")
	}
	return v, nil
}
