package wire

import (
	"fmt"
	"log/slog"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
)

// CompareBytes builds the function that compares what hash-bytes reads on both
// sides: a comparebytes.Task goes in, comparebytes.Done or a RangeResult comes
// out. Environment: WORK_BUCKET, DIGEST_ALGORITHM, RANGE_BYTES,
// PRIMARY_HASH_BYTES_ARN and REPLICA_HASH_BYTES_ARN.
func CompareBytes(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	bucket, err := text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	if err != nil {
		return nil, err
	}
	algorithm := checksum.Algorithm(env("DIGEST_ALGORITHM"))
	if digest.CheckAlgorithm(algorithm) != nil {
		return nil, fmt.Errorf("environment variable DIGEST_ALGORITHM is %q: set it to one of %v", algorithm, digest.Algorithms())
	}
	rangeSize, err := strconv.ParseInt(env("RANGE_BYTES"), 10, 64)
	if err != nil || rangeSize < 1 || rangeSize > digest.RangeSize {
		return nil, fmt.Errorf("environment variable RANGE_BYTES is %q: set it to a whole number from 1 to %d", env("RANGE_BYTES"), int64(digest.RangeSize))
	}
	functions := comparebytes.Functions{Lambda: lambda.NewFromConfig(cfg), ARNs: map[string]string{}}
	for _, name := range []string{"PRIMARY_HASH_BYTES_ARN", "REPLICA_HASH_BYTES_ARN"} {
		function, err := parsedARN(env, name, "lambda")
		if err != nil {
			return nil, err
		}
		functions.ARNs[function.Region] = function.String()
	}
	comparer := comparebytes.Comparer{Hasher: functions, Store: s3.NewFromConfig(cfg), Bucket: bucket, Algorithm: algorithm, RangeSize: rangeSize}
	return handler.New("compare-bytes", log, comparer.Work), nil
}
