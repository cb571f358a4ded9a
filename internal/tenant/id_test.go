package tenant_test

import (
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

func source() tenant.Source {
	return tenant.Source{Now: func() time.Time { return time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC) }, Random: rand.Reader}
}

func TestIDKeepsItsTimeAndForm(t *testing.T) {
	t.Parallel()
	id := tenant.NewID[tenant.RecordID](source())
	if got, want := id.Time(), source().Now(); !got.Equal(want) {
		t.Errorf("Time() = %v, want %v", got, want)
	}
	again, err := tenant.ParseID[tenant.RecordID](id.String())
	if err != nil || again != id {
		t.Errorf("ParseID(%q) = %v, %v; want the same id", id, again, err)
	}
	if value, _ := id.Value(); value.(string)[14] != '7' {
		t.Errorf("Value() = %v, want a version 7 uuid", value)
	}
	var scanned tenant.RecordID
	value, _ := id.Value()
	if err := scanned.Scan(value); err != nil || scanned != id {
		t.Errorf("Scan(%v) = %v, %v; want the same id", value, scanned, err)
	}
}

func TestIDOfAnotherNounIsMissing(t *testing.T) {
	t.Parallel()
	id := tenant.NewID[tenant.RecordID](source())
	for name, s := range map[string]string{
		"another noun":   "mem" + id.String()[3:],
		"no prefix":      id.String()[4:],
		"cut short":      id.String()[:20],
		"upper case":     "rec_" + "0123456789ABCDEFGHJKMNPQRS",
		"trailing bits":  id.String()[:len(id.String())-1] + "z",
		"not an id":      "../../etc/passwd",
		"empty":          "",
		"letters unused": "rec_iiiiiiiiiiiiiiiiiiiiiiiiii",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := tenant.ParseID[tenant.RecordID](s); !fault.Is(err, fault.Missing) {
				t.Errorf("ParseID(%q) = %v, %v; want fault.Missing", s, got, err)
			}
		})
	}
}

func TestSecretsHaveNoWrittenForm(t *testing.T) {
	t.Parallel()
	out, err := json.Marshal(map[string]any{"key": tenant.Secret("hunter2")})
	if err != nil || string(out) != `{"key":"[secret]"}` {
		t.Errorf("Marshal = %s, %v; want [secret]", out, err)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("rec_0123456789abcdefghjkmnpqrs")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := tenant.ParseID[tenant.RecordID](s); err == nil && id.String() != s {
			t.Errorf("ParseID(%q).String() = %q", s, id)
		}
	})
}
