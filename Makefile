# Mainstay's own commands. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build run test lint gen eval bench drill broken release clean

VENV   := .cache/venv
MODELS := .cache/models
TESTED := MAINSTAY_TEST_VENV=$(CURDIR)/$(VENV) MAINSTAY_TEST_MODELS=$(CURDIR)/$(MODELS) MAINSTAY_TEST_SCAN=$(CURDIR)/.cache/scan

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | column -t -s '|'

setup: ## install what is missing: system packages, Python packages, models
	@deploy/setup

build: ## build ./mainstay
	@go build -trimpath -o mainstay ./cmd/mainstay

run: setup build ## start with a sample meeting and print the address
	@MAINSTAY_DATA=$${MAINSTAY_DATA:-$(CURDIR)/.cache/data} MAINSTAY_MODELS=$(CURDIR)/$(MODELS) ./mainstay serve --sample

test: setup build ## run every test
	@$(TESTED) go test -count=1 -timeout 14m ./...
	@cd inference && PYTHONDONTWRITEBYTECODE=1 MAINSTAY_TEST_MODELS=$(CURDIR)/$(MODELS) ../$(VENV)/bin/python -m pytest

lint: setup ## vet, staticcheck, gofmt, ruff, mypy
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); test -z "$$unformatted" || { echo "$$unformatted"; exit 1; }
	@go vet ./... && go vet -tags "bench drill" ./...
	@go tool staticcheck ./...
	@cd inference && ../$(VENV)/bin/ruff check --no-cache . && ../$(VENV)/bin/mypy --cache-dir=/dev/null .

gen: ## make generated files anew: page assets, docs/permissions.md, the attacks in docs/threat-model.md, the list of tables, docs/openapi.json
	@go run ./internal/web/build
	@go test ./internal/gate -run Permissions -update
	@go test . -run Attacks -update
	@go test ./internal/postgres -run DeclaredTables -update
	@go test ./internal/api -run Published -update

eval: setup build ## grade speech and minutes on the evaluation data beside the checkout
	@$(TESTED) deploy/eval

bench: setup build ## print the ratios of speed
	@$(TESTED) deploy/bench

drill: setup build ## kills, attacks, leaks: the full counts
	@deploy/scan/install
	@$(TESTED) go test -count=1 -timeout 29m -tags drill -run 'Drill' ./e2e/...

broken: setup ## take each defence away and see a test fail: an hour or two
	@$(TESTED) go test -count=1 -timeout 4h -p 1 -tags drill -run 'BrokenBuilds' $$(git ls-files '*/broken_test.go' | xargs -n 1 dirname | sed 's|^|./|')

release: ## make the archive that is installed, in .cache/release
	@deploy/release

clean: ## remove what make made
	@rm -rf mainstay .cache
