package minio

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/secure-io/sio-go"
)

// User is a user of a server, who may read and write its buckets.
type User struct {
	AccessKey, SecretKey string
}

// Root is the root user of every server.
var Root = User{AccessKey, SecretKey}

// Target makes a bucket of another server a replication target of a bucket here,
// written to as a user there. It answers the ARN by which a replication rule
// names it, arn:minio:replication:<region>:<id>:<bucket>.
func (s *Server) Target(ctx context.Context, bucket string, other *Server, target string, as User) (string, error) {
	answer, err := s.admin(ctx, http.MethodPut, "set-remote-target", url.Values{"bucket": {bucket}}, map[string]any{
		"sourcebucket": bucket, "endpoint": other.address, "targetbucket": target, "type": "replication", "region": other.Region,
		"credentials": map[string]string{"accessKey": as.AccessKey, "secretKey": as.SecretKey},
	})
	if err != nil {
		return "", err
	}
	var arn string
	if err := json.Unmarshal(answer, &arn); err != nil {
		return "", fmt.Errorf("MinIO's set-remote-target: %w", err)
	}
	return arn, nil
}

// AddUser adds a user.
func (s *Server) AddUser(ctx context.Context, u User) error {
	_, err := s.admin(ctx, http.MethodPut, "add-user", url.Values{"accessKey": {u.AccessKey}},
		map[string]string{"secretKey": u.SecretKey, "status": "enabled"})
	if err != nil {
		return err
	}
	_, err = s.admin(ctx, http.MethodPut, "set-user-or-group-policy",
		url.Values{"policyName": {"readwrite"}, "userOrGroup": {u.AccessKey}, "isGroup": {"false"}}, nil)
	return err
}

// Allow lets a user in, or keeps the user out.
func (s *Server) Allow(ctx context.Context, u User, in bool) error {
	status := map[bool]string{true: "enabled", false: "disabled"}[in]
	_, err := s.admin(ctx, http.MethodPut, "set-user-status", url.Values{"accessKey": {u.AccessKey}, "status": {status}}, nil)
	return err
}

// admin calls the admin API, whose requests are signed as S3's are and whose
// bodies are encrypted with the caller's secret key.
func (s *Server) admin(ctx context.Context, method, call string, query url.Values, body any) ([]byte, error) {
	failed := func(err error) ([]byte, error) { return nil, fmt.Errorf("MinIO's %s: %w", call, err) }
	var sealed []byte
	if body != nil {
		plain, err := json.Marshal(body)
		if err != nil {
			return failed(err)
		}
		if sealed, err = seal(plain); err != nil {
			return failed(err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+"/minio/admin/v3/"+call+"?"+query.Encode(), bytes.NewReader(sealed))
	if err != nil {
		return failed(err)
	}
	digest := sha256.Sum256(sealed)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	credentials, err := s.Config().Credentials.Retrieve(ctx)
	if err != nil {
		return failed(err)
	}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), "s3", s.Region, s.clock.Now()); err != nil {
		return failed(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return failed(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	if err != nil {
		return failed(err)
	}
	return text, nil
}

// seal encrypts as the admin API wants it: a salt of 32 bytes, the algorithm's
// number, a nonce of 8 bytes, and AES-256-GCM with a key derived by PBKDF2.
func seal(plain []byte) ([]byte, error) {
	const pbkdf2AESGCM, rounds = 2, 8192
	head := make([]byte, 32+1+8)
	_, _ = rand.Read(head) // never fails
	salt, nonce := head[:32], head[33:]
	head[32] = pbkdf2AESGCM
	key, err := pbkdf2.Key(sha256.New, SecretKey, salt, rounds, 32)
	if err != nil {
		return nil, err
	}
	stream, err := sio.AES_256_GCM.Stream(key)
	if err != nil {
		return nil, err
	}
	var sealed bytes.Buffer
	sealed.Write(head)
	w := stream.EncryptWriter(&sealed, nonce, nil)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close() // writes the last of it
	return sealed.Bytes(), err
}
