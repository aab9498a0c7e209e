package minio

import (
	"fmt"
	"os"
	"path/filepath"
)

// Damage flips one bit in the stored bytes of an object's only version, under
// the server: its metadata stays as it is. The object must be larger than what
// MinIO keeps within the metadata, 128 KiB.
func (s *Server) Damage(bucket, key string) error {
	parts, err := filepath.Glob(filepath.Join(s.Drive, bucket, key, "*", "part.1"))
	if err != nil {
		return fmt.Errorf("damage %s/%s: %w", bucket, key, err)
	}
	if len(parts) != 1 {
		return fmt.Errorf("damage %s/%s: %d files have a first part of it, not 1", bucket, key, len(parts))
	}
	stored, err := os.ReadFile(parts[0])
	if err != nil {
		return fmt.Errorf("damage %s/%s: %w", bucket, key, err)
	}
	stored[len(stored)/2] ^= 1
	if err := os.WriteFile(parts[0], stored, 0o600); err != nil {
		return fmt.Errorf("damage %s/%s: %w", bucket, key, err)
	}
	return nil
}
