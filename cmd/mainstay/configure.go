package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

// flags parses a command's flags; every command takes --config.
func flags(name string, args []string, s streams, more func(*flag.FlagSet)) (Config, []string, error) {
	set := flag.NewFlagSet("mainstay "+name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	file := set.String("config", "", "TOML file of settings")
	if more != nil {
		more(set)
	}
	if err := set.Parse(args); err != nil {
		if set.SetOutput(s.err); errors.Is(err, flag.ErrHelp) {
			set.SetOutput(s.out)
		}
		set.Usage()
		if errors.Is(err, flag.ErrHelp) {
			return Config{}, nil, err
		}
		return Config{}, nil, usageError("%v", err)
	}
	cfg, err := loadConfig(*file, s.environ)
	return cfg, set.Args(), err
}

// configure prints or checks the configuration.
func configure(_ context.Context, args []string, s streams) error {
	if len(args) == 0 || args[0] != "print" && args[0] != "check" {
		return usageError("say mainstay config print, or mainstay config check")
	}
	cfg, _, err := flags("config", args[1:], s, nil)
	if err != nil {
		return err
	}
	if args[0] == "check" {
		_, err = fmt.Fprintln(s.out, "The configuration is usable.")
		return err
	}
	cfg.print(s.out)
	return nil
}
