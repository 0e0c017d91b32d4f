# coachdiag: build, install, test, demo and release (PGXS).  `make help` lists the targets.

EXTENSION := coachdiag
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)
SHELL := /bin/bash

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
# Empty while a package needed to build is missing.
READY := $(shell PG_CONFIG=$(PG_CONFIG) tools/install-deps.sh --check build && echo yes)

NEED_BUILD := all install uninstall stage demo installcheck unit bench validate inventory build-tests run-tests

.DEFAULT_GOAL := all
.PHONY: $(NEED_BUILD) test check-all-versions check-minimal format format-check clean dist help

ifeq ($(READY),)

# Something is missing here: install it, then start again.
$(NEED_BUILD): bootstrap
	@$(MAKE) --no-print-directory $@

.PHONY: bootstrap
bootstrap:
	@PG_CONFIG=$(PG_CONFIG) tools/install-deps.sh build

clean:
	rm -rf build $(EXTENSION).so

else

# ---- the library --------------------------------------------------------------------------------

MODULE_big := $(EXTENSION)
SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
OBJS := $(SOURCES:src/%.c=build/obj/%.o)

INSTALL_SQL := build/$(EXTENSION)--$(EXTVERSION).sql
FRAGMENTS := $(sort $(wildcard sql/[0-9]*-*.sql))
DATA = $(wildcard sql/upgrade/*--*--*.sql)
DATA_built = $(INSTALL_SQL)

GSL_CFLAGS := $(shell pkg-config --cflags gsl)
GSL_LIBS := $(shell pkg-config --libs gsl)
WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wmissing-prototypes -Wstrict-prototypes \
	-Wno-unused-parameter -Wno-declaration-after-statement $(if $(WERROR),-Werror)

PG_MAJOR := $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) $(GSL_CFLAGS) \
	-DCOACHDIAG_VERSION='"$(EXTVERSION)"'
# No contraction to fused operations: the last digits are to be the same on every machine.
PG_CFLAGS = -std=gnu11 -fvisibility=hidden -ffp-contract=off $(WARNINGS)
SHLIB_LINK = $(GSL_LIBS)
# PostgreSQL 16 marks the entry points itself.
ifeq ($(PG_MAJOR),15)
PG_CPPFLAGS += -D'PGDLLEXPORT=__attribute__((visibility("default")))'
endif
override with_llvm := no

# ---- regression tests against a running server that has the extension (make installcheck) -------

REGRESS = $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=build/regress --load-extension=$(EXTENSION)
ifneq ($(PG_MAJOR),15)
REGRESS_OPTS += --expecteddir=.
endif
REGRESS_PREP = build/regress/expected

EXTRA_CLEAN = build

include $(PGXS)

build/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(INSTALL_SQL): $(FRAGMENTS) $(EXTENSION).control
	@mkdir -p $(@D)
	cat $(FRAGMENTS) > $@

# Changes when the compiler, its flags or the server do, and then everything is built again.
build/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(CFLAGS) $(CPPFLAGS) $(shell $(PG_CONFIG) --version))' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# PostgreSQL 15 looks for the expected output below the output folder.
build/regress/expected:
	@mkdir -p $(@D)
	@ln -sfn ../../expected $@

.PHONY: FORCE
FORCE:

# ---- a private installation below build/stage: tests and demo leave the system alone ------------

stage: all
	@rm -rf build/stage.new
	@$(MAKE) -s --no-print-directory install DESTDIR=$(CURDIR)/build/stage.new >/dev/null
	@rm -rf build/stage && mv build/stage.new build/stage

demo: stage
	@KEEP=$(KEEP) tools/with-server.sh $(if $(KEEP),-k) -- tools/demo.sh

# ---- unit tests: the estimators alone, without a server, under the sanitizers -------------------

UNIT_SANITIZE ?= address,undefined
UNIT_CFLAGS = -std=c11 -D_XOPEN_SOURCE=700 -g -O1 -Isrc -ffp-contract=off $(WARNINGS) -Wvla $(GSL_CFLAGS) \
	$(if $(UNIT_SANITIZE),-fsanitize=$(UNIT_SANITIZE) -fno-sanitize-recover=all)
UNIT_TESTS := $(patsubst test/unit/%.c,build/unit/%,$(sort $(wildcard test/unit/test_*.c)))
UNIT_OBJS := $(patsubst src/%.c,build/unit/%.o,$(filter src/stats/%.c,$(SOURCES)))

build/unit/stats/%.o: src/stats/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

build/unit/test_%: test/unit/test_%.c $(UNIT_OBJS) build/flags
	$(CC) $(UNIT_CFLAGS) -Itest/unit -MMD -MP -MF $@.d -o $@ $< $(UNIT_OBJS) -lcmocka $(GSL_LIBS) -lm

.SECONDARY: $(UNIT_OBJS)
.PHONY: unit-build
unit-build: $(UNIT_TESTS)

unit: unit-build
	@tools/run-tests.sh unit

-include $(OBJS:.o=.d) $(UNIT_OBJS:.o=.d) $(UNIT_TESTS:%=%.d)

# ---- all suites ---------------------------------------------------------------------------------

build-tests: stage unit-build

run-tests: build-tests
	@PG_CONFIG=$(PG_CONFIG) tools/run-tests.sh $(SUITES)

# The bound of a panel at its full size: 4 GB of memory, half a minute.
test-large: stage
	@PG_CONFIG=$(PG_CONFIG) COACHDIAG_LARGE=1 tools/run-tap.pl tap tools/test-perl.sh -- test/tap/120_scale.pl

# The list of objects that test/pgtap/00_inventory.sql holds the extension to.
inventory: stage
	@tools/with-server.sh -- tools/inventory.sh > build/inventory.txt
	@mv build/inventory.txt test/pgtap/inventory.txt

# ---- studies ------------------------------------------------------------------------------------

BENCH := $(filter-out bench/validate%,$(wildcard bench/*.sh))
bench: stage
	@set -e; for study in $(BENCH); do echo "== $$study"; $$study; done

VALIDATE := $(wildcard bench/validate*.sh)
ifneq ($(VALIDATE),)
validate: stage
	@set -e; for study in $(VALIDATE); do echo "== $$study"; $$study; done
endif

endif

# ---- targets that need no server packages -------------------------------------------------------

test:
	@PG_CONFIG=$(PG_CONFIG) tools/install-deps.sh test
	@$(MAKE) -s --no-print-directory -j$$(nproc) build-tests WERROR=1
	@$(MAKE) -s --no-print-directory run-tests WERROR=1

check-all-versions:
	tools/check-all-versions.sh

check-minimal:
	tools/check-minimal.sh

C_FILES = $(wildcard src/*.[ch] src/*/*.[ch] test/unit/*.[ch])
format:
	clang-format -i $(C_FILES)

format-check:
	clang-format --dry-run --Werror $(C_FILES)

dist:
	@mkdir -p build
	git archive --format zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o build/$(EXTENSION)-$(EXTVERSION).zip HEAD

help:
	@echo 'make                     build the library and the install script'
	@echo 'make install             install them (as root, or with DESTDIR=)'
	@echo 'make demo                load the example warehouse on a throwaway server and print its diagnosis'
	@echo 'make demo KEEP=1         the same, and leave the server running'
	@echo 'make test                every test suite; SUITES="unit pgtap" for some of them'
	@echo 'make unit                the C unit tests alone'
	@echo 'make test-large          the bound of a panel at its full size (4 GB of memory)'
	@echo 'make installcheck        the regression tests on your own running server, after make install'
	@echo 'make bench               performance studies'
	@$(if $(wildcard bench/validate*.sh),echo 'make validate            validity studies')
	@echo 'make inventory           store the list of objects the extension is tested to consist of'
	@echo 'make check-all-versions  the tests on PostgreSQL 17 and 18, in throwaway Debian roots (as root)'
	@echo 'make check-minimal       demo and tests on a bare Debian, as root and as a user with sudo (as root)'
	@echo 'make format              clang-format; make format-check only looks'
	@echo 'make dist                release archive of the last commit, below build/'
	@echo 'make clean               remove what was built'
	@echo 'Variables: PG_CONFIG=/path/to/pg_config chooses the server; WERROR=1 makes warnings errors.'
