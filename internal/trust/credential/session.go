package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
)

// Expiring signs somebody in and has their session be used for thirty days.
func Expiring(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	p, err := s.joined(ctx, at, letters(10)+" by the ford")
	if err != nil {
		return "", err
	}
	var life time.Duration
	err = s.Look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		life, err = sessionLife(ctx, tx, s.Owner.Workspace)
		return err
	})
	if err != nil {
		return "", err
	}
	if life <= 0 || life > 30*24*time.Hour {
		return "", fmt.Errorf("a session lives for %s", life)
	}
	for _, step := range []struct {
		later time.Duration
		in    bool
	}{{30*24*time.Hour - time.Minute, true}, {time.Minute + time.Second, false}} {
		if err := s.Identity.AgeSessions(ctx, s.Owner.Workspace, identity.Age{Begun: step.later}); err != nil {
			return "", err
		}
		in, _, err := p.in(ctx)
		if err != nil {
			return "", err
		}
		if in != step.in {
			return "", fmt.Errorf("a session in use is let in %v after %s more", in, step.later)
		}
	}
	return fmt.Sprintf("sessions live for %d days by their rows; one in use is answered 200 a minute before, and 401 a second after", int(life/(24*time.Hour))), nil
}

// Rotating uses a session day after day, and shows the tokens that it had before.
func Rotating(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	p, err := s.joined(ctx, at, letters(10)+" by the mill")
	if err != nil {
		return "", err
	}
	const days = 2
	for range days {
		if err := s.nextDay(ctx, p); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d days of use: a new token each, no sooner; the one before is answered 401 a minute later, and again", days), nil
}

func (s *Stage) nextDay(ctx context.Context, p person) error {
	if in, got, err := p.in(ctx); err != nil || !in || got.session != nil {
		return errors.Join(fmt.Errorf("within the day a session is let in %v and gets a new token %v", in, got.session != nil), err)
	}
	thief := p.copied()
	if err := s.Identity.AgeSessions(ctx, s.Owner.Workspace, identity.Age{Rotated: identity.RotateAfter}); err != nil {
		return err
	}
	in, got, err := p.in(ctx)
	if err != nil {
		return err
	}
	if !in || got.session == nil || thief.cookies[got.session.Name] == nil || got.session.Value == thief.cookies[got.session.Name].Value {
		return errors.New("after a day of use a session gets no new token")
	}
	if err := s.Identity.AgeSessions(ctx, s.Owner.Workspace, identity.Age{Rotated: identity.RotateGrace + time.Second}); err != nil {
		return err
	}
	for range 2 {
		if in, _, err := thief.copied().in(ctx); err != nil || in {
			return errors.Join(errors.New("a token that was replaced still lets in"), err)
		}
	}
	if in, _, err := p.in(ctx); err != nil || !in {
		return errors.Join(errors.New("the new token does not let in"), err)
	}
	return nil
}
