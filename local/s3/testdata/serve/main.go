// Command serve runs the local S3 on a port of this machine, for
// boto3_check.py and for trying clients by hand:
//
//	go run ./local/s3/testdata/serve -listen 127.0.0.1:9444
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9444", "address")
	lag := flag.Duration("lag", time.Second, "replication lag")
	flag.Parse()
	if err := serve(*listen, *lag); err != nil {
		log.Fatal(err)
	}
}

func serve(listen string, lag time.Duration) (err error) {
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: os.TempDir(), Account: "111122223333"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: lag} }
	server.OnEvent = func(region string, event []byte) { log.Printf("%s %s", region, event) }
	failed := make(chan error, 1)
	go func() { failed <- (&http.Server{Addr: listen, Handler: server}).ListenAndServe() }()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	log.Printf("serving on %s", listen)
	select {
	case err := <-failed:
		return err
	case <-interrupted:
		return nil
	}
}
