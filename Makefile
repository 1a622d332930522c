# Every command a newcomer, a maintainer or a build machine needs: `make` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: help setup build module demo demo-check test screenshots lint fuzz fuzz-smoke bench units-check book deb rpm packages-check

# Where cargo puts what it builds; the module is built on its own, so that no other crate's features reach it,
# and for size: it is mapped into every login.
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo,)

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing (root, or a user who may sudo)
	@.ci/setup test

build: module ## build every program (development profile) and the PAM module (release profile)
	cargo build --workspace

module:
	cargo build -p pam_samekey --release --config 'profile.release.opt-level="z"' --target-dir $(TARGET)/module

demo: ## one enrolment, two doors, on this machine: real sshd, web app, QR code; Ctrl-C removes it
	@.ci/setup demo
	@$(MAKE) --no-print-directory build
	@$(AS_ROOT) demo/box.sh --see $(TARGET) $(TARGET)/debug/samekey-demo run $(TARGET)

demo-check: ## the same unattended, with a transcript
	@.ci/setup demo
	@$(MAKE) --no-print-directory build
	@$(AS_ROOT) demo/box.sh --see $(TARGET) $(TARGET)/debug/samekey-demo check $(TARGET)

test: ## set up, build and run every test; prints how many ran
	@.ci/setup test
	@$(MAKE) --no-print-directory build
	@[ "$$(id -u)" = 0 ] || { echo 'tests of real logins run as root in a throw-away root:'; sudo -v; }
	@.ci/test

screenshots: ## write a picture of every page (light and dark, wide and 320 px, English and Chinese), and say where
	@.ci/setup test
	@$(MAKE) --no-print-directory build
	@mkdir -p $(TARGET)/screenshots
	@SAMEKEY_SCREENSHOTS=yes cargo test -q -p e2e --features samekey-shared/postgres -- --exact \
		browser::looks::every_page_can_be_used_by_everybody_in_every_look_and_language
	@echo "$$(find $(TARGET)/screenshots -name '*.png' | wc -l) pictures in $(TARGET)/screenshots"

lint: ## formatting, clippy, licences and bans
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features samekey-shared/postgres -- -D warnings
	@command -v cargo-deny >/dev/null || cargo install cargo-deny --locked
	cargo deny check bans licenses sources

fuzz: ## run every fuzz target for 30 seconds
	@fuzz/run 30

# What strangers send to the provider, and what two verifiers must agree on.
FROM_STRANGERS := assertion authorize_request client_metadata dpop_proof jose token_request

fuzz-smoke: ## what strangers send to the provider for 60 seconds each, every other target for 10
	@fuzz/run 60 $(FROM_STRANGERS)
	@fuzz/run 10 $(filter-out $(FROM_STRANGERS),$(basename $(notdir $(wildcard fuzz/targets/*.rs))))

bench: ## compare with the rivals, A B A B; prints ratios and syncs (sets up and builds first)
	@benches/run

# The book's own tests are part of `make test`; this is what makes pages of it. Debian 12 has no package of mdBook.
MDBOOK := 0.5.4

book: ## build the book of docs/ into target/book (installs mdBook into target/tools)
	@[ -x $(TARGET)/tools/bin/mdbook ] || cargo install mdbook --version $(MDBOOK) --locked --no-default-features --features search --root $(TARGET)/tools
	@said=$$($(TARGET)/tools/bin/mdbook build --dest-dir $(TARGET)/book 2>&1) || { echo "$$said"; exit 1; }; \
	  if grep -qE 'WARN|ERROR' <<<"$$said"; then echo "$$said"; exit 1; fi
	@echo "$(TARGET)/book/index.html"

deb: ## build the Debian packages offline from a clean tree of HEAD, and have lintian look
	@.ci/setup package
	@packaging/deb

rpm: ## build the rpm packages likewise, and have rpmlint look
	@.ci/setup package
	@packaging/rpm/build

units-check: ## print how exposed each daemon is by `systemd-analyze security`; fails above 2.0
	@packaging/trial/units

packages-check: deb rpm units-check ## try the packages in machines thrown away (Debian 12 and 13, an rpm root), and build each twice
	@$(AS_ROOT) packaging/trial/debian
	@$(AS_ROOT) packaging/trial/rpm
	@packaging/trial/twice
