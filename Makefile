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

INSTALLED := node_modules/.cim-ready
GENERATED := src/codec/generated/wire.ts
SOURCES := $(shell find src proto -type f -not -path 'src/codec/generated/*' 2>/dev/null)
JEST := node node_modules/jest/bin/jest.js --ci

.PHONY: help setup build package image release check format test test-quick test-system test-browser test-ci test-long test-all simulate fuzz soak soak-failover soak-upgrade test-release demo bench scale docs audit services clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(GENERATED) ## install the dependencies and generate the codec

$(INSTALLED): package.json package-lock.json
	@echo 'installing the dependencies'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@echo 'building the ZooKeeper client'
	@# Native code, built here against the headers that come with the pinned Node.js; with a flag, since what this process starts
	@# would inherit its connection otherwise, and a connection that another process holds cannot be made anew.
	@if [ -d "$(NODE_HOME)" ]; then export npm_config_nodedir="$(NODE_HOME)"; fi; \
	  CPPFLAGS=-DSOCK_CLOEXEC_ENABLED=1 npm rebuild zookeeper --foreground-scripts --loglevel=error > node_modules/.zookeeper-build.log 2>&1 \
	  || { tail -30 node_modules/.zookeeper-build.log; echo 'the ZooKeeper client did not build: gcc, g++, make and python3 are needed'; exit 1; }
	@touch $@

$(GENERATED): generate.mjs proto/cim.proto proto/content.proto proto/link.proto proto/topics.proto $(INSTALLED)
	@node build.mjs generate

build: bin/cim ## make bin/cim, the standalone executable

bin/cim: $(SOURCES) build.mjs $(wildcard deploy/build/*.mjs) package.json $(INSTALLED) $(GENERATED)
	@echo 'building bin/cim'
	@node build.mjs executable

package: setup build ## make dist/packages/: cim for npm and for Debian, its SDK for npm
	@node build.mjs package

image: setup build ## make dist/image/, a container image for x64 and arm64 (needs Debian's g++-aarch64-linux-gnu)
	@node build.mjs image

release: setup build ## make dist/release/: executables for x64 and arm64, packages, image, checksums, SBOM
	@node build.mjs release

check: setup ## types, format and lint, import boundaries, dead code, sizes in pages, generated pages (seconds)
	tsc
	tsc -p tsconfig.web.json
	tsc -p tsconfig.examples.json
	tsc -p src/web/worker
	biome check --error-on-warnings .
	node build.mjs boundaries
	knip --no-progress
	node build.mjs sizes && size-limit
	node docs.mjs check

format: setup ## format and fix what the linter can fix
	biome check --write .

# They write to a disk, or stretch a secret in each case.
SLOW := test/contract/[a-z-]+-sqlite|test/unit/cli/admin
test-quick: setup ## within a minute: unit, contract and property tests that need nothing, with a fifth of the draws
	CIM_FUZZ_SHARE=0.2 $(JEST) test/unit test/contract test/property --testPathIgnorePatterns '$(SLOW)'

audit: setup ## known faults of the production dependencies, where the registry answers that
	npm audit --omit=dev

services: ## install redis-server, zookeeper, nginx, tmux, faketime, and chromium (Debian packages) where missing
	@bash test/support/install-services.sh

test: setup services build ## with real Redis, ZooKeeper and nginx, and bin/cim: SLOWEST=20 says what took long
	$(JEST) --testPathIgnorePatterns '/test/(browser|long|release)/'

test-browser: setup services build ## the SDK, the web chat, the dashboard and the examples in Chromium
	$(JEST) test/browser

test-ci: setup services build ## make test and make test-browser in one run, as CI does
	$(JEST) --testPathIgnorePatterns '/test/(long|release)/'

test-system: setup services build ## those of make test that run the packaged executable
	$(JEST) test/system

test-long: setup services build ## attacks, failures and load, minutes each: before a larger piece of work is called done
	$(JEST) test/long

test-all: setup services build ## make test, make test-browser and make test-long
	$(JEST) --testPathIgnorePatterns /test/release/

simulate: setup ## more of the simulation: SEEDS=100000 CIM_SEED=1 (one seed: its whole course)
	@node test/simulation/run.ts

# The decoders of what clients send: a long run has been everywhere in them, or it says where not.
DECODERS := frame-decoder client-frame message-reader message-scan varint
COVERED := $(patsubst %,--collectCoverageFrom=src/codec/%.ts,$(DECODERS)) --collectCoverageFrom='src/server/sessions/{client-session,logins,token-gate}.ts'
WHOLLY := {"branches":100,"lines":99}
fuzz: RUNS ?=
fuzz: SECONDS ?= $(if $(RUNS),,120)
fuzz: SEED ?=
fuzz: setup ## hostile bytes, logins, bodies and what is weighed for longer, and what that has covered: SECONDS=600, or RUNS=100000 (of each) SEED=7
	@CIM_FUZZ_RUNS=$(RUNS) CIM_FUZZ_SECONDS=$(SECONDS) CIM_FUZZ_SEED=$(SEED) $(JEST) test/property/hostile test/property/budgets --maxWorkers=2 \
	  --coverage --coverageProvider=v8 --coverageReporters=text --coverageDirectory=dist/coverage $(COVERED) \
	  --coverageThreshold='{"./src/codec/frame-decoder.ts":$(WHOLLY),"./src/codec/client-frame.ts":$(WHOLLY),"./src/codec/message-reader.ts":$(WHOLLY),"./src/codec/message-scan.ts":$(WHOLLY)}'

SOAK_SEEDS := 1 2 3
soak: setup services build ## cim verify: five minutes with faults for each seed: SOAK_SEEDS="1 2 3"
	@for seed in $(SOAK_SEEDS); do bin/cim verify --minutes 5 --faults --seed $$seed; done

soak-failover: setup services build ## masters and replicas of Redis fail in turn under cim verify: ROUNDS=20 SEED=1
	@ROUNDS=$(ROUNDS) SEED=$(SEED) $(JEST) --testMatch '**/redis-failover.soak.ts'

soak-upgrade: setup services build ## a cluster of the last released version is brought to this one and back, under cim verify
	@$(JEST) --testMatch '**/rolling-upgrade.soak.ts'

test-release: setup services build ## packages, image, arm64 in an emulator, axe on every screen, cim bench and cim verify with clusters of their own
	@bash test/support/install-services.sh lintian systemd g++-aarch64-linux-gnu qemu-user
	$(JEST) test/release

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

docs: setup ## rewrite what docs/ has of the code's own tables: reference pages, who may import whom
	node docs.mjs

clean: ## remove what was built (not the dependencies)
	rm -rf dist bin/cim src/codec/generated
