package catalogue

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"mainstay/internal/fault"
)

// source is a place with files under their catalogue paths, or with the packages that hold them under their own names.
type source interface {
	// open returns a file. It fails with errAbsent where the place does not have it.
	open(ctx context.Context, name string) (io.ReadCloser, error)
}

var errAbsent = errors.New("the file is not there")

// folder is a folder brought by hand, or mounted.
type folder string

func (d folder) open(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(string(d), filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	return file, err
}

// brought returns the source for what an operator brought: a folder, or an archive of one.
func brought(path string) (source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.Wrap(fault.Missing, "There is no such folder or archive.", err)
	}
	lower := strings.ToLower(path)
	switch {
	case info.IsDir():
		return folder(path), nil
	case strings.HasSuffix(lower, ".zip"):
		return zipped(path), nil
	case strings.HasSuffix(lower, ".tar"), strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		return tarred(path), nil
	}
	return nil, fault.New(fault.Invalid, "Models are imported from a folder, or from an archive that ends in .zip, .tar or .tar.gz.")
}

// An archive's own names decide nothing: each file of the catalogue is looked for, alone or below one folder, and goes where
// the catalogue says. matches fails where that name is not a plain file's inside the archive.
func matches(name, wanted string, mode fs.FileMode) (bool, error) {
	clean := strings.TrimPrefix(name, "./")
	if clean != wanted && !strings.HasSuffix(clean, "/"+wanted) {
		return false, nil
	}
	if !fs.ValidPath(clean) || !mode.IsRegular() {
		return false, fault.New(fault.Invalid, "The archive holds a link, or a path out of itself, where a model's file should be. It is not used.")
	}
	return true, nil
}

// zipped is a zip archive.
type zipped string

func (path zipped) open(_ context.Context, name string) (io.ReadCloser, error) {
	archive, err := zip.OpenReader(string(path))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "The archive cannot be read. Bring it again.", err)
	}
	file, err := inZip(&archive.Reader, name)
	if err != nil {
		return nil, errors.Join(err, archive.Close())
	}
	return both{file, []io.Closer{file, archive}}, nil
}

func inZip(archive *zip.Reader, name string) (io.ReadCloser, error) {
	for _, f := range archive.File {
		found, err := matches(f.Name, name, f.Mode())
		if err != nil {
			return nil, err
		}
		if found {
			return f.Open()
		}
	}
	return nil, errAbsent
}

// both reads one thing and closes several.
type both struct {
	io.Reader
	closers []io.Closer
}

func (b both) Close() error {
	var all []error
	for _, c := range b.closers {
		all = append(all, c.Close())
	}
	return errors.Join(all...)
}

// tarred is a tar archive, compressed or not.
type tarred string

func (path tarred) open(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := os.Open(string(path))
	if err != nil {
		return nil, fmt.Errorf("opening an archive: %w", err)
	}
	var plain io.Reader = file
	if !strings.HasSuffix(strings.ToLower(string(path)), ".tar") {
		if plain, err = gzip.NewReader(file); err != nil {
			return nil, errors.Join(fault.Wrap(fault.Invalid, "The archive cannot be read. Bring it again.", err), file.Close())
		}
	}
	archive := tar.NewReader(plain)
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.Join(errAbsent, file.Close())
		}
		if err != nil {
			return nil, errors.Join(fault.Wrap(fault.Invalid, "The archive cannot be read. Bring it again.", err), file.Close())
		}
		mode := head.FileInfo().Mode()
		if head.Typeflag == tar.TypeLink {
			mode |= fs.ModeIrregular
		}
		found, err := matches(head.Name, name, mode)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		if found {
			return both{archive, []io.Closer{file}}, nil
		}
	}
}

// mirror is a web server of the operator's.
type mirror struct {
	base   *url.URL
	client *http.Client
}

// addressed returns the source at an address: https, or file for a folder.
func addressed(address string, client *http.Client) (source, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "The mirror's address cannot be read. Check it in the configuration.", errors.New("unreadable address"))
	case u.Scheme == "file":
		return folder(u.Path), nil
	case u.Scheme == "https":
		return mirror{u, client}, nil
	}
	return nil, fault.New(fault.Invalid, "The mirror's address must begin with https:// or file://.")
}

func (m mirror) open(ctx context.Context, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking a mirror: %w", err)
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "The mirror does not answer. Try again later.", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return resp.Body, nil
	case http.StatusNotFound, http.StatusGone:
		return nil, errors.Join(errAbsent, resp.Body.Close())
	}
	return nil, errors.Join(fault.New(fault.Busy, fmt.Sprintf("The mirror answered with status %d. Try again later.", resp.StatusCode)), resp.Body.Close())
}
