# Two commands matter: `make try` and `make test`. The others are their parts.

CARGO ?= cargo
TOOLS := target/tools
DENY_VERSION := 0.20.2
CONFTEST_VERSION := 0.71.1

.PHONY: try test lint deny policies unit e2e e2e-full soak sandbox ci-examples images build bench fuzz

build:
	$(CARGO) build --locked

# Plan, apply, plan again, check and log in, on a throw-away ClickHouse.
try: build
	examples/try

# Every test. Each part can be run on its own.
test: lint deny unit policies e2e sandbox ci-examples try

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings

# Licenses, bans and sources. The advisory database is not a package: check it where it can be
# reached, with `cargo deny check advisories`. It is built without optimisation: that takes half the time.
deny: $(TOOLS)/bin/cargo-deny
	$(TOOLS)/bin/cargo-deny --locked check --hide-inclusion-graph bans licenses sources

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install --locked --quiet --debug --root $(TOOLS) --version $(DENY_VERSION) cargo-deny

# Unit tests, fixtures, the command line, the architecture and the documentation.
unit:
	$(CARGO) test --locked --lib --bins --test architecture --test cli --test cases --test docs --test rotation --test toy_kind

# Plans read by conftest, with the policies of examples/policy, and by tf-summarize. Both are built once
# from their Go modules (Go 1.26 or newer): conftest in 4 minutes on two cores, tf-summarize in seconds.
policies: $(TOOLS)/bin/conftest $(TOOLS)/bin/tf-summarize
	$(CARGO) test --locked --test cases -- --ignored programs

$(TOOLS)/bin/conftest:
	CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOBIN=$(abspath $(TOOLS)/bin) \
	  go install -trimpath -ldflags "-s -w" github.com/open-policy-agent/conftest@v$(CONFTEST_VERSION)

# Its go.mod names the version.
$(TOOLS)/bin/tf-summarize: examples/policy/tf-summarize/go.mod
	cd examples/policy/tf-summarize && CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=readonly" \
	  go build -trimpath -ldflags "-s -w" -o $(abspath $@) github.com/dineshba/tf-summarize
	touch $@

# Scenarios on ClickHouse 26.9, what depends on the version on 25.8 and 24.8, and on a real Kubernetes API server. With
# CHARTER_TEST_CLICKHOUSE_URL set, on that server instead.
e2e: build
	$(CARGO) test --locked --test e2e

# The same on every engine that each scenario can run on.
e2e-full: build
	CHARTER_TEST_MATRIX=full $(CARGO) test --locked --test e2e

# Kills applies at random around the statements of files, so many files; prints how many were found to
# be done, not done, or had to be asked, and fails where a statement ran twice or was lost.
SOAK ?= 2000
soak: build
	CHARTER_TEST_ENGINES=26.9 CHARTER_TEST_SOAK=$(SOAK) $(CARGO) test --locked --test e2e -- soak --nocapture

# The sandbox itself: ClickHouse's reference as a corpus, and the API server. Each part is run again when
# something of the sandbox has changed.
CHECKED := target/checked
sandbox: $(CHECKED)/26.9 $(CHECKED)/25.8 $(CHECKED)/24.8 $(CHECKED)/kubernetes_server
	examples/sandbox/conformance/clients/run
	examples/rbac/test_kubernetes

SANDBOX := $(shell find examples/sandbox -type f -not -path '*/.*' -not -path '*/__pycache__/*' -not -path '*/kubernetes*' -not -name '*.md')
$(CHECKED)/26.9 $(CHECKED)/25.8 $(CHECKED)/24.8: $(CHECKED)/%: $(SANDBOX)
	examples/sandbox/conformance/run --engine $*
	@mkdir -p $(@D) && touch $@

$(CHECKED)/kubernetes_server: $(shell find examples/sandbox/kubernetes examples/sandbox/kubernetes_server -type f -not -path '*/__pycache__/*')
	examples/sandbox/kubernetes_server/test
	@mkdir -p $(@D) && touch $@

# The jobs of examples/ci, run as their YAML files say on a real engine and a forge in memory; and that the
# pictures of the README are what charter prints.
ci-examples: build
	examples/ci/test/run
	docs/images/make --check

# The pictures of the README, and the comment in docs/ci.md, anew.
images: build
	docs/images/make

# Coverage-guided fuzzing of what reads migration files and saved plans, and of the formatter: FUZZ_SECONDS a target, FUZZ_TARGET for one.
fuzz:
	fuzz/run $(FUZZ_TARGET)

# Queries and time of a plan for an estate of 563 grants; files and statements a second of an apply
# over 1,000 tenants, beside the same requests bare. Prints, and fails on nothing but errors.
bench:
	$(CARGO) bench --locked --bench plan
	$(CARGO) bench --locked --bench plan --profile dev
	$(CARGO) bench --locked --bench migrations
