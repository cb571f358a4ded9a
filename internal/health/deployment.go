package health

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/inference/catalogue"
	"mainstay/internal/post"
	"mainstay/internal/postgres"
	"mainstay/internal/queue"
)

// Parts is what a deployment is measured by. The zero value measures nothing.
type Parts struct {
	Version string    // of the program
	Began   time.Time // when this process started
	Pools   *postgres.Pools
	Private bool   // the database is a server of our own in the data folder
	Data    string // the data folder
	Keys    string // the key store's file; empty: it is no file
	Bucket  string // where blobs lie, in words; empty: in the data folder
	Models  string // the models' folder
	Names   []string
	Work    func(context.Context) (queue.Depth, error)
	Mail    func(context.Context) (post.Counts, error) // it decides for itself who may know
}

// Deployment is how a deployment does, in numbers.
type Deployment struct {
	Version  string
	Began    time.Time
	Now      time.Time
	Work     queue.Depth
	Mail     post.Counts
	Space    Space // on the data folder's disk
	Bucket   string
	Database Storage
	Keys     int64 // bytes of the key store's file, 0 where it is none
	Models   []Model
}

// Space is a disk, in bytes.
type Space struct{ Free, Total int64 }

// Storage is the database.
type Storage struct {
	Server  string // PostgreSQL's version
	Private bool
	Size    int64 // bytes
	Version int   // of its tables
}

// Model is one that recordings need.
type Model struct {
	Name, Licence string
	Digest        string // SHA-256 of its largest file, as the catalogue names it
	Size          int64  // bytes, of all its files
	Here          bool   // its files are there; the checks compare their digests
}

// Patience is how long work and letters may wait before an administrator should look.
const Patience = 10 * time.Minute

// Measure returns how the deployment does, to who may have its parts tried. It is part of the page that asks and no act of its own.
func (s *Service) Measure(ctx context.Context) (Deployment, error) {
	err := s.Gate.View(ctx, gate.Act{Verb: gate.CheckDeployment}, func(context.Context, *gate.Tx) error { return nil })
	if err != nil {
		return Deployment{}, err
	}
	d := Deployment{Version: s.Parts.Version, Began: s.Parts.Began, Now: s.Source.Now(), Bucket: s.Parts.Bucket}
	for _, part := range []func(context.Context, *Deployment) error{s.measureWork, s.measureDatabase, s.measureDisk, s.measureModels} {
		if err := part(ctx, &d); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (s *Service) measureWork(ctx context.Context, d *Deployment) (err error) {
	if s.Parts.Work != nil {
		if d.Work, err = s.Parts.Work(ctx); err != nil {
			return err
		}
	}
	if s.Parts.Mail != nil {
		d.Mail, err = s.Parts.Mail(ctx)
	}
	return err
}

func (s *Service) measureDatabase(ctx context.Context, d *Deployment) error {
	if s.Parts.Pools == nil {
		return nil
	}
	d.Database = Storage{Private: s.Parts.Private, Version: postgres.Version()}
	var err error
	if d.Database.Server, err = s.Parts.Pools.Server(ctx); err != nil {
		return fmt.Errorf("asking the database's version: %w", err)
	}
	d.Database.Size, err = s.Parts.Pools.Size(ctx)
	return err
}

func (s *Service) measureDisk(_ context.Context, d *Deployment) error {
	if s.Parts.Data == "" {
		return nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.Parts.Data, &fs); err != nil {
		return fmt.Errorf("looking at the data folder's disk: %w", err)
	}
	d.Space = Space{Free: int64(fs.Bavail) * fs.Bsize, Total: int64(fs.Blocks) * fs.Bsize}
	if s.Parts.Keys == "" {
		return nil
	}
	info, err := os.Stat(s.Parts.Keys)
	if err != nil {
		return fmt.Errorf("looking at the key store: %w", err)
	}
	d.Keys = info.Size()
	return nil
}

func (s *Service) measureModels(_ context.Context, d *Deployment) error {
	if len(s.Parts.Names) == 0 {
		return nil
	}
	models, err := catalogue.Find(s.Parts.Names...)
	if err != nil {
		return nil //nolint:nilerr // a model of the operator's own is in no catalogue; the checks say so
	}
	for _, m := range models {
		one := Model{Name: m.Name, Licence: m.Licence, Size: m.Size(), Here: true}
		var largest int64
		for _, f := range m.Files {
			if f.Size > largest {
				largest, one.Digest = f.Size, f.SHA256
			}
			if _, err := os.Stat(filepath.Join(s.Parts.Models, filepath.FromSlash(f.Path))); err != nil {
				one.Here = false
			}
		}
		d.Models = append(d.Models, one)
	}
	return nil
}

// Scarce reports whether somebody should make room.
func (s Space) Scarce() bool { return s.Total > 0 && s.Free < scarce }

// Full reports whether the disk is so full that uploads are refused.
func (s Space) Full() bool { return s.Total > 0 && s.Free < least }
