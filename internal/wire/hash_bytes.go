package wire

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
)

// HashBytes builds the function that reads ranges of object versions in its own
// region: a hashbytes.Payload goes in, an Answer or Answers come out. It has no
// environment variable of its own.
func HashBytes(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	cfg, err := reaching(cfg, env)
	if err != nil {
		return nil, err
	}
	client := newS3(cfg, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired // hashbytes.Reader says why
	})
	return handler.New("hash-bytes", log, hashbytes.Reader{Objects: client}.Do), nil
}
