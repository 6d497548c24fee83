# One line each; what they do stands in CONTRIBUTING.md.
CARGO ?= cargo
RUN_DIR := .run

.PHONY: build run test check bench bench-load install shipping

build:
	$(CARGO) build --release

# A node on throw-away settings in .run/, with examples/hello on it. Ctrl-C stops it.
run: build
	@sh scripts/run.sh target/release/fazt $(RUN_DIR)

test:
	@CARGO="$(CARGO)" sh scripts/test.sh

check:
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

bench:
	$(CARGO) bench --bench micro

bench-load: build
	$(CARGO) bench --bench load

shipping:
	$(CARGO) build --profile shipping

install: build
	install -D -m 755 target/release/fazt $(HOME)/.local/bin/fazt
