package tus_test

import (
	"net/http/httptest"
	"testing"

	"mainstay/internal/httpd/tus"
)

func FuzzAnnouncement(f *testing.F) {
	f.Add("100", "filename d29ybGQ=,is_confidential")
	f.Add("-1", ",,")
	f.Add("9223372036854775808", "a a,a a")
	f.Fuzz(func(t *testing.T, length, metadata string) {
		r := httptest.NewRequest("POST", "/uploads", nil)
		r.Header["Upload-Length"], r.Header["Upload-Metadata"] = []string{length}, []string{metadata}
		a, err := tus.Announcement(r)
		if err == nil && (a.Length < 0 || a.Metadata != metadata || a.Values == nil) {
			t.Errorf("Announcement(%q, %q) = %+v", length, metadata, a)
		}
	})
}
