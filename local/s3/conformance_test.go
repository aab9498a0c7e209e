package s3_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/s3"
	"autobackup/local/template"
	"autobackup/local/testing/conformance"
	"autobackup/local/testing/minio"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, "", func(t *testing.T, test func(*testing.T, conformance.Target)) {
		synctest.Test(t, func(t *testing.T) {
			local := guarded(t)
			local.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: 3 * time.Second} }
			test(t, conformance.Target{
				Client:  func(region string) *awss3.Client { return local.client("https", region) },
				Primary: primary, Replica: replica, Role: role, Looks: 10,
				Now: time.Now, Sleep: time.Sleep,
			})
		})
	})
}

// guarded is a server whose callers have accounts and keys, and that has the role.
func guarded(t *testing.T) *local {
	t.Helper()
	l := start(t)
	l.server.Gate = gate.New(account)
	_, _, err := l.server.Gate.Types()["AWS::IAM::Role"].Create(template.Target{Account: account}, template.Resource{LogicalID: "Role", Properties: map[string]any{
		"RoleName": strings.TrimPrefix(role, "arn:aws:iam::"+account+":role/"),
		"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "s3.amazonaws.com"},
		}},
		"Policies": []any{map[string]any{"PolicyName": "all", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": allow("*", "s3:*")}}},
	}})
	require.NoError(t, err)
	return l
}

// A real server may take two minutes to replicate an object, and is looked at 20
// times a second.
const looks = 2 * 60 * 20

func brief(d time.Duration) { time.Sleep(d / 20) }

func TestConformanceOfMinIO(t *testing.T) {
	binary, err := minio.Find()
	if errors.Is(err, minio.ErrNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	dir, named := t.TempDir(), []string{}
	for _, region := range []string{primary, replica} {
		server, err := minio.Start(t.Context(), binary, dir, region)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Stop()) })
		named = append(named, region+"="+server.URL)
	}
	t.Setenv("AUTOBACKUP_S3_REGIONS", strings.Join(named, ","))
	t.Setenv("AUTOBACKUP_S3_SERVER", "minio")
	t.Setenv("AWS_ACCESS_KEY_ID", minio.Root.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", minio.Root.SecretKey)
	target, server := environment(t)
	conformance.Run(t, server, func(t *testing.T, test func(*testing.T, conformance.Target)) { test(t, target) })
}

// environment is the S3 that the environment names, as docs/s3-conformance.md
// says. Without AUTOBACKUP_S3_REGIONS there is none.
func environment(t *testing.T) (target conformance.Target, server string) {
	names, endpoints := []string{}, map[string]string{}
	for named := range strings.SplitSeq(os.Getenv("AUTOBACKUP_S3_REGIONS"), ",") {
		name, endpoint, _ := strings.Cut(named, "=")
		names, endpoints[name] = append(names, name), endpoint
	}
	require.Len(t, names, 2, "AUTOBACKUP_S3_REGIONS is two regions, the primary and the replica's, each alone (AWS) or with =http://host:port behind it")
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithLogger(logging.Nop{}))
	require.NoError(t, err)
	client := func(region string) *awss3.Client {
		return awss3.NewFromConfig(cfg, func(o *awss3.Options) {
			o.Region, o.UsePathStyle = region, endpoints[region] != ""
			if endpoints[region] != "" {
				o.BaseEndpoint = new(endpoints[region])
			}
		})
	}
	target = conformance.Target{
		Client: client, Primary: names[0], Replica: names[1], Role: os.Getenv("AUTOBACKUP_S3_ROLE"),
		Plain: strings.HasPrefix(endpoints[names[0]], "http://"), Looks: looks, Now: time.Now, Sleep: brief,
	}
	server = os.Getenv("AUTOBACKUP_S3_SERVER")
	if server == "minio" { // which replicates only into what was made a target by its admin API
		require.NotEqual(t, endpoints[names[0]], endpoints[names[1]], "a MinIO server has one region: name one for each (docs/s3-conformance.md)")
		user, err := cfg.Credentials.Retrieve(t.Context())
		require.NoError(t, err)
		root := minio.User{AccessKey: user.AccessKeyID, SecretKey: user.SecretAccessKey}
		from, to := minio.At(names[0], endpoints[names[0]], root), minio.At(names[1], endpoints[names[1]], root)
		target.Destination = func(ctx context.Context, source, destination string) (string, error) {
			return from.Target(ctx, source, to, destination, root)
		}
	}
	return target, server
}

// TestConformanceOfTheEnvironment runs on a local S3 behind a real socket where
// the environment names nothing else.
func TestConformanceOfTheEnvironment(t *testing.T) {
	if os.Getenv("AUTOBACKUP_S3_REGIONS") == "" {
		served := httptest.NewServer(guarded(t).server)
		t.Cleanup(served.Close)
		t.Setenv("AUTOBACKUP_S3_REGIONS", primary+"="+served.URL+","+replica+"="+served.URL)
		t.Setenv("AUTOBACKUP_S3_ROLE", role)
		t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
	}
	target, server := environment(t)
	conformance.Run(t, server, func(t *testing.T, test func(*testing.T, conformance.Target)) { test(t, target) })
}
