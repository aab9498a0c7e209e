package demo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// maxKey is the longest key that S3 takes, in bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
const maxKey = 1024

// Unread is a file that could not be uploaded, and why.
type Unread struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// files lists the regular files below dir, recursively, under keys relative to
// it. What can't be an object is told, and does not stop the rest.
func files(dir, category string) (items []Item, unread []Unread, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			unread = append(unread, Unread{path, err.Error()})
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		it, why := fileItem(dir, path, category)
		if why != "" {
			unread = append(unread, Unread{path, why})
			return nil
		}
		items = append(items, it)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list the files in %s: %w", dir, err)
	}
	if len(items)+len(unread) == 0 {
		return nil, nil, fmt.Errorf("list the files in %s: there are none: name a folder with files in it", dir)
	}
	return items, unread, nil
}

func fileItem(dir, path, category string) (it Item, why string) {
	info, err := os.Stat(path) // follows links
	if err != nil {
		return it, err.Error()
	}
	relative, err := filepath.Rel(dir, path)
	if err != nil {
		return it, err.Error()
	}
	key := filepath.ToSlash(relative)
	switch {
	case !info.Mode().IsRegular():
		return it, "not a regular file"
	case !utf8.ValidString(key):
		return it, "the name is not UTF-8, which S3 needs: rename the file"
	case len(key) > maxKey:
		return it, fmt.Sprintf("the name has %d bytes, S3 takes %d: shorten it", len(key), maxKey)
	}
	return Item{Category: category, Key: key, Size: info.Size(), Open: file(path), Expect: verified}, ""
}
