package credential

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/trust/markup"
)

// described is a hash that says how it was made: the scheme, its version and work, 128 bits of salt and 256 of hash.
var described = regexp.MustCompile(`^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)

// workOf returns the work and the salt of a hash. It fails for one that is no argon2id hash.
func workOf(hash string) (work identity.HashCost, salt string, err error) {
	parts := described.FindStringSubmatch(hash)
	if parts == nil {
		return work, "", errors.New("what is stored of a password is no argon2id hash with a salt")
	}
	numbers := make([]uint64, 3)
	for i := range numbers {
		if numbers[i], err = strconv.ParseUint(parts[i+1], 10, 32); err != nil {
			return work, "", err
		}
	}
	return identity.HashCost{Memory: uint32(numbers[0]), Passes: uint32(numbers[1]), Threads: uint8(numbers[2])}, parts[4], nil
}

// Salted has two people choose the same password, and people sign in whose hashes are of another time.
func Salted(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	password := letters(10) + " above the weir"
	var hashes, salts []string
	for range 2 {
		p, err := s.joined(ctx, at, password)
		if err != nil {
			return "", err
		}
		hash, err := s.hash(ctx, p.account)
		if err != nil {
			return "", err
		}
		_, salt, err := workOf(hash)
		if err != nil {
			return "", err
		}
		hashes, salts = append(hashes, hash), append(salts, salt)
	}
	if hashes[0] == hashes[1] || salts[0] == salts[1] {
		return "", errors.New("two people with the same password have the same hash or salt")
	}
	old, err := outdated(password)
	if err != nil {
		return "", err
	}
	for name, hash := range old {
		if err := s.renewed(ctx, at, hash, password); err != nil {
			return "", fmt.Errorf("a hash by %s: %w", name, err)
		}
	}
	return fmt.Sprintf("2 people with the same password: 2 salts, 2 hashes; %d hashes of other schemes or costs are replaced at sign-in", len(old)), nil
}

// outdated are hashes of a password as other programs and older versions made them.
func outdated(password string) (map[string]string, error) {
	imported, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	cheap := "$argon2id$v=19$m=8,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(password), salt, 1, 8, 1, 32))
	return map[string]string{"bcrypt": string(imported), "argon2id with little work": cheap}, nil
}

// renewed has somebody sign in whose hash is of another time, and looks at the hash after.
func (s *Stage) renewed(ctx context.Context, at, hash, password string) error {
	member, err := s.Identity.StageMember(ctx, s.Owner.Workspace, gate.Member)
	if err != nil {
		return err
	}
	email := nobody()
	if err := s.Identity.StageAccount(ctx, member, email, hash); err != nil {
		return err
	}
	_, got, err := s.signIn(ctx, at, email, password)
	if err != nil || got.status != http.StatusSeeOther {
		return errors.Join(fmt.Errorf("its person is answered %d", got.status), err)
	}
	after, err := s.hash(ctx, member.Account)
	if err != nil {
		return err
	}
	work, _, err := workOf(after)
	if err == nil && (after == hash || work != s.Identity.Hash) {
		err = errors.New("it is not replaced by one of today's")
	}
	return err
}

// Declared has somebody choose a password, and compares the work of its hash with what is promised.
func Declared(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	p, err := s.joined(ctx, at, letters(10)+" below the weir")
	if err != nil {
		return "", err
	}
	hash, err := s.hash(ctx, p.account)
	if err != nil {
		return "", err
	}
	work, _, err := workOf(hash)
	if err != nil {
		return "", err
	}
	if work.Memory < s.Least.Memory || work.Passes < s.Least.Passes || work.Threads < s.Least.Threads {
		return "", fmt.Errorf("a hash is of m=%d,t=%d,p=%d, and at least m=%d,t=%d,p=%d is promised",
			work.Memory, work.Passes, work.Threads, s.Least.Memory, s.Least.Passes, s.Least.Threads)
	}
	all, err := s.salted(ctx)
	return fmt.Sprintf("argon2id (RFC 9106), %d KiB, %d passes, %d lanes, 128 bits of salt, 256 of hash; %d of %d accounts hold such a hash, an imported one or none",
		work.Memory, work.Passes, work.Threads, all, all), err
}

// salted returns how many accounts there are. It fails where one holds something else than a salted hash or nothing.
func (s *Stage) salted(ctx context.Context) (all int, err error) {
	var bare int
	err = s.Look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, bare, err = passwords(ctx, tx)
		return err
	})
	if err == nil && bare > 0 {
		err = fmt.Errorf("%d of %d stored passwords are no salted hash", bare, all)
	}
	return all, err
}

// weak are passwords that nobody may have, each with why.
func weak() map[string]string {
	return map[string]string{"11 characters": letters(11), "nothing": "", "a common one": "password1234567", "another common one": "qwertyuiop123", "one letter": strings.Repeat("a", 30)}
}

// Minimum sends weak passwords to every door at which one is chosen, past the page and its hints.
func Minimum(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	p, err := s.joined(ctx, at, letters(12)) // as short as may be
	if err != nil {
		return "", fmt.Errorf("12 characters: %w", err)
	}
	if err := p.learn(ctx); err != nil {
		return "", err
	}
	_, invitation, err := s.invited(ctx)
	if err != nil {
		return "", err
	}
	reset, err := s.resetLink(ctx, p)
	if err != nil {
		return "", err
	}
	before, err := s.people(ctx)
	if err != nil {
		return "", err
	}
	doors := map[string]*visitor{invitation: visit(at), "/account/password": p.visitor, reset: visit(at)}
	tried := 0
	for why, bad := range weak() {
		for door, who := range doors {
			tried++
			got, err := who.post(ctx, door, form("name", "Prover", "current", p.password, "password", bad))
			if err != nil {
				return "", err
			}
			if got.status != http.StatusUnprocessableEntity {
				return "", fmt.Errorf("a password of %s is answered %d at %s", why, got.status, doorOf(door))
			}
		}
	}
	after, err := s.people(ctx)
	if err != nil {
		return "", err
	}
	if len(after) != len(before) || after[p.account] != before[p.account] {
		return "", errors.New("a password that was refused was stored")
	}
	return fmt.Sprintf("%d weak passwords at %d doors: each answered 422 by the server, none stored; 12 characters are taken", tried, len(doors)), nil
}

// doorOf is an address without what it says.
func doorOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + first
}

// Strong reads the page on which a password is chosen, and then chooses bad ones.
func Strong(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	_, invitation, err := s.invited(ctx)
	if err != nil {
		return "", err
	}
	v := visit(at)
	page, err := v.get(ctx, invitation)
	if err != nil {
		return "", err
	}
	asks, meter := false, false
	for _, e := range markup.Elements(page.body) {
		asks = asks || e.Name == "input" && e.Attribute("type") == "password" && e.Attribute("autocomplete") == "new-password"
		if e.Name != "script" || e.Attribute("src") == "" {
			continue
		}
		script, err := v.get(ctx, e.Attribute("src"))
		if err != nil {
			return "", err
		}
		meter = meter || script.status == http.StatusOK && bytes.Contains(script.body, []byte("Weak: easy to guess."))
	}
	if !asks || !meter || !bytes.Contains(page.body, []byte("At least 12 characters")) {
		return "", fmt.Errorf("who chooses a password sees a field %v, words about its strength %v, or not how long it must be (status %d)", asks, meter, page.status)
	}
	said, err := Minimum(ctx, s)
	return "who chooses a password is told how strong it is while they type; " + said, err
}
