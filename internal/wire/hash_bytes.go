package wire

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
)

// HashBytes builds the function that reads a range of an object version in its
// own region: a hashbytes.Request goes in, a hashbytes.Answer comes out. It needs
// no environment variable.
func HashBytes(cfg aws.Config, _ func(string) string, log *slog.Logger) (handler.Func, error) {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired // hashbytes.Reader says why
	})
	return handler.New("hash-bytes", log, hashbytes.Reader{Objects: client}.Read), nil
}
