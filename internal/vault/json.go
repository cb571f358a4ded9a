package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"mainstay/internal/fault"
)

// versioned is the plain form of a sealed JSON document.
type versioned struct {
	Version  int             `json:"v"`
	Document json.RawMessage `json:"doc"`
}

// SealJSON seals doc as JSON that carries its version, 1 or more.
func SealJSON(ctx context.Context, v *Vault, place Place, version int, doc any) ([]byte, error) {
	body, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing a %s of record %s: %w", place.Kind, place.Record, err)
	}
	plain, err := json.Marshal(versioned{version, body})
	if err != nil {
		return nil, fmt.Errorf("writing a %s of record %s: %w", place.Kind, place.Record, err)
	}
	defer clear(plain)
	return v.Seal(ctx, place, plain)
}

// OpenJSON opens documents that SealJSON sealed, of this version or the one before; a field that the older one lacks is zero.
// What did not open is nil, with the error of [Vault.Open]. Another version is fault.Internal.
func OpenJSON[T any](ctx context.Context, v *Vault, version int, sealed ...Sealed) ([]*T, error) {
	plain, opened := v.Open(ctx, sealed...)
	if opened != nil && !fault.Is(opened, fault.Missing) {
		return nil, opened
	}
	docs := make([]*T, len(sealed))
	for i, b := range plain {
		if b == nil {
			continue
		}
		doc, err := readVersion[T](b, version)
		clear(b)
		if err != nil {
			return nil, fmt.Errorf("reading a %s of record %s: %w", sealed[i].Place.Kind, sealed[i].Place.Record, err)
		}
		docs[i] = doc
	}
	return docs, opened
}

// readVersion never shows a cause of encoding/json, which may quote the document.
func readVersion[T any](b []byte, version int) (*T, error) {
	var outer versioned
	if json.Unmarshal(b, &outer) != nil {
		return nil, errors.New("it is no versioned JSON")
	}
	if outer.Version != version && outer.Version != version-1 || outer.Version < 1 {
		return nil, fmt.Errorf("its version is %d, and %d and %d can be read", outer.Version, version-1, version)
	}
	doc := new(T)
	if json.Unmarshal(outer.Document, doc) != nil {
		return nil, errors.New("its JSON has another shape")
	}
	return doc, nil
}
