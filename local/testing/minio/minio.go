// Package minio starts MinIO servers, S3 servers of other people's making that
// replicate for real, so that verdicts are proved on more than the local S3. A
// server is a program of its own: nothing of MinIO's is linked here, and what
// its admin API needs is small. https://docs.min.io/community/minio-object-store/
package minio

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"autobackup/local/clock"
)

// Version is the one that the suites are written for, and Build how to get it.
const (
	Version = "v0.0.0-20260212201848-7aac2a2c5b7c"
	Build   = "go install github.com/minio/minio@" + Version
)

// AccessKey and SecretKey are those of every server's root user.
const (
	AccessKey = "autobackup"
	SecretKey = "autobackup-secret"
)

const (
	startTime = time.Minute           // on a machine that has much else to do
	stopTime  = 20 * time.Second      // then it is killed
	glance    = 20 * time.Millisecond // between two looks whether it is ready
)

// Server is one MinIO server with one drive, on the loopback address.
type Server struct {
	Region string
	URL    string // without a slash at the end
	Drive  string // the folder with the objects: Drive/bucket/key/…
	Log    string // file with what the server printed
	// Environment is what the next Restart adds to MinIO's own, as NAME=value.
	Environment []string

	root    User
	binary  string
	address string
	process *exec.Cmd
	exited  chan struct{} // closed when process has ended
	clock   *clock.Clock
}

// Start starts a server that keeps its objects in a new folder of dir, and
// returns when it answers. Binary is MinIO's executable.
func Start(ctx context.Context, binary, dir, region string) (*Server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, fmt.Errorf("start MinIO: %w", err)
	}
	s := &Server{
		Region: region, URL: "http://" + address, Drive: filepath.Join(dir, region), Log: filepath.Join(dir, region+".log"),
		root: Root, binary: binary, address: address, clock: clock.Real(),
	}
	if err := os.MkdirAll(s.Drive, 0o750); err != nil {
		return nil, fmt.Errorf("start MinIO: %w", err)
	}
	return s, s.Restart(ctx)
}

// At is a server that somebody else started at a URL, http://host:port, and whose root user
// is given. It can be asked for what the admin API does, and not be started or stopped.
func At(region, url string, root User) *Server {
	return &Server{Region: region, URL: url, root: root, address: strings.TrimPrefix(url, "http://"), clock: clock.Real()}
}

// freeAddress is one that nobody listened on a moment ago: MinIO takes no
// listener, and after a restart its peers look for it where it was.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// Restart starts a stopped server again, with its objects and at its address.
func (s *Server) Restart(ctx context.Context) error {
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start MinIO: %w", err)
	}
	process := exec.Command(s.binary, "server", "--quiet", "--address", s.address, s.Drive) //nolint:gosec,noctx // G204: the caller's own executable; Stop ends it, as ctx may end first
	process.Env = append(s.environment(), s.Environment...)                                 // of two values the last counts
	process.Stdout, process.Stderr = log, log
	err = process.Start()
	if err := errors.Join(err, log.Close()); err != nil { // the process has its own
		return fmt.Errorf("start MinIO: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = process.Wait() // its log says more
		close(exited)
	}()
	s.process, s.exited = process, exited
	if err := s.ready(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// environment is MinIO's whole one. The scanner, which retries replication that
// failed, rests no longer than it must.
// https://docs.min.io/community/minio-object-store/reference/minio-server/settings.html
func (s *Server) environment() []string {
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	return []string{
		"HOME=" + s.Drive + ".home", "PATH=" + os.Getenv("PATH"),
		"MINIO_ROOT_USER=" + AccessKey, "MINIO_ROOT_PASSWORD=" + SecretKey, "MINIO_SITE_REGION=" + s.Region,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_SCANNER_SPEED=fastest", "MINIO_SCANNER_CYCLE=1s",
		"MINIO_KMS_SECRET_KEY=autobackup:" + key,
	}
}

// ready waits until the server serves S3.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := s.clock.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		select {
		case <-s.exited:
			return fmt.Errorf("start MinIO: %s ended at once: read %s", s.binary, s.Log)
		default:
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/minio/health/cluster", nil)
		if err != nil {
			return fmt.Errorf("start MinIO: %w", err)
		}
		if _, err := send(request); err == nil {
			return nil
		}
		if err := s.clock.Sleep(ctx, glance); err != nil {
			return fmt.Errorf("wait for MinIO: %w: read %s", err, s.Log)
		}
	}
}

// Stop ends the server; Restart starts it again.
func (s *Server) Stop() error {
	select {
	case <-s.exited:
		return nil
	default:
	}
	if err := s.process.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop MinIO: %w", err)
	}
	overdue := s.clock.AfterFunc(stopTime, func() { _ = s.process.Process.Kill() })
	defer overdue()
	<-s.exited
	return nil
}

// Pause makes the server hang: connections to it are made, and not answered
// until Resume.
func (s *Server) Pause() error { return s.process.Process.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() error { return s.process.Process.Signal(syscall.SIGCONT) }

// Config is the configuration of an SDK client that talks to the server.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: s.Region, BaseEndpoint: aws.String(s.URL),
		Credentials:                credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
}

// ErrNone says that no executable is named, and how to get one.
var ErrNone = errors.New("AUTOBACKUP_MINIO names no MinIO server: build one with GOBIN=$PWD/bin " + Build + ", and set AUTOBACKUP_MINIO=$PWD/bin/minio")

// Find is the executable that AUTOBACKUP_MINIO names. Without one the error is
// ErrNone.
func Find() (string, error) {
	binary := os.Getenv("AUTOBACKUP_MINIO")
	if binary == "" {
		return "", ErrNone
	}
	if _, err := os.Stat(binary); err != nil {
		return "", fmt.Errorf("AUTOBACKUP_MINIO: %w: build it with GOBIN=%s %s", err, filepath.Dir(binary), Build)
	}
	return binary, nil
}
