package speech

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/language"
)

// Settings is what a workspace says of the speech in it.
type Settings struct {
	Languages []string // what may be spoken, as BCP 47; where none is named, any
}

// maxLanguages bounds a workspace's languages: with more of them a choice among them is none.
const maxLanguages = 20

// Settings returns the workspace's settings.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	var set Settings
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = settings(ctx, tx)
		return err
	})
	return set, err
}

// ChangeSettings replaces the workspace's settings. Transcripts that exist stay as they are.
func (s *Service) ChangeSettings(ctx context.Context, set Settings) error {
	languages, err := checkedLanguages(set.Languages)
	if err != nil {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("languages", languages)
		_, err := tx.Exec(ctx, `
insert into tenant.speech_setting (workspace_id, languages, changed_at) values ($1, $2, $3)
on conflict (workspace_id) do update set languages = excluded.languages, changed_at = excluded.changed_at`, tx.Workspace(), languages, tx.Now())
		return err
	})
}

func checkedLanguages(tags []string) ([]string, error) {
	kept := []string{}
	for _, tag := range tags {
		if tag = language.Tag(tag); tag == "" {
			return nil, fault.New(fault.Invalid, "There is no such language. Choose from the list.")
		}
		if !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	if len(kept) > maxLanguages {
		return nil, fault.New(fault.Invalid, "Choose at most 20 languages, or none to allow all.")
	}
	return kept, nil
}

func settings(ctx context.Context, tx *gate.Tx) (Settings, error) {
	var set Settings
	err := tx.QueryRow(ctx, `select languages from tenant.speech_setting where workspace_id = $1`, tx.Workspace()).Scan(&set.Languages)
	if errors.Is(err, pgx.ErrNoRows) {
		return set, nil
	}
	if err != nil {
		return set, fmt.Errorf("reading the settings of speech: %w", err)
	}
	return set, nil
}
