package s3_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local/minio"
	"autobackup/internal/local/s3"
	"autobackup/internal/local/s3/conformance"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, "", func(t *testing.T, test func(*testing.T, conformance.Target)) {
		synctest.Test(t, func(t *testing.T) {
			local := start(t)
			local.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: 3 * time.Second} }
			test(t, conformance.Target{
				Client:  func(region string) *awss3.Client { return local.client("https", region) },
				Primary: primary, Replica: replica, Role: role, Looks: 10,
				Now: time.Now, Sleep: time.Sleep,
			})
		})
	})
}

// patience is how long a real server may take to replicate an object, in
// seconds.
const patience = 120

func TestConformanceOfMinIO(t *testing.T) {
	binary, err := minio.Find()
	if err != nil {
		t.Skip(err)
	}
	servers := map[string]*minio.Server{}
	dir := t.TempDir()
	for _, region := range []string{primary, replica} {
		server, err := minio.Start(t.Context(), binary, dir, region)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Stop()) })
		servers[region] = server
	}
	conformance.Run(t, "minio", func(t *testing.T, test func(*testing.T, conformance.Target)) {
		test(t, conformance.Target{
			Client:  func(region string) *awss3.Client { return awss3.NewFromConfig(servers[region].Config()) },
			Primary: primary, Replica: replica, Looks: patience,
			Destination: func(ctx context.Context, source, destination string) (string, error) {
				return servers[primary].Target(ctx, source, servers[replica], destination, minio.Root)
			},
			Now: time.Now, Sleep: time.Sleep,
		})
	})
}
