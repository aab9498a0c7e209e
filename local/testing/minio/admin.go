package minio

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/secure-io/sio-go"
)

// User is a user of a server, who may read and write its buckets.
type User struct {
	AccessKey, SecretKey string
}

// Root is the root user of every server that Start starts.
var Root = User{AccessKey, SecretKey}

// Target makes a bucket of another server a replication target of a bucket here,
// written to as a user there. It answers the ARN by which a replication rule
// names it, arn:minio:replication:<region>:<id>:<bucket>.
func (s *Server) Target(ctx context.Context, bucket string, other *Server, target string, as User) (string, error) {
	answer, err := s.admin(ctx, "set-remote-target", url.Values{"bucket": {bucket}}, map[string]any{
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
	_, err := s.admin(ctx, "add-user", url.Values{"accessKey": {u.AccessKey}},
		map[string]string{"secretKey": u.SecretKey, "status": "enabled"})
	if err != nil {
		return err
	}
	_, err = s.admin(ctx, "set-user-or-group-policy",
		url.Values{"policyName": {"readwrite"}, "userOrGroup": {u.AccessKey}, "isGroup": {"false"}}, nil)
	return err
}

// Allow lets a user in, or keeps the user out.
func (s *Server) Allow(ctx context.Context, u User, in bool) error {
	status := map[bool]string{true: "enabled", false: "disabled"}[in]
	_, err := s.admin(ctx, "set-user-status", url.Values{"accessKey": {u.AccessKey}, "status": {status}}, nil)
	return err
}

// admin makes a PUT call of the admin API, whose requests are signed as S3's are
// and whose bodies are encrypted with the caller's secret key.
func (s *Server) admin(ctx context.Context, call string, query url.Values, body any) ([]byte, error) {
	failed := func(err error) ([]byte, error) { return nil, fmt.Errorf("MinIO's %s: %w", call, err) }
	var sealed []byte
	if body != nil {
		plain, err := json.Marshal(body)
		if err != nil {
			return failed(err)
		}
		if sealed, err = seal(plain, s.root.SecretKey); err != nil {
			return failed(err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, s.URL+"/minio/admin/v3/"+call+"?"+query.Encode(), bytes.NewReader(sealed))
	if err != nil {
		return failed(err)
	}
	sum := sha256.Sum256(sealed)
	digest := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", digest)
	credentials := aws.Credentials{AccessKeyID: s.root.AccessKey, SecretAccessKey: s.root.SecretKey}
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, digest, "s3", s.Region, s.clock.Now()); err != nil {
		return failed(err)
	}
	answer, err := send(request)
	if err != nil {
		return failed(err)
	}
	return answer, nil
}

// send answers the body of a 200, and any other answer as an error.
func send(request *http.Request) ([]byte, error) {
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(answer.Body)
	err = errors.Join(err, answer.Body.Close())
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return text, err
}

// seal encrypts as the admin API wants it: a salt of 32 bytes, the algorithm's
// number, a nonce of 8 bytes, and AES-256-GCM with a key derived by PBKDF2.
func seal(plain []byte, secret string) ([]byte, error) {
	const pbkdf2AESGCM, rounds = 2, 8192
	head := make([]byte, 32+1+8)
	_, _ = rand.Read(head) // never fails
	salt, nonce := head[:32], head[33:]
	head[32] = pbkdf2AESGCM
	key, err := pbkdf2.Key(sha256.New, secret, salt, rounds, 32)
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
