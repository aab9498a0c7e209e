package wire

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	smithytime "github.com/aws/smithy-go/time"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
)

// maxConcurrency is how many functions an account runs at once unless it asks for
// more (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const maxConcurrency = 1000

// CompareBytes builds the function that compares what hash-bytes reads on both
// sides: a comparebytes.Request goes in, a comparebytes.Answer or a RangeResult
// comes out. Environment: WORK_BUCKET, DIGEST_ALGORITHM, RANGE_BYTES,
// RANGE_CONCURRENCY, PRIMARY_HASH_BYTES_ARN and REPLICA_HASH_BYTES_ARN.
func CompareBytes(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	cfg, err := reaching(cfg, env)
	if err != nil {
		return nil, err
	}
	bucket, err := text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	if err != nil {
		return nil, err
	}
	algorithm := checksum.Algorithm(env("DIGEST_ALGORITHM"))
	if digest.CheckAlgorithm(algorithm) != nil {
		return nil, fmt.Errorf("environment variable DIGEST_ALGORITHM is %q: set it to one of %v", algorithm, digest.Algorithms())
	}
	rangeSize, err := whole(env, "RANGE_BYTES", "bytes", 1, digest.RangeSize)
	if err != nil {
		return nil, err
	}
	concurrency, err := whole(env, "RANGE_CONCURRENCY", "ranges", 1, maxConcurrency)
	if err != nil {
		return nil, err
	}
	functions := comparebytes.Functions{Lambda: lambda.NewFromConfig(cfg), ARNs: map[string]string{}}
	for _, name := range []string{"PRIMARY_HASH_BYTES_ARN", "REPLICA_HASH_BYTES_ARN"} {
		function, err := parsedARN(env, name, "lambda")
		if err != nil {
			return nil, err
		}
		functions.ARNs[function.Region] = function.String()
	}
	comparer := comparebytes.Comparer{
		Hasher: functions, Store: newS3(cfg), Bucket: bucket,
		Now:         time.Now, //nolint:forbidigo // here the wall clock enters: it measures what is left of an invocation
		Wait:        smithytime.SleepWithContext,
		Concurrency: int(concurrency), Algorithm: algorithm, RangeSize: rangeSize,
	}
	return handler.New("compare-bytes", log, comparer.Do), nil
}
