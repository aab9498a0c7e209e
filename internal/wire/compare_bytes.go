package wire

import (
	"fmt"
	"log/slog"
	"strings"
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
// RANGE_CONCURRENCY, PRIMARY_HASH_BYTES_ARN and REPLICA_HASH_BYTES_ARNS.
func CompareBytes(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	cfg, err := reaching(cfg, env)
	if err != nil {
		return nil, err
	}
	bucket, err := text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	if err != nil {
		return nil, err
	}
	algorithm, err := digestAlgorithm(env)
	if err != nil {
		return nil, err
	}
	rangeSize, err := whole(env, "RANGE_BYTES", "bytes", 1, digest.RangeSize)
	if err != nil {
		return nil, err
	}
	concurrency, err := whole(env, "RANGE_CONCURRENCY", "ranges", 1, maxConcurrency)
	if err != nil {
		return nil, err
	}
	functions := comparebytes.Functions{Lambda: lambda.NewFromConfig(cfg)}
	if functions.ARNs, err = hashBytes(env); err != nil {
		return nil, err
	}
	comparer := comparebytes.Comparer{
		Hasher: functions, Store: newS3(cfg), Bucket: bucket,
		Now:         time.Now, //nolint:forbidigo // here the wall clock enters: it measures what is left of an invocation
		Wait:        smithytime.SleepWithContext,
		Concurrency: int(concurrency), Algorithm: algorithm, RangeSize: rangeSize,
	}
	return handler.New("compare-bytes", log, comparer.Do), nil
}

// digestAlgorithm is the one by which blocks are compared.
func digestAlgorithm(env func(string) string) (checksum.Algorithm, error) {
	algorithm := checksum.Algorithm(env("DIGEST_ALGORITHM"))
	if digest.CheckAlgorithm(algorithm) != nil {
		return "", fmt.Errorf("environment variable DIGEST_ALGORITHM is %q: set it to one of %v", algorithm, digest.Algorithms())
	}
	return algorithm, nil
}

// hashBytes are the functions that read, by region. In the primary's own region that is the
// primary stack's, also of a replica.
func hashBytes(env func(string) string) (map[string]string, error) {
	const replicas = "REPLICA_HASH_BYTES_ARNS"
	primary, err := parsedARN("PRIMARY_HASH_BYTES_ARN", env("PRIMARY_HASH_BYTES_ARN"), "lambda")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for value := range strings.SplitSeq(env(replicas), ",") {
		if value == "" { // none
			continue
		}
		function, err := parsedARN(replicas, value, "lambda")
		if err != nil {
			return nil, err
		}
		if other, known := all[function.Region]; known && other != value {
			return nil, fmt.Errorf("environment variable %s names %s and %s, both of %s: set it to one for each region (parameter ReplicaHashBytesArns)",
				replicas, other, value, function.Region)
		}
		all[function.Region] = value
	}
	all[primary.Region] = primary.String()
	return all, nil
}
