package token

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// How a program is let in (RFC 8628).
const (
	DeviceLife     = 10 * time.Minute
	DeviceInterval = 5 * time.Second // between two questions of the program

	// The letters of user codes: no vowels, so that they spell nothing, and none that look alike.
	codeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	codeLength  = 8
)

// Device is a program that waits to be let in.
type Device struct {
	Code     tenant.Secret // for the program
	UserCode string        // for the person, who types it on a page: "BCDF-GHJK"
	EndsAt   time.Time
}

// Asked is what a person is asked to allow.
type Asked struct {
	Program string // what the program calls itself
	Address string // where the question came from
	Scopes  []gate.Scope
	AskedAt time.Time
}

// asking is what a waiting program's row keeps sealed.
type asking struct {
	Program string `json:"program"`
	Address string `json:"address"`
}

// BeginDevice notes that a program asks to be let in. It fails with fault.Invalid for a name or scopes that cannot be.
func (s *Service) BeginDevice(ctx context.Context, program string, scopes []gate.Scope) (Device, error) {
	program = oneLine(program)
	if program == "" || utf8.RuneCountInString(program) > 60 {
		return Device{}, fault.New(fault.Invalid, "Say in client_id which program asks, in at most 60 characters.")
	}
	scopes, err := checkScopes(scopes)
	if err != nil {
		return Device{}, err
	}
	d := Device{Code: "mdc_" + tenant.NewSecret(), UserCode: userCode(), EndsAt: s.Source.Now().UTC().Add(DeviceLife)}
	lookup, err := s.lookup(d.UserCode)
	if err != nil {
		return Device{}, err
	}
	return d, s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.BeginDevice, func(ctx context.Context, tx *gate.InstanceTx) error {
		return s.insertDevice(ctx, tx, d, lookup, waiting{scopes: scopes, asking: asking{program, tenant.Visitor(ctx).Address}})
	})
}

// oneLine is a program's name with single spaces.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }

func userCode() string {
	letters := make([]byte, codeLength)
	for i := range letters {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			panic("token: no randomness: " + err.Error())
		}
		letters[i] = codeLetters[n.Int64()]
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// lookup finds a user code however it was typed.
func (s *Service) lookup(code string) ([]byte, error) {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(code))
	return s.Vault.Lookup("device " + letters)
}

// Asks returns what a user code stands for. It fails with fault.Missing for one that nobody waits behind.
func (s *Service) Asks(ctx context.Context, code string) (Asked, error) {
	var asked Asked
	err := s.Gate.View(ctx, gate.Act{Verb: gate.AllowProgram}, func(context.Context, *gate.Tx) error { return nil })
	if err != nil {
		return asked, err
	}
	lookup, err := s.lookup(code)
	if err != nil {
		return asked, err
	}
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.AnswerDevice, func(ctx context.Context, tx *gate.InstanceTx) error {
		w, err := s.waitingBehind(ctx, tx, lookup)
		asked = Asked{Program: w.Program, Address: w.Address, Scopes: w.scopes, AskedAt: w.at}
		return err
	})
	return asked, err
}

// Allow lets the program behind a user code in as the acting member, with the scopes that it asked for, and tells the person.
func (s *Service) Allow(ctx context.Context, code string) error {
	asked, err := s.Asks(ctx, code)
	if err != nil {
		return err
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	c := Credential{ID: tenant.NewID[ID](s.Source), Kind: "program", Name: asked.Program, Member: actor.Member, Scopes: asked.Scopes, CreatedAt: s.Source.Now().UTC()}
	c.EndsAt = c.CreatedAt.Add(ProgramLife)
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.AllowProgram}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("credential", c.ID.String())
		tx.Note("scopes", c.Scopes)
		return insertCredential(ctx, tx, c)
	})
	if err != nil {
		return err
	}
	lookup, err := s.lookup(code)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.AnswerDevice, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(c.ID)
		if err := issue(ctx, tx, actor, c, nil); err != nil {
			return err
		}
		if err := answerDevice(ctx, tx, lookup, "allowed", c.ID); err != nil {
			return err
		}
		return s.tell(ctx, tx, actor, "A program was let in: it acts for you, within its scopes, until you sign it out.")
	})
}

// Deny turns the program behind a user code away.
func (s *Service) Deny(ctx context.Context, code string) error {
	if _, err := s.Asks(ctx, code); err != nil {
		return err
	}
	lookup, err := s.lookup(code)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.AnswerDevice, func(ctx context.Context, tx *gate.InstanceTx) error {
		return answerDevice(ctx, tx, lookup, "denied", ID{})
	})
}

// The answers that a waiting program gets beside its tokens.
var (
	ErrPending  = fault.New(fault.Conflict, "The person has not decided yet. Ask again later.")
	ErrSlowDown = fault.New(fault.Busy, "You ask too often. Wait five seconds longer between two questions.")
	ErrDenied   = fault.New(fault.Denied, "The person turned this program away.")
	ErrOver     = fault.New(fault.Ended, "This question is over. Begin again.")
)

// Poll returns a waiting program's tokens, once, where it was let in, else one of the errors above.
func (s *Service) Poll(ctx context.Context, code tenant.Secret) (Pair, error) {
	var pair Pair
	var told error
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.PollDevice, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, scopes, answer, err := pollDevice(ctx, tx, tenant.Digest(code.Reveal()))
		if told = answer; err != nil || answer != nil {
			return err
		}
		tx.About(id)
		pair, err = insertPair(ctx, tx, id, scopes)
		return err
	})
	if err == nil {
		err = told
	}
	return pair, err
}
