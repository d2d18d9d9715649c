# `make help` lists the targets. The work is done by scripts/, which install what is missing, start the
# local stack where nothing is configured, and say what they do.

# Handed to the scripts through the environment, where no shell takes a name with blanks apart.
export FILE LIMIT MAP UPSERT IGNORE FORCE ARGS DIR REV MSG

.PHONY: build seed schema migrate upgrade downgrade current history revision reset-db test test-db \
  chaos fuzz bench stack-up stack-down clean distclean help

build: ## build the binary, build/pgseed (the default target)
	@scripts/build.sh pgseed

seed: ## load a dump: FILE=dump.sql [LIMIT=n] [MAP=FILE] [UPSERT=true] [IGNORE=true] [FORCE=true] [ARGS="..."]
	@scripts/seed.sh

schema: ## apply the DDL of a file over the direct connection: FILE=schema.sql
	@test -n "$$FILE" || { printf 'error: no FILE given\nhint: make schema FILE=schema.sql\n' >&2; exit 2; }
	@scripts/run.sh DATABASE_URL schema -- "$$FILE"

migrate: upgrade ## the same as upgrade

upgrade: ## apply migrations: [REV=head] [DIR=folder, seeds/moe/migrations where there is no other]
	@scripts/migrate.sh upgrade

downgrade: ## take migrations back: [REV=-1]
	@scripts/migrate.sh downgrade

current: ## the revision that the database is at
	@scripts/migrate.sh current

history: ## all revisions, the current one marked
	@scripts/migrate.sh history

revision: ## make the file of a new migration: MSG="add a column"
	@scripts/migrate.sh revision

reset-db: ## delete what the migrations made, with its data, and make it anew
	@scripts/migrate.sh reset-db

# The random tests play the same rounds each time, so that one change's test is not another's luck.
test: ## build and run the whole test suite: [PGSEED_TEST_SEED=1, of the random tests]
	@scripts/setup.sh test
	@scripts/build.sh all
	@PGSEED_TEST_SEED=$${PGSEED_TEST_SEED:-1} ctest --test-dir build --no-tests=error --output-on-failure -j 2

test-db: ## check both connections, the key's role and the rights
	@scripts/run.sh SUPABASE_URL test

chaos: ## an hour of random faults, kills and restarts: [CHAOS_SECONDS=3600]
	@scripts/setup.sh test
	@scripts/build.sh all
	@PGSEED_CHAOS_SECONDS=$${CHAOS_SECONDS:-3600} build/tests/pgseed_tests --test-case='chaos: *'

fuzz: ## fuzz every reader for five minutes (clang)
	@scripts/setup.sh build
	@scripts/fuzz.sh

bench: ## measure against psql and postgrest-js on the local stack, and the transcoder alone
	@scripts/setup.sh build test bench
	@scripts/bench.sh
	@scripts/bench/transcoder.sh

stack-up: ## start the local PostgreSQL and PostgREST; settings in .stack/env
	@scripts/setup.sh stack
	@scripts/stack.sh up

stack-down: ## stop them; the data stay
	@scripts/stack.sh down

seeds/wkbk_lean.sql: ## make the sample dump of 18,985 rows (make seed does it when needed)
	@scripts/wkbk.sh

clean: ## delete what was built
	rm -rf build build-*

distclean: clean ## delete the local stack with its data, too, and everything that was fetched or made
	scripts/stack.sh remove
	rm -rf scripts/*/node_modules seeds/wkbk_lean.sql

help: ## this list
	@sed -n 's/^\([a-z_./-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 22
