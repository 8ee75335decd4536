.PHONY: demo test parity chaos soak fuzz docs check bench library install dist smoke reproduce dist-python advisories

demo: ## The booking journey, on a sandbox of its own
	scripts/setup rust python
	cargo build --locked -p skiplino-cli
	python3 tests/journey.py target/debug/skiplino

test: ## Everything, in every host language; what this machine lacks is reported as skipped
	scripts/test

parity: ## Which host passes which scenario; fails on a hole, and writes the table of docs/src/behaviour.md
	scripts/test rust c package kotlin swift
	python3 tests/parity.py target/parity docs/src/behaviour.md --write

BOOKINGS ?= 10000
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

chaos: ## Bookings by the thousand while three requests in ten go wrong; SEED=n draws the same ones and the same faults again
	scripts/setup rust
	SKIPLINO_CHAOS_SEED=$(SEED) SKIPLINO_CHAOS_BOOKINGS=$(BOOKINGS) cargo test --locked -p skiplino-tests --test chaos

MINUTES ?= 30

soak: ## Mixed calls through C and Python against a sandbox that misbehaves, for MINUTES: nothing may grow
	scripts/soak $(MINUTES)

SECONDS ?= 2400

fuzz: ## Hostile bytes for SECONDS in all, for whatever takes bytes from outside; `make test` does it for 20
	scripts/setup fuzz
	scripts/fuzz $(SECONDS)

docs: ## The site, with the reference of every language, into target/site; then it is looked at in a browser
	scripts/docs

check: ## Formats, lints, documentation, dependencies
	scripts/check

bench: ## Side-by-side measurements, see benches/README.md
	scripts/bench

library: ## The C library, built for size; PROFILE=release is faster and larger
	scripts/setup rust
	scripts/c-install --build

install: ## The C library for PREFIX (/usr/local): header, shared and static, pkg-config, CMake; LIBDIR=, DESTDIR= and PROFILE= as usual
	scripts/c-install

dist: ## All that is published, for every language, into target/dist
	scripts/setup rust package kotlin release
	scripts/dist

smoke: ## What make dist built, each in an empty folder, as a stranger installs it, with the program of its README
	scripts/setup rust python package c kotlin swift
	scripts/smoke

reproduce: ## Builds this commit in another folder, and compares with what make dist built here
	scripts/reproduce

dist-python: ## What is published of the Python packages, into target/dist/python
	scripts/setup rust package
	scripts/python-dist

advisories: ## Brings the database of advisories, and holds the dependencies against it
	scripts/setup rust deny
	target/tools/bin/cargo-deny check advisories
