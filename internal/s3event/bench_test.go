package s3event_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

func BenchmarkParse(b *testing.B) {
	for name, body := range map[string]string{"event": event(), "notification": sample(b, "replication-failed")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := s3event.Parse(body)
				require.NoError(b, err)
			}
		})
	}
}
