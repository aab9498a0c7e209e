package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Speed and memory of the demo, functions built before:
//
//	go test -run '^$' -bench Demo -benchtime 1x ./cmd/autobackup/demo
//
// One benchmark at a time gives its own peak of memory; files are made in the
// benchmark's folder (the large one is sparse).

func BenchmarkDemoSamples(b *testing.B) {
	bench(b, "", 13)
}

func BenchmarkDemoTenThousandFiles(b *testing.B) {
	const files, size = 10_000, 4 << 10
	dir := b.TempDir()
	for i := range files {
		name := filepath.Join(dir, fmt.Sprint(i%100), fmt.Sprint(i))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, fmt.Appendf(make([]byte, size-8), "%08d", i), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	bench(b, dir, files)
}

func BenchmarkDemoTwoGiB(b *testing.B) {
	dir := b.TempDir()
	f, err := os.Create(filepath.Join(dir, "large.bin")) // #nosec G304: its own folder
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Truncate(2 << 30); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	bench(b, dir, 1)
}

func bench(b *testing.B, dir string, objects int) {
	for b.Loop() {
		report, err := Run(b.Context(), Options{Project: "../../..", Dir: dir, Progress: b.Output()})
		if err != nil {
			b.Fatal(err)
		}
		if !report.Expected || report.Totals.Objects != objects {
			b.Fatalf("expected %v, %d objects", report.Expected, report.Totals.Objects)
		}
		b.ReportMetric(float64(report.Totals.Transitions)/float64(objects), "transitions/object")
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(usage.Maxrss)/1024, "MiB-peak")
}
