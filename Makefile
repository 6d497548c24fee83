# One line each; what they do stands in CONTRIBUTING.md.
CARGO ?= cargo
RUN_DIR := .run
# Where V8's archive was found, and so what cargo is run with: scripts/v8.sh writes it.
ENGINE := target/v8/engine

.PHONY: build run test check bench bench-load bench-functions install shipping v8 v8-check

# Says in one line which engine functions run on, and why. V8=none leaves it out.
v8:
	@CARGO="$(CARGO)" V8="$(V8)" sh scripts/v8.sh choose $(ENGINE)

# Proves that an archive of V8 fits: ARCHIVE=path, else the one that is found.
v8-check:
	@CARGO="$(CARGO)" sh scripts/v8.sh check "$(ARCHIVE)"

build: v8
	. ./$(ENGINE) && $(CARGO) build --release $$FAZT_FEATURES

# A node on throw-away settings in .run/, with examples/hello on it. Ctrl-C stops it.
run: build
	@sh scripts/run.sh target/release/fazt $(RUN_DIR)

test: v8
	@. ./$(ENGINE) && CARGO="$(CARGO)" sh scripts/test.sh

check: v8
	$(CARGO) fmt --all -- --check
	. ./$(ENGINE) && $(CARGO) clippy --workspace --all-targets $$FAZT_FEATURES -- -D warnings

bench: v8
	. ./$(ENGINE) && $(CARGO) bench --bench micro $$FAZT_FEATURES

bench-load: build
	. ./$(ENGINE) && $(CARGO) bench --bench load $$FAZT_FEATURES

bench-functions: build
	. ./$(ENGINE) && $(CARGO) bench --bench functions $$FAZT_FEATURES

shipping: v8
	. ./$(ENGINE) && $(CARGO) build --profile shipping $$FAZT_FEATURES

install: build
	install -D -m 755 target/release/fazt $(HOME)/.local/bin/fazt
