package health

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
	"mainstay/internal/inference"
	"mainstay/internal/inference/catalogue"
	"mainstay/internal/postgres"
	"mainstay/internal/sandbox"
	"mainstay/internal/vault"
)

// Database asks the server's version and commits a write that leaves no row. Private says whose server it is.
func Database(pools *postgres.Pools, private bool) Check {
	return Check{Name: "PostgreSQL", Try: func(ctx context.Context) Outcome {
		facts, err := pools.Probe(ctx)
		if err != nil {
			return Outcome{State: Broken, Found: "It does not answer, or takes no write", Fix: "Look at server.log in the data folder's postgres folder, free the disk if it is full, and restart Mainstay."}
		}
		whose := "given by you"
		if private {
			whose = "private, on a Unix socket"
		}
		return Outcome{State: Works, Found: fmt.Sprintf("%s, %s; a write was committed in %s", facts.Version, whose, millis(facts.Took))}
	}}
}

// Clock compares the time with the database's and with the newest event: a clock that went back would order the log wrongly.
func Clock(pools *postgres.Pools, now func() time.Time) Check {
	const fix = "Turn time synchronization on: timedatectl set-ntp true."
	return Check{Name: "Clock", Try: func(ctx context.Context) Outcome {
		before := now()
		facts, err := pools.Probe(ctx)
		if err != nil {
			return Outcome{State: Broken, Found: "The database's clock could not be asked", Fix: "Mend PostgreSQL first."}
		}
		off := facts.Now.Sub(before.Add(now().Sub(before) / 2)).Abs()
		switch {
		case before.Year() < 2025:
			return Outcome{State: Broken, Found: "It shows " + before.Format(time.DateOnly), Fix: fix}
		case facts.Newest != nil && before.Before(facts.Newest.Add(-time.Minute)):
			return Outcome{State: Broken, Found: "It went back: the log has newer events", Fix: fix}
		case off > 5*time.Second:
			return Outcome{State: Broken, Found: fmt.Sprintf("It and the database's differ by %s", off.Round(time.Second)), Fix: "Turn time synchronization on here and on the database's machine: timedatectl set-ntp true."}
		}
		return Outcome{State: Works, Found: before.UTC().Format("2 January 2006, 15:04 UTC") + ", as the database's"}
	}}
}

// RootKey looks whether the root key's file is readable by its user alone.
func RootKey(path string) Check {
	return Check{Name: "Root key", Try: func(context.Context) Outcome {
		info, err := os.Stat(path)
		if err != nil {
			return Outcome{State: Broken, Found: "Its file is not there", Fix: "Bring the file back from your backup. Without it nothing can be read."}
		}
		owner, known := info.Sys().(*syscall.Stat_t)
		if info.Mode().Perm()&0o077 != 0 || known && int(owner.Uid) != os.Geteuid() {
			return Outcome{State: Broken, Found: "Others on this machine may read its file", Fix: "Run chmod 600 and chown on it, for the user who runs Mainstay."}
		}
		return Outcome{State: Works, Found: "A file that only this user can read. Keep a copy elsewhere"}
	}}
}

// The least space on the disk, in bytes.
const (
	scarce = 5 << 30
	least  = 500 << 20
)

// Disk looks how much is free in the data folder, and writes a megabyte there durably.
func Disk(folder string) Check {
	return Check{Name: "Disk", Try: func(context.Context) Outcome {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(folder, &fs); err != nil {
			return Outcome{State: Broken, Found: "The data folder cannot be looked at", Fix: "Check that its disk is there."}
		}
		free := int64(fs.Bavail) * fs.Bsize
		took, err := writeThrough(folder)
		switch {
		case err != nil:
			return Outcome{State: Broken, Found: "A file could not be written and synced", Fix: "Free some space, or give the data folder back to the user who runs Mainstay."}
		case free < least:
			return Outcome{State: Broken, Found: bytesText(free) + " free", Fix: "Free some space: uploads are refused when the disk is full."}
		case free < scarce:
			return Outcome{State: Warns, Found: bytesText(free) + " free", Fix: "An hour of recording takes up to 600 MB. Make room soon."}
		}
		return Outcome{State: Works, Found: fmt.Sprintf("%s free; a megabyte was on the disk in %s", bytesText(free), millis(took))}
	}}
}

// Store puts an object into the object store, reads it back and deletes it.
func Store(bucket vault.Bucket) Check {
	return Check{Name: "Object store", Try: func(ctx context.Context) Outcome {
		began, name, body := time.Now(), "checks/"+rand.Text(), []byte(rand.Text())
		err := bucket.Put(ctx, name, bytes.NewReader(body))
		same := false
		if err == nil {
			same, err = holds(ctx, bucket, name, body)
			err = errors.Join(err, bucket.Delete(ctx, name))
		}
		switch {
		case err != nil && fault.KindOf(err) == fault.Internal:
			return Outcome{State: Broken, Found: "It refuses to store, give or delete an object", Fix: "Allow listing, reading, writing and deleting in the bucket to the key of blobs_key."}
		case err != nil:
			return broken("An object could not be stored, read and deleted", err)
		case !same:
			return Outcome{State: Broken, Found: "It gives other bytes than it got", Fix: "Look at the store: no other program may change its objects."}
		}
		return Outcome{State: Works, Found: "An object was stored, read and deleted in " + millis(time.Since(began))}
	}}
}

func holds(ctx context.Context, bucket vault.Bucket, name string, want []byte) (bool, error) {
	object, err := bucket.Open(ctx, name)
	if err != nil {
		return false, err
	}
	got, err := io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
	return bytes.Equal(got, want), errors.Join(err, object.Close())
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func bytesText(n int64) string {
	if n < 10<<30 {
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d GB", n>>30)
}

// writeThrough writes random bytes, waits until the disk has them, and removes them.
func writeThrough(folder string) (time.Duration, error) {
	began := time.Now()
	file, err := os.CreateTemp(folder, "check-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	_, err = io.CopyN(file, rand.Reader, 1<<20)
	err = errors.Join(err, file.Sync(), file.Close())
	return time.Since(began), err
}

// Sandbox runs a program that does nothing in the sandbox that decoders get. Fresh looks for one anew, to tell whether a
// restart would find it.
func Sandbox(box *sandbox.Sandbox, fresh func() (*sandbox.Sandbox, error)) Check {
	return Check{Name: "Sandbox", Try: func(ctx context.Context) Outcome {
		kind, err := box.Probe(ctx)
		if err == nil {
			return Outcome{State: Works, Found: fmt.Sprintf("A program ran in %s, without network", kind)}
		}
		if _, again := fresh(); again == nil {
			return Outcome{State: Broken, Found: "It works now, but did not when Mainstay started", Fix: "Restart Mainstay."}
		}
		return broken("No program could be started in it", err)
	}}
}

//go:embed tone.ogg
var tone []byte

// Decoder decodes half a second of sound in the sandbox and listens whether it is there.
func Decoder(decoder *media.Decoder) Check {
	return Check{Name: "Decoder", Try: func(ctx context.Context) Outcome {
		sound, err := decoder.Decode(ctx, bytes.NewReader(tone), int64(len(tone)))
		if err != nil {
			return broken("A test recording could not be opened", err)
		}
		pcm, err := io.ReadAll(sound)
		if err := errors.Join(err, sound.Close()); err != nil {
			return broken("A test recording could not be read to its end", err)
		}
		if n := len(pcm) / 2; n < media.Rate/4 || n > media.Rate || bytes.Count(pcm, []byte{0}) == len(pcm) {
			return Outcome{State: Broken, Found: "A test recording came out wrong", Fix: "Install the system's own ffmpeg again, and restart Mainstay."}
		}
		return Outcome{State: Works, Found: "A test recording was decoded in the sandbox"}
	}}
}

// Models compares the weights that recordings need with the catalogue's digests.
func Models(folder string, names ...string) Check {
	return Check{Name: "Models", Keep: 10 * time.Minute, Try: func(ctx context.Context) Outcome {
		models, err := catalogue.Find(names...)
		if err != nil {
			return broken("The recognition model is not in the catalogue", err)
		}
		var size int64
		for _, m := range models {
			if err := catalogue.Verify(folder, m); err != nil {
				return broken(m.Name+" is missing or changed", err)
			}
			size += m.Size()
		}
		return Outcome{State: Works, Found: fmt.Sprintf("%s: %d MB are as the catalogue says", models[0].Name, size>>20)}
	}}
}

// Engine is what answers for the speech engine.
type Engine interface {
	Health(ctx context.Context) (inference.Health, error)
}

// Speech asks the speech engine what it can do; ours is started for that.
func Speech(engine Engine) Check {
	return Check{Name: "Speech", Keep: 10 * time.Minute, Try: func(ctx context.Context) Outcome {
		h, err := engine.Health(ctx)
		switch {
		case err != nil:
			return broken("The speech engine does not answer", err)
		case h.Ours && h.Recognition == "":
			return Outcome{State: Broken, Found: "The speech engine has no recognition model", Fix: "Run mainstay models pull on its machine."}
		case h.Embedding == "":
			return Outcome{State: Warns, Found: "The engine answers, but cannot tell voices apart", Fix: "Run mainstay models pull on this machine."}
		case h.Ours:
			return Outcome{State: Works, Found: "The engine started and has " + h.Recognition + " and voices"}
		}
		return Outcome{State: Works, Found: "The engine answers; voices are told apart here"}
	}}
}

// TLS reads the certificate that the listener shows. Without one the listener takes connections of this machine only.
func TLS(certificate string, now func() time.Time) Check {
	return Check{Name: "TLS", Try: func(context.Context) Outcome {
		if certificate == "" {
			return Outcome{State: Works, Word: "Local", Found: "Plain HTTP, from this machine only"}
		}
		text, err := os.ReadFile(certificate)
		if err != nil {
			return Outcome{State: Broken, Found: "The certificate's file cannot be read", Fix: "Check tls_cert in the configuration."}
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return Outcome{State: Broken, Found: "The certificate's file holds none", Fix: "Check tls_cert in the configuration."}
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Outcome{State: Broken, Found: "The certificate cannot be read", Fix: "Check tls_cert in the configuration."}
		}
		return lasting(leaf.NotAfter, now())
	}}
}

func lasting(end, now time.Time) Outcome {
	left := end.Sub(now)
	found := "The certificate lasts until " + end.UTC().Format("2 January 2006")
	switch {
	case left <= 0:
		return Outcome{State: Broken, Found: "The certificate ended on " + end.UTC().Format("2 January 2006"), Fix: "Renew it. A new file is used at once."}
	case left < 14*24*time.Hour:
		return Outcome{State: Warns, Found: found, Fix: "Renew it. A new file is used at once."}
	}
	return Outcome{State: Works, Found: found}
}

// Mail asks the mail server whether it lets us in, without sending anything. A nil try says that there is none.
func Mail(try func(context.Context) error) Check {
	return Check{Name: "Mail", Try: func(ctx context.Context) Outcome {
		if try == nil {
			return Outcome{State: Warns, Word: "Off", Found: "No mail server is set. Links are shown to who makes them, to be handed over",
				Fix: "Set MAINSTAY_SMTP and MAINSTAY_SMTP_FROM. Everything else works without."}
		}
		if err := try(ctx); err != nil {
			return Outcome{State: Broken, Word: "Refuses", Found: "Mail waits and is sent once this works", Fix: fault.Sentence(err)}
		}
		return Outcome{State: Works, Word: "Works", Found: "The mail server lets us in over a verified connection"}
	}}
}
