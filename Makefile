# cim: `make` alone prints the targets. Every target does its own set-up.
#
# Everything runs on the Node.js pinned in package.json (npm packages node-linux-*), whatever the machine's own
# version is: it is put first on PATH. Where no such package exists for the machine, its own Node.js >= 24 is used.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

ARCH := $(subst aarch64,arm64,$(subst x86_64,x64,$(shell uname -m)))
NODE_HOME := $(CURDIR)/node_modules/node-$(shell uname -s | tr A-Z a-z)-$(ARCH)
export PATH := $(NODE_HOME)/bin:$(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.cim-installed
GENERATED := src/codec/generated/cim.js
SOURCES := $(shell find src proto -type f -not -path 'src/codec/generated/*' 2>/dev/null)
JEST := node node_modules/jest/bin/jest.js --ci

.PHONY: help setup build check format test test-quick simulate fuzz soak demo bench scale docs audit services clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(GENERATED) ## install the dependencies and generate the codec

$(INSTALLED): package.json package-lock.json
	@echo 'installing the dependencies'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@echo 'building the ZooKeeper client'
	@# Native code, built here against the headers that come with the pinned Node.js.
	@if [ -d "$(NODE_HOME)" ]; then export npm_config_nodedir="$(NODE_HOME)"; fi; \
	  npm rebuild zookeeper --foreground-scripts --loglevel=error > node_modules/.zookeeper-build.log 2>&1 \
	  || { tail -30 node_modules/.zookeeper-build.log; echo 'the ZooKeeper client did not build: gcc, g++, make and python3 are needed'; exit 1; }
	@touch $@

$(GENERATED): proto/cim.proto proto/link.proto $(INSTALLED)
	@node build.mjs generate

build: bin/cim ## make bin/cim, the standalone executable

bin/cim: $(SOURCES) build.mjs package.json $(INSTALLED) $(GENERATED)
	@echo 'building bin/cim'
	@node build.mjs executable

check: setup ## types, format and lint, import boundaries, dead code (seconds)
	tsc
	biome check --error-on-warnings .
	node build.mjs boundaries
	knip --no-progress

format: setup ## format and fix what the linter can fix
	biome check --write .

test-quick: setup ## unit, contract and property tests that need no service
	$(JEST) test/unit test/property

audit: setup ## known faults of the production dependencies, where the registry answers that
	npm audit --omit=dev

services: ## install redis-server, zookeeper and nginx (Debian packages) where missing
	@bash test/support/install-services.sh

test: setup services build ## all tests, with real Redis, ZooKeeper and nginx, and bin/cim
	$(JEST)

simulate: setup ## more of the simulation: SEEDS=100000 CIM_SEED=1 (one seed: its whole course)
	@node test/simulation/run.ts

# The decoders of what clients send: a long run has been everywhere in them, or it says where not.
DECODERS := frame-decoder client-frame message-reader message-scan varint
COVERED := $(patsubst %,--collectCoverageFrom=src/codec/%.ts,$(DECODERS)) --collectCoverageFrom='src/server/{client-connection,logins,token-gate}.ts'
WHOLLY := {"branches":100,"lines":99}
fuzz: RUNS ?=
fuzz: SECONDS ?= $(if $(RUNS),,30)
fuzz: SEED ?=
fuzz: setup ## hostile bytes, logins and bodies for longer, and what that has covered: SECONDS=600 (of each), or RUNS=100000 SEED=7
	@CIM_FUZZ_RUNS=$(RUNS) CIM_FUZZ_SECONDS=$(SECONDS) CIM_FUZZ_SEED=$(SEED) $(JEST) test/property/hostile --maxWorkers=2 \
	  --coverage --coverageProvider=v8 --coverageReporters=text --coverageDirectory=dist/coverage $(COVERED) \
	  --coverageThreshold='{"./src/codec/frame-decoder.ts":$(WHOLLY),"./src/codec/client-frame.ts":$(WHOLLY),"./src/codec/message-reader.ts":$(WHOLLY),"./src/codec/message-scan.ts":$(WHOLLY)}'

SOAK_SEEDS := 1 2 3
soak: setup services build ## cim verify: five minutes with faults for each seed: SOAK_SEEDS="1 2 3"
	@for seed in $(SOAK_SEEDS); do bin/cim verify --minutes 5 --faults --seed $$seed; done

demo: setup build ## people chat in this terminal: nothing else needed
	@node test/demo.ts

PEERS := bench/peers/node_modules/.package-lock.json
$(PEERS): bench/peers/package.json bench/peers/package-lock.json $(INSTALLED)
	@npm ci --prefix bench/peers --ignore-scripts --no-audit --no-fund --loglevel=error

bench: setup build $(PEERS) ## cim beside its peers (NATS, mosquitto, ejabberd, …): ONLY=transient-10 for a single row
	@bash test/support/install-services.sh redis-server zookeeper nats-server mosquitto ejabberd
	@node bench/compare.ts --json bench/last-run.json $(if $(ONLY),--only $(ONLY))

scale: setup build ## how cost grows with connections, servers and members: rewrites bench/scale.md; ONLY=groups for a part
	@bash test/support/install-services.sh redis-server zookeeper
	@node bench/scale.ts --write $(if $(ONLY),--only $(ONLY))

docs: setup ## regenerate docs/reference from the code's own tables
	node build.mjs docs

clean: ## remove what was built (not the dependencies)
	rm -rf dist bin/cim src/codec/generated
