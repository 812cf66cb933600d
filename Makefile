# Everything a checkout needs, one word each. `make` alone lists the targets.

# Where rustup puts cargo, for shells that have not read its profile.
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests up down reset status build demo bench simulate fmt lint test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## look for the system packages, install missing ones when root on Debian
	@dev/setup.sh

setup-tests:
	@dev/setup.sh tests

up: setup ## start Kafka (127.0.0.1:9092) and ClickHouse (127.0.0.1:8123, 9000)
	@dev/services.sh up

down: ## stop them; the data stays in .dev/
	@dev/services.sh down

reset: ## stop them, delete their data and the line's state
	@dev/services.sh reset

status: ## tell what runs
	@dev/services.sh status || true

build: setup ## build the binary, target/release/throughline
	cargo build --release --locked

# MODEL, BASIS (conversion or touch) and RATE (events a second) choose what it
# shows; DEMO_SECONDS ends it by itself (without a terminal after 60 s).
demo: build ## stream made-up traffic through the line and watch the channels: make demo MODEL=time_decay
	@dev/demo.sh $(if $(MODEL),--model "$(MODEL)") $(if $(BASIS),--basis "$(BASIS)") $(if $(RATE),--rate "$(RATE)")

# BENCH chooses from line, freshness, attribute, sink, scale, state, processors,
# dashboard, sizing; EVENTS is a load (1000000), SCALE the largest one (30000000), HISTORY
# what the dashboard is asked about (10000000), ROUNDS how often
# each is measured (3), NAME what the file in bench/results/ is called.
bench: build ## measure how fast everything is on this machine: make bench BENCH=line,freshness ROUNDS=5
	cargo run --release --locked --package throughline-tests --bin bench

# SEED replays one run step by step; FIRST is the first of the seeds.
simulate: ## partitions under every fault, against the batch reference: make simulate SEEDS=10000
	cargo run --release --locked --package throughline-tests --bin simulate -- \
		$(if $(SEED),--seed $(SEED),$(or $(SEEDS),1000) $(FIRST))

fmt: ## format the code
	cargo fmt --all

lint: setup ## check the formatting and the lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# Tests of the whole line start the program itself, so it is built before. Most
# of them wait for Kafka and for processes, so that more run than there are cores;
# some start services of their own beside the shared ones, so not many more.
test: export RUST_TEST_THREADS ?= 3
test: setup-tests lint ## everything CI checks
	cargo build --workspace --locked
	cargo test --workspace --locked

# CHAOS_SECONDS says how long new rounds begin (600), CHAOS_EVENTS how much
# traffic each has (20000). Each round says how it is repeated, by its seed.
.PHONY: chaos
chaos: setup ## faults by chance on real services for a while: make chaos CHAOS_SECONDS=3600
	cargo build --workspace --locked
	$(foreach name,CHAOS_SECONDS CHAOS_ROUNDS CHAOS_SEED CHAOS_EVENTS,$(if $($(name)),$(name)=$($(name)))) \
		cargo test -p throughline-tests --locked --test it -- --ignored --exact --nocapture faults::chaos::chaos

# What it finds goes into fuzz/corpus/, which the tests replay.
.PHONY: fuzz
fuzz: export FUZZ_SECONDS := $(or $(FUZZ_SECONDS),60)
fuzz: export FUZZ_TARGET := $(FUZZ_TARGET)
fuzz: setup ## arbitrary bytes into every parser and codec for a while: make fuzz FUZZ_SECONDS=60
	@dev/fuzz.sh

# Builds helm and a Kubernetes API server the first time: that takes the most of it.
.PHONY: test-chart
test-chart: ## check the Helm chart, at last on a real Kubernetes API server
	@dev/setup.sh chart
	cargo build --package throughline --locked
	@dev/chart.sh test

# Two ClickHouse servers beside the services of all tests.
.PHONY: test-cluster
test-cluster: setup ## the line on a ClickHouse of two shards
	cargo build --workspace --locked
	cargo test -p throughline-tests --locked --test it -- --ignored cluster::

# The image and compose.yaml, by tools from PyPI.
.PHONY: lint-deploy
lint-deploy: setup-tests ## check the Dockerfile and compose.yaml
	@dev/lint-deploy.sh
test: lint-deploy

.PHONY: dictionary
dictionary: setup ## write docs/dictionary.md and dbt/models/sources.yml anew, after the schema has changed
	cargo run --quiet --locked -- schema dictionary >docs/dictionary.md.new
	mv docs/dictionary.md.new docs/dictionary.md
	cargo run --quiet --locked -- schema dictionary --format dbt >dbt/models/sources.yml.new
	mv dbt/models/sources.yml.new dbt/models/sources.yml

# dbt-core 1.12 wants a package that is not on PyPI.
.PHONY: test-dbt
test-dbt: setup ## dbt's sources and tests on a ClickHouse that the line filled
	cargo build --workspace --locked
	tools=$$(dev/python-tools.sh dbt-core==1.11.16 dbt-clickhouse==1.10.3) && THROUGHLINE_TEST_DBT=$$tools/dbt \
		cargo test -p throughline-tests --locked --test it -- --ignored dbt::

# CHECKS=advisories asks for known vulnerabilities; their database is at github.com.
.PHONY: deny
deny: setup-tests ## check licences and origins of the dependencies, deny.toml: make deny CHECKS=advisories
	@dev/deny.sh $(CHECKS)
test: deny

# A release build in each of two directories: about ten minutes.
.PHONY: reproducible
reproducible: setup ## build the last commit twice and see that both are the same bytes
	@dev/reproducible.sh

.PHONY: sbom
sbom: setup-tests ## write target/throughline.cdx.json, what the program is made of (CycloneDX), and check it
	@dev/sbom.sh
