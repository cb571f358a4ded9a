// Command build makes the files of ../static that browsers load: the islands bundled from TypeScript, the stylesheet bundled
// and shortened, and htmx copied as it came. What it makes is committed, so that building Mainstay needs neither Node nor a
// network; a test fails when it is stale. With -icons it also makes the sprite anew from an unpacked lucide-static package.
//
//	go run ./internal/web/build [-dir internal/web] [-icons path/to/lucide-static/icons]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	dir := flag.String("dir", "internal/web", "folder of package web")
	icons := flag.String("icons", "", "folder of lucide-static's icons; empty leaves the sprite alone")
	flag.Parse()
	if err := run(*dir, *icons); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(dir, icons string) error {
	files, err := bundle(dir)
	if err != nil {
		return err
	}
	if icons != "" {
		if files["icons.svg"], err = sprite(icons); err != nil {
			return err
		}
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, "static", name), body, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		fmt.Printf("%-14s %6d bytes\n", name, len(body))
	}
	return nil
}

// bundle returns the contents of static's generated files by name.
func bundle(dir string) (map[string][]byte, error) {
	islands, err := filepath.Glob(filepath.Join(dir, "islands", "page-*.ts"))
	if err != nil {
		return nil, err
	}
	if len(islands) == 0 {
		return nil, fmt.Errorf("no islands in %s", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	entries := []api.EntryPoint{
		{InputPath: filepath.Join(abs, "styles", "app.css"), OutputPath: "app"},
		{InputPath: filepath.Join(abs, "styles", "pages.css"), OutputPath: "pages"},
		{InputPath: filepath.Join(abs, "styles", "page-meeting.css"), OutputPath: "meeting"},
		{InputPath: filepath.Join(abs, "styles", "page-settings.css"), OutputPath: "settings"},
		{InputPath: filepath.Join(abs, "styles", "reference.css"), OutputPath: "reference"},
	}
	for _, island := range islands {
		name := filepath.Base(island)
		entries = append(entries, api.EntryPoint{
			InputPath:  filepath.Join(abs, "islands", name),
			OutputPath: name[len("page-") : len(name)-len(".ts")],
		})
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:       abs,
		EntryPointsAdvanced: entries,
		Outdir:              filepath.Join(abs, "static"),
		Bundle:              true,
		Format:              api.FormatIIFE,
		Target:              api.ESNext,
		MinifyWhitespace:    true,
		MinifyIdentifiers:   true,
		MinifySyntax:        true,
		Charset:             api.CharsetUTF8,
		LegalComments:       api.LegalCommentsNone,
		External:            []string{"*.woff2"},
	})
	if len(result.Errors) > 0 {
		lines := api.FormatMessages(result.Errors, api.FormatMessagesOptions{})
		return nil, errors.New(lines[0])
	}
	for _, file := range result.OutputFiles {
		out[filepath.Base(file.Path)] = file.Contents
	}
	for name, from := range map[string]string{"htmx.js": "htmx-4.0.1.min.js", "sse.js": "hx-sse-4.0.1.min.js"} {
		if out[name], err = os.ReadFile(filepath.Join(dir, "vendor", from)); err != nil {
			return nil, err
		}
	}
	return out, nil
}
