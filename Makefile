# Every target calls a program of scripts/, which installs the tools that it needs.
.PHONY: demo test platforms parity chaos soak fuzz docs check bench library install dist dist-native dist-portable dist-apple dist-android smoke smoke-native smoke-apple smoke-android reproduce release-files packaging dist-python advisories

demo: ## Runs the booking journey against a sandbox of its own
	scripts/setup rust python
	cargo build --locked -p skiplino-cli
	python3 tests/journey.py target/debug/skiplino

test: ## Runs all tests in every host language; parts whose tools this machine lacks are skipped
	scripts/test

platforms: ## Builds for Windows, ARM and musl, and runs the results
	scripts/platforms

parity: ## Checks that every host passes every scenario, and writes the published table
	scripts/test rust c python kotlin swift
	python3 -m tools.parity target/parity --write

BOOKINGS ?= 10000
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

chaos: ## Makes thousands of bookings while three requests in ten fail; SEED=n repeats a run
	scripts/setup rust
	SKIPLINO_CHAOS_SEED=$(SEED) SKIPLINO_CHAOS_BOOKINGS=$(BOOKINGS) cargo test --locked -p skiplino-tests --test chaos

MINUTES ?= 10

soak: ## Makes mixed calls through C, Python and Kotlin for MINUTES against a server that breaks connections and HTTP's rules
	scripts/soak $(MINUTES)

SECONDS ?= 2400

fuzz: ## Fuzzes everything that reads bytes from outside, for SECONDS in all; `make test` does so for 20
	scripts/setup fuzz
	scripts/fuzz $(SECONDS)

docs: ## Builds the site with the reference of every language in target/site, and tests it in a browser
	scripts/docs

check: ## Checks formats, lints, types, documentation and dependencies
	scripts/check

bench: ## Measures every host beside comparable clients, see benches/README.md
	scripts/bench

library: ## Builds the C library for size; PROFILE=release is faster and larger
	scripts/setup rust
	scripts/c-install --build

install: ## Installs the C library in PREFIX (/usr/local): header, shared and static library, pkg-config, CMake; also LIBDIR=, DESTDIR=, PROFILE=
	scripts/c-install

dist: ## Builds everything that is published in target/dist
	scripts/setup rust python_packages kotlin release
	scripts/dist

dist-native: ## Builds the command, the C library and the wheels for this platform: Linux, macOS or Windows
	scripts/setup rust python_packages
	target/python/bin/python -m tools.native_dist

smoke-native: ## Installs the artifacts of make dist-native in an empty folder, as a user does
	scripts/setup python
	python3 -m tools.native_smoke

LIBRARIES ?=

dist-portable: ## Builds what is published once for all platforms; LIBRARIES has their libraries for the JVM, as workflows collect them
	scripts/setup rust python_packages kotlin swift release
	SKIPLINO_JVM_LIBRARIES=$(LIBRARIES) scripts/dist crates sources kotlin swift sbom

dist-apple: ## On a Mac: builds the XCFramework and the Swift package with it
	scripts/setup rust python swift
	scripts/swift-xcframework

smoke-apple: ## On a Mac: tests the package of make dist-apple in a simulator and on the Mac
	cargo build --locked -p skiplino-cli
	scripts/swift-simulator

dist-android: ## Builds the AAR with Android's NDK
	scripts/setup android kotlin
	scripts/kotlin-android

smoke-android: ## Books with the AAR on the emulator or device that adb finds, also after R8
	cargo build --locked -p skiplino-cli
	scripts/kotlin-android-smoke

release-files: ## Puts what a release offers in target/release-files, from target/dist of all platforms
	scripts/setup python
	scripts/release-files

packaging: ## Tries the recipes of packaging with the artifacts of this platform: Conan, vcpkg, Debian, a container
	scripts/setup python packaging
	scripts/packaging-test

smoke: ## Installs every artifact of make dist in an empty folder, as a user does, and runs the program of its README
	scripts/setup rust python python_packages c kotlin swift
	scripts/smoke

reproduce: ## Builds this commit in another folder, and compares the files with those of make dist
	scripts/reproduce

dist-python: ## Builds the published Python packages in target/dist/python
	scripts/setup rust python_packages
	scripts/python-dist

advisories: ## Downloads the database of advisories, and checks the dependencies
	scripts/setup rust deny
	target/tools/bin/cargo-deny check advisories
