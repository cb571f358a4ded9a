package factor_test

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/identity/factor"
)

// The secret and the codes of RFC 6238, appendix B, of which the last six digits are ours.
var rfcSecret = base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))

func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	for seconds, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if step, ok := factor.MatchTOTP(rfcSecret, code, time.Unix(seconds, 0), 0); !ok || step != seconds/30 {
			t.Errorf("MatchTOTP(%q) at %d = %d, %t; want step %d", code, seconds, step, ok, seconds/30)
		}
	}
}

// B08: one step on either side, none twice, none older than one that was taken.
func TestACodeMatchesItsStepAndItsNeighboursOnce(t *testing.T) {
	t.Parallel()
	const code, of = "050471", 1111111111 / 30
	for step, want := range map[int64]bool{of - 2: false, of - 1: true, of: true, of + 1: true, of + 2: false} {
		if _, ok := factor.MatchTOTP(rfcSecret, code, time.Unix(step*30+7, 0), 0); ok != want {
			t.Errorf("a code %d steps from now: %t, want %t", of-step, ok, want)
		}
	}
	if _, ok := factor.MatchTOTP(rfcSecret, code, time.Unix(1111111111, 0), of); ok {
		t.Error("a code whose step was used is taken again")
	}
	if _, ok := factor.MatchTOTP(rfcSecret, code, time.Unix(1111111111, 0), of+1); ok {
		t.Error("a code older than one that was used is taken")
	}
	for _, typed := range []string{"", "28708", "2870822", "28708a", "２８７０８２", "287 08", "-87082"} {
		if _, ok := factor.MatchTOTP(rfcSecret, typed, time.Unix(59, 0), 0); ok {
			t.Errorf("%q is taken for a code", typed)
		}
	}
	if _, ok := factor.MatchTOTP(rfcSecret, " 287 082 ", time.Unix(59, 0), 0); !ok {
		t.Error("a code with spaces is not taken")
	}
}

func TestAnAppReadsTheKeyURI(t *testing.T) {
	t.Parallel()
	secret, err := factor.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := base32.StdEncoding.DecodeString(secret); err != nil || len(raw) != 20 {
		t.Errorf("a secret of %d bytes, %v; want 20", len(raw), err)
	}
	uri := factor.KeyURI(secret, "Mainstay, Quay 3", "ada+x@example.com")
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Mainstay, Quay 3:ada+x@example.com" ||
		u.Query().Get("secret") != secret || u.Query().Get("issuer") != "Mainstay, Quay 3" || strings.Contains(uri, "Mainstay,+") {
		t.Errorf("KeyURI() = %s, %v", uri, err)
	}
	drawn, err := factor.Draw(uri)
	if err != nil || drawn.Size < 29 || !strings.HasPrefix(drawn.Path, "M4 4h7v1h-7z") {
		t.Errorf("Draw() = %d, %.40s, %v", drawn.Size, drawn.Path, err)
	}
}

func TestRecoveryCodesAreManyBitsAndEasyToType(t *testing.T) {
	t.Parallel()
	codes, err := factor.NewRecoveryCodes(rand.Reader)
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	seen := map[string]bool{}
	for _, code := range codes {
		normal, ok := factor.NormalRecovery(strings.ToUpper(" " + strings.ReplaceAll(code, "-", " ")))
		if !ok || len(normal) != 16 || seen[normal] {
			t.Errorf("NormalRecovery() = %q, %t, seen %t", normal, ok, seen[normal])
		}
		seen[normal] = true
	}
	for _, typed := range []string{"", "abcd", codes[0] + "0", strings.Repeat("u", 16), strings.Repeat("é", 16)} {
		if _, ok := factor.NormalRecovery(typed); ok {
			t.Errorf("%q can be a code", typed)
		}
	}
	stretch := factor.Stretch{Memory: 64, Passes: 1}
	if string(stretch.Hash("code", []byte("saltsalt"))) == string(stretch.Hash("code", []byte("saltsalu"))) {
		t.Error("the salt does not count")
	}
}

func TestCodesHaveSixDigits(t *testing.T) {
	t.Parallel()
	first := map[byte]bool{}
	for range 300 {
		code, err := factor.NewCode(rand.Reader)
		if err != nil || len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("NewCode() = %q, %v", code, err)
		}
		first[code[0]] = true
	}
	if len(first) != 10 {
		t.Errorf("codes begin with %d digits, want 10", len(first))
	}
}

func TestNumbersHaveACountry(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"+49 151 / 123-4567": "+491511234567", "0044 (7700) 900123": "+447700900123", "0151 1234567": "", "+049151123": "",
		"+49151": "", "+4915112345678901": "", "+49x51123456": "", "": "", "+49151123456\r\nX": ""} {
		got, err := factor.NormalNumber(typed)
		if got != want || (want == "") != fault.Is(err, fault.Invalid) {
			t.Errorf("NormalNumber(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestTheGatewayGetsNumberTextAndToken(t *testing.T) {
	t.Parallel()
	var got map[string]string
	status := http.StatusAccepted
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &got); err != nil || r.Header.Get("Authorization") != "Bearer letmesend" {
			t.Errorf("the gateway got %s, %v", body, err)
		}
		w.WriteHeader(status)
	}))
	defer ts.Close()
	at, _ := url.Parse(ts.URL)
	g := &factor.HTTPGateway{URL: at, Token: "letmesend", Client: ts.Client()}
	if err := g.Send(context.Background(), "+491511234567", "123456 is your code."); err != nil || got["to"] != "+491511234567" || got["text"] != "123456 is your code." {
		t.Errorf("Send() = %v, sent %v", err, got)
	}
	status = http.StatusPaymentRequired
	if err := g.Send(context.Background(), "+491511234567", "123456"); !fault.Is(err, fault.Busy) || strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "4915") {
		t.Errorf("a refused message: %v", err)
	}
}
