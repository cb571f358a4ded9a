package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"

	"mainstay/internal/inference/catalogue"
)

// models lists, pulls, imports or verifies the speech models.
func models(ctx context.Context, args []string, s streams) error {
	if len(args) == 0 {
		return usageError("say mainstay models list, pull, import FOLDER (or an archive) or verify")
	}
	quiet := false
	cfg, names, err := flags("models "+args[0], args[1:], s, func(set *flag.FlagSet) {
		set.BoolVar(&quiet, "quiet", false, "print nothing but errors")
	})
	if err != nil {
		return err
	}
	say := func(text string) {
		if !quiet {
			fmt.Fprintln(s.err, text)
		}
	}
	puller := catalogue.Puller{Folder: cfg.Models, Python: cfg.Python, Program: cfg.Program, Mirror: cfg.Mirror, Hub: cfg.Hub, Client: http.DefaultClient, Told: say}
	if !quiet {
		puller.Progress = everyFifth(s.err)
	}
	from := ""
	if args[0] == "import" {
		if len(names) == 0 {
			return usageError("name the folder or archive: mainstay models import FOLDER")
		}
		from, names = names[0], names[1:]
	}
	chosen, err := catalogue.Find(names...)
	if err != nil {
		return err
	}
	switch args[0] {
	case "list":
		return listModels(chosen, cfg.Models, s)
	case "pull":
		return puller.Pull(ctx, chosen)
	case "import":
		return puller.Import(ctx, chosen, from)
	case "verify":
		for _, m := range chosen {
			if err := catalogue.Verify(cfg.Models, m); err != nil {
				return err
			}
			say(m.Name + " is as the catalogue says")
		}
		return nil
	}
	return usageError("there is no command models %s", args[0])
}

// everyFifth prints how far a large file is, each fifth of the way.
func everyFifth(w io.Writer) func(string, int64, int64) {
	printed := map[string]int64{}
	return func(file string, done, total int64) {
		if fifth := 5 * done / total; total > 16<<20 && fifth > printed[file] {
			printed[file] = fifth
			fmt.Fprintf(w, "%s: %d of %d MB\n", file, done>>20, total>>20)
		}
	}
}

func listModels(all []catalogue.Model, folder string, s streams) error {
	for _, m := range all {
		state := "missing"
		if catalogue.Verify(folder, m) == nil {
			state = "here"
		}
		if _, err := fmt.Fprintf(s.out, "%-16s %-8s %5d MB  %-16s %s\n", m.Name, state, m.Size()>>20, m.Licence, m.What); err != nil {
			return err
		}
	}
	return nil
}
