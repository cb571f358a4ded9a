package vault

import (
	"bytes"
	"testing"
)

// KeysForTest returns values of the key types that hold the byte 'w' (0x77, 119) only.
func KeysForTest(t *testing.T) []any {
	t.Helper()
	raw := bytes.Repeat([]byte{'w'}, 32)
	k := &keyed{mac: secret(raw)}
	return []any{secret(raw), k.mac, &k.mac, k}
}
