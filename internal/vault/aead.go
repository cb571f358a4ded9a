//go:build !plain

package vault

import (
	"crypto/aes"
	"crypto/cipher"
)

// newAEAD returns AES-256-GCM that puts a random nonce of 96 bits before each ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
