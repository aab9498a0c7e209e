package s3_test

import (
	"testing"
	"testing/synctest"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/local/s3"
	"autobackup/internal/local/s3/conformance"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T, test func(*testing.T, conformance.Target)) {
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
