package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

type domainNoun struct{}

func (domainNoun) Prefix() string { return "dom" }

// DomainID names a domain that a workspace claims.
type DomainID = tenant.ID[domainNoun]

// ProofLife is how long the proof of a domain holds before it must be looked up again.
const ProofLife = 365 * 24 * time.Hour

// lookTime is how long the domain name system may take.
const lookTime = 10 * time.Second

// Domain is a domain that a workspace claims. People are linked by their addresses in it once it is proven.
type Domain struct {
	ID        DomainID
	Name      string
	Record    string // the name at which its owner publishes the text
	Text      string // what they publish there
	CheckedAt *time.Time
	ProvenAt  *time.Time
	Holds     bool // the proof is not too old
}

// domain is the digest by which a proven domain is found.
func (s *Service) domain(name string) ([]byte, error) { return s.Vault.Lookup("domain\x00" + name) }

// Domains lists what the actor's workspace claims.
func (s *Service) Domains(ctx context.Context) ([]Domain, error) {
	var all []Domain
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadProviders}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = domains(ctx, tx)
		return err
	})
	return all, err
}

// Claim adds a domain to those that the actor's workspace claims, and returns its id. It proves nothing yet. It fails with
// fault.Conflict for one that is there.
func (s *Service) Claim(ctx context.Context, name string) (DomainID, error) {
	var id DomainID
	name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".")
	digest, err := s.domain(name)
	if err != nil {
		return id, err
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ClaimDomain}, func(ctx context.Context, tx *gate.Tx) error {
		if !isDomain(name) {
			return fault.New(fault.Invalid, "Enter a domain such as example.com.")
		}
		tx.Note("domain", name)
		all, err := domains(ctx, tx)
		if err != nil {
			return err
		}
		if len(all) >= 50 {
			return fault.New(fault.TooLarge, "A workspace claims at most 50 domains. Remove one first.")
		}
		id = gate.NewID[DomainID](tx)
		return insertDomain(ctx, tx, id, digest, claim{V: 1, Name: name, Token: tenant.NewSecret().Reveal()})
	})
	return id, err
}

// Prove looks whether a domain's owner published the text that the workspace was given, and reports whether they did. A proof
// that was there and is no longer ends.
func (s *Service) Prove(ctx context.Context, id DomainID) (bool, error) {
	var d Domain
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChangeDomain, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		d, err = loadDomain(ctx, tx, id)
		return err
	})
	if err != nil {
		return false, err
	}
	found, err := s.published(ctx, d)
	if err != nil {
		return false, err
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeDomain, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("domain", d.Name)
		tx.Note("proven", found)
		return checked(ctx, tx, id, found)
	})
	if err != nil {
		return false, err
	}
	return found, s.settle(ctx, d.Name, found)
}

// published looks a domain's text up. A name without texts is no failure; a system that does not answer is.
func (s *Service) published(ctx context.Context, d Domain) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	texts, err := s.Resolver.LookupTXT(ctx, d.Record)
	var failed *net.DNSError
	if errors.As(err, &failed) && failed.IsNotFound {
		return false, nil
	}
	if err != nil {
		return false, fault.Wrap(fault.Busy, "The domain name system did not answer. Try again in a moment.", fmt.Errorf("looking a domain up: %T", err))
	}
	return slices.Contains(texts, d.Text), nil
}

// settle makes the deployment's list of proven domains say what was found.
func (s *Service) settle(ctx context.Context, name string, proven bool) error {
	digest, err := s.domain(name)
	if err != nil {
		return err
	}
	ws := tenant.Visitor(ctx).Workspace
	return s.Gate.Instance(s.as(ctx), gate.PublishDomain, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(ws)
		tx.Note("proven", proven)
		return setProven(ctx, tx, ws, digest, proven)
	})
}

// Disclaim removes a domain from those that the actor's workspace claims. Links that were made by it stay.
func (s *Service) Disclaim(ctx context.Context, id DomainID) error {
	var d Domain
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeDomain, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if d, err = loadDomain(ctx, tx, id); err != nil {
			return err
		}
		tx.Note("domain", d.Name)
		return deleteDomain(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	return s.settle(ctx, d.Name, false)
}
