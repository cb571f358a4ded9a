package identity

import "strings"

// BrowserOf says in two words what a browser calls itself in three lines (RFC 9110, section 10.1.5). What it does not know is
// "A browser": nothing of the text itself is shown.
func BrowserOf(agent string) string {
	name := first(agent, "A browser", [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"},
		{"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"Chromium", "Chromium"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}, {"curl/", "curl"},
		{"Go-http-client", "A program"}, {"python", "A program"}, {"mainstay", "Mainstay's command line"}})
	system := first(agent, "", [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"}})
	if system == "" {
		return name
	}
	return name + " on " + system
}

func first(agent, otherwise string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(agent, n[0]) {
			return n[1]
		}
	}
	return otherwise
}
