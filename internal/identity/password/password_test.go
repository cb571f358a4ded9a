package password_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"mainstay/internal/fault"
	"mainstay/internal/identity/password"
)

var cheap = password.Cost{Memory: 64, Passes: 1, Threads: 1}

func TestAHashSaysHowItWasMadeAndIsSalted(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap)
	seen := map[string]bool{}
	for range 3 {
		hash, err := h.Hash(t.Context(), "a stone beside the canal")
		if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") || seen[hash] {
			t.Fatalf("Hash() = %q, %v", hash, err)
		}
		seen[hash] = true
		if stale, err := h.Verify(t.Context(), hash, "a stone beside the canal"); stale || err != nil {
			t.Errorf("Verify() = %v, %v", stale, err)
		}
		for _, wrong := range []string{"", "a stone beside the canal ", "A stone beside the canal", "a stone beside the cana"} {
			if _, err := h.Verify(t.Context(), hash, wrong); !fault.Is(err, fault.Denied) {
				t.Errorf("%q was taken: %v", wrong, err)
			}
		}
	}
}

func TestOldHashesAreVerifiedAndSaidToBeStale(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap)
	older, err := password.NewHasher(password.Cost{Memory: 32, Passes: 1, Threads: 1}).Hash(t.Context(), "a stone beside the canal")
	if err != nil {
		t.Fatal(err)
	}
	imported, err := bcrypt.GenerateFromPassword([]byte("a stone beside the canal"), 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{older, string(imported), strings.Replace(string(imported), "$2a$", "$2y$", 1), strings.Replace(string(imported), "$2a$", "$2b$", 1)} {
		if stale, err := h.Verify(t.Context(), hash, "a stone beside the canal"); !stale || err != nil {
			t.Errorf("Verify(%.20s) = %v, %v; want stale", hash, stale, err)
		}
		if _, err := h.Verify(t.Context(), hash, "a stone beside the river"); !fault.Is(err, fault.Denied) {
			t.Errorf("%.20s takes a wrong password: %v", hash, err)
		}
	}
}

// What is no hash never verifies, costs as much as one, and takes no more of the machine than a hash may.
func TestWhatIsNoHashVerifiesNothing(t *testing.T) {
	t.Parallel()
	h := password.NewHasher(cheap)
	for _, bad := range []string{"", "a stone beside the canal", "$argon2id$v=19$m=4294967295,t=9,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=4000000000,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=64,t=1,p=0$AAAA$AAAA", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=1,p=1$AAAA$", "$2b$31$abcdefghijklmnopqrstuv"} {
		before := h.Work()
		if _, err := h.Verify(t.Context(), bad, bad); !fault.Is(err, fault.Denied) {
			t.Errorf("%q verifies: %v", bad, err)
		}
		if n := h.Work() - before; n != 1 && !strings.HasPrefix(bad, "$2") {
			t.Errorf("%q cost %d hashes, want 1", bad, n)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	busy := password.NewHasher(cheap)
	for range 100 { // a slot may be free
		if _, err := busy.Hash(gone, "x"); err != nil && !fault.Is(err, fault.Busy) {
			t.Errorf("a hash that nobody waits for: %v, want busy", err)
		}
	}
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	about := []string{"Adelheid Berg", "adelheid.berg@example.com", "Bridges Ltd"}
	for _, bad := range []string{"", "elevenchars", "aaaaaaaaaaaaaaaa", "123456789012", "qwertyuiopasdf", "1qaz2wsx3edc", "password1234", "P@ssw0rd2026!", "passwordpassword",
		"michelangelo", "Michelangelo!!", "!!chelsea2019!!", "unbelievable", "christopher1", "iloveyou12345", "manchesterunited",
		"adelheid berg 26", "BergBridges#1", "bridges-12345", "adelheid@example", "mainstay-mainstay1", strings.Repeat("long ", 201)} {
		if err := password.Check(bad, 0, about...); !fault.Is(err, fault.Invalid) {
			t.Errorf("%.30q was taken: %v", bad, err)
		}
	}
	for _, good := range []string{"a stone beside the canal", "correct horse battery staple", "zwölf Boxkämpfer jagen Eva", "tr0ub4dor&3 is old", "Kq9$fLm2!xPz",
		"我的密码是很长的一句话呀朋友", "the berg we climbed in may", strings.Repeat("long ", 200)} {
		if err := password.Check(good, 0, about...); err != nil {
			t.Errorf("%.30q was refused: %v", good, err)
		}
	}
}

// A policy asks for more and never for less.
func TestALengthCanOnlyBeRaised(t *testing.T) {
	t.Parallel()
	for least, want := range map[int]fault.Kind{0: fault.Internal, 8: fault.Internal, 16: fault.Internal, 17: fault.Invalid} {
		t.Run(fmt.Sprint(least), func(t *testing.T) {
			t.Parallel()
			if err := password.Check("Kq9$fLm2!xPz-wvu", least); (err == nil) != (want == fault.Internal) {
				t.Errorf("16 characters where %d are asked for: %v", least, err)
			}
		})
	}
	if err := password.Check("Kq9$fLm2!xP", 4); !fault.Is(err, fault.Invalid) {
		t.Errorf("11 characters where a policy says 4: %v", err)
	}
}
