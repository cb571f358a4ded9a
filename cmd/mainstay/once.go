package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/identity"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// once makes a workspace for one meeting, runs its work here and returns what came of it. It ends early, with an error, when ctx
// does.
func (p *Program) once(ctx context.Context, file string, details meeting.Details) (minutes.Opened, error) {
	ctx, err := p.solo(ctx)
	if err != nil {
		return minutes.Opened{}, err
	}
	m, err := p.take(ctx, file, details)
	if err != nil {
		return minutes.Opened{}, err
	}
	if err := p.Queue.Drain(ctx); err != nil {
		return minutes.Opened{}, err
	}
	opened, err := p.Minutes.Open(ctx, m.ID)
	if err != nil {
		return minutes.Opened{}, err
	}
	if opened.Minutes == nil {
		return opened, p.whyNot(ctx, m)
	}
	return opened, nil
}

// solo makes a workspace whose owner is whoever runs the command.
func (p *Program) solo(ctx context.Context) (context.Context, error) {
	token, err := p.Identity.IssueSetup(ctx)
	if err != nil {
		return ctx, err
	}
	begun, err := p.Identity.FirstRun(ctx, identity.Setup{Token: token.Reveal(), Name: "Owner", Email: "owner@localhost.invalid",
		Password: token.Reveal(), Workspace: "This machine"})
	if err != nil {
		return ctx, err
	}
	return tenant.WithActor(ctx, begun.Actor), nil
}

// take makes the meeting and takes the file in, as a transcript where it is one and as a recording else.
func (p *Program) take(ctx context.Context, path string, details meeting.Details) (meeting.Meeting, error) {
	file, err := os.Open(path)
	if err != nil {
		return meeting.Meeting{}, fmt.Errorf("opening the file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return meeting.Meeting{}, fmt.Errorf("looking at the file: %w", err)
	}
	m, err := p.Meetings.Create(ctx, details, "upload", false)
	if err != nil {
		return m, err
	}
	if !isTranscript(file, path) {
		_, err = p.Capture.Put(ctx, m.ID, filepath.Base(path), info.Size(), file)
		return m, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 32<<20))
	if err != nil {
		return m, fmt.Errorf("reading the file: %w", err)
	}
	_, err = p.Speech.Import(ctx, m.ID, filepath.Base(path), text)
	return m, err
}

// isTranscript looks at a file's ending and, where that says nothing, at its first bytes.
func isTranscript(file io.ReaderAt, path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt", ".vtt", ".srt", ".json", ".docx", ".md":
		return true
	case ".wav", ".mp3", ".m4a", ".mp4", ".ogg", ".opus", ".webm", ".flac", ".mov", ".mkv":
		return false
	}
	head := make([]byte, 512)
	n, _ := file.ReadAt(head, 0)
	head = head[:n]
	if strings.HasPrefix(string(head), "\xff\xfe") || strings.HasPrefix(string(head), "\xfe\xff") {
		return true // UTF-16
	}
	for cut := 0; cut < utf8.UTFMax && cut < n; cut++ { // the last letter may be cut
		if utf8.Valid(head[:n-cut]) {
			return !strings.ContainsRune(string(head), 0)
		}
	}
	return false
}

// whyNot tells why a meeting has no minutes: the sentence of the step that did not succeed.
func (p *Program) whyNot(ctx context.Context, m meeting.Meeting) error {
	steps, err := p.Progress.Of(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if step.Reason != "" {
			return fault.New(fault.Busy, step.Reason)
		}
	}
	return fault.New(fault.Internal, "The minutes were not finished.")
}

// teller writes progress for a person: on a terminal one line that changes, elsewhere a line for each phase and each twentieth.
type teller struct {
	w        io.Writer
	terminal bool
	phase    string
	percent  int
}

func newTeller(w io.Writer) *teller {
	t := &teller{w: w}
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		t.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// tell hears how far a step is. Transcribing is nearly all of the work, so its share is shown as the whole's; drafting is the
// last hundredth.
func (t *teller) tell(_ queue.Step, phase string, done float64) {
	percent := int(done * 99)
	if phase == "drafting" {
		percent = 99
	}
	if phase == t.phase && percent < t.percent+1 || !t.terminal && phase == t.phase && percent < t.percent+5 {
		return
	}
	t.phase, t.percent = phase, percent
	if t.terminal {
		fmt.Fprintf(t.w, "\r\x1b[K%s... %d %%", phase, percent)
		return
	}
	fmt.Fprintf(t.w, "%s... %d %%\n", phase, percent)
}

// done clears the line that changes.
func (t *teller) done() {
	if t.terminal && t.phase != "" {
		fmt.Fprint(t.w, "\r\x1b[K")
	}
}

// scratch is a temporary folder that ends with its run. It is locked as long as the run lives, so that the next run can tell
// what a kill left behind.
type scratch struct {
	path string
	lock *os.File
}

const scratchPrefix = "mainstay-minutes-"

// scratchBase is where temporary folders are made: TMPDIR, unless its path is too long for a socket in it, or closed to the user
// whom the database runs as when we are root.
func scratchBase() string {
	const longest = 40
	for _, base := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if len(base) <= longest && (os.Geteuid() != 0 || enterable(base)) {
			return base
		}
	}
	return os.TempDir()
}

// enterable reports whether everybody may enter a folder.
func enterable(dir string) bool {
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return true
		}
		dir = up
	}
}

// newScratch removes what killed runs left and makes a folder.
func newScratch() (scratch, error) {
	removeLeft()
	path, err := os.MkdirTemp(scratchBase(), fmt.Sprintf("%s%d-", scratchPrefix, os.Getpid()))
	if err != nil {
		return scratch{}, fmt.Errorf("making a temporary folder: %w", err)
	}
	f := scratch{path: path}
	if err := os.Chmod(path, 0o711); err != nil { // the database runs as somebody else
		f.remove()
		return f, fmt.Errorf("opening the temporary folder to the database: %w", err)
	}
	begun := filepath.Join(path, "lock.new")
	if f.lock, err = locked(begun); err == nil {
		err = os.Rename(begun, filepath.Join(path, "lock")) // nobody sees a lock that is not held yet
	}
	if err != nil {
		f.remove()
		return f, fmt.Errorf("locking the temporary folder: %w", err)
	}
	return f, nil
}

// remove destroys the folder, and what killed runs left: their database may have written until a moment after they began to be
// removed.
func (f scratch) remove() {
	_ = os.RemoveAll(f.path)
	if f.lock != nil {
		_ = f.lock.Close()
	}
	removeLeft()
}

// locked opens a file and takes its lock. It fails where somebody holds it.
func locked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// removeLeft removes folders of runs that were killed: those whose lock nobody holds, or whose process ended before it had one.
func removeLeft() {
	left, err := filepath.Glob(filepath.Join(scratchBase(), scratchPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		if ended(dir) {
			_ = os.RemoveAll(dir)
		}
	}
}

func ended(dir string) bool {
	held := filepath.Join(dir, "lock")
	if _, err := os.Lstat(held); err == nil {
		lock, err := locked(held)
		if err != nil {
			return false
		}
		_ = lock.Close()
		return true
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), scratchPrefix), "-")
	pid, err := strconv.Atoi(number)
	return err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
