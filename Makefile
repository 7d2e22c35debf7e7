# goprobe: network flow history in SQL.  `make help` lists the targets.
#
# One makefile, not recursive: objects and products go to build/$(BUILD)/, and
# nothing is written into the source folders.  A .c file in a layer's folder is
# part of that layer without being named here.

BUILD  ?= release
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/goprobe
DOCDIR ?= $(PREFIX)/share/doc/goprobe
# Where systemd looks; the init script goes where init looks, but for a prefix of one's own.
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
INITDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc/init.d,$(SYSCONFDIR)/init.d)
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=
# Where the programs look for the database when nobody says; see README.md.
DB_PATH ?= /var/lib/goprobe/db
# Where the daemon looks for its configuration.
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
CONFIG_PATH ?= $(SYSCONFDIR)/goprobe.conf

CC         ?= cc
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
V ?= 0

B := build/$(BUILD)
VERSION := $(shell sed -n 's/^\#define GODB_VERSION "\(.*\)"/\1/p' godb/godb.h)

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
Q := $(if $(filter 0,$(V)),@,)
say = $(if $(filter 0,$(V)),@printf '  %-7s %s\n' $(1) $(2))

# --- Flags: ours first, the user's CFLAGS, CPPFLAGS and LDFLAGS last -----------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
    -Wwrite-strings -Wundef -Wpointer-arith -Wformat=2 -Wvla -Wimplicit-fallthrough
WARN_godb := -Wconversion -Wno-sign-conversion
OPT_release := -O3 -g -DNDEBUG -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
OPT_debug := -Og -g3
OPT_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all
OPT_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_release := -Wl,-z,relro,-z,now,-z,noexecstack
DEFS_release := -Wl,-z,defs
DEFS_debug := -Wl,-z,defs
ifeq ($(origin OPT_$(BUILD)),undefined)
$(error BUILD=$(BUILD) is none of release, debug, asan, tsan)
endif

ours = -std=c11 -I. -I$(B)/gen -D_GNU_SOURCE -MMD -MP -fPIC -fvisibility=hidden \
    $(HARDEN) $(WARN) $(OPT_$(BUILD)) $(if $(WERROR),-Werror) -pthread
link = $(CC) -pthread $(OPT_$(BUILD)) $(LINK_$(BUILD)) $(CFLAGS)

# Programs may lie anywhere in memory, and jump to the start of functions alone, where
# the machine knows how to tell.
HARDEN := -fstack-protector-strong $(if $(filter x86_64 i%86,$(shell uname -m)),-fcf-protection)
PIE := -pie

# Asked when a recipe runs, so that `make ext` never needs libpcap or nDPI and
# `make deps` needs no pkg-config.
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))
pkgs_godb := liblz4 libzstd jansson libxxhash
pkgs_capture := libpcap libndpi libcap-ng libxxhash jansson libmnl libsystemd libseccomp
pkgs_vtab := sqlite3
pkgs_shell := sqlite3 jansson libcares zlib
pkgs_tests := cmocka sqlite3 jansson libcares

# --- Sources --------------------------------------------------------------------

src_godb := $(wildcard godb/*.c)
src_capture := $(wildcard capture/*.c)
src_vtab := $(wildcard vtab/*.c)
src_shell := $(wildcard shell/*.c)
src_views := $(sort $(wildcard sql/*.sql))
headers := $(wildcard godb/*.h capture/*.h vtab/*.h shell/*.h tests/*.h tests/*/*.h)

obj = $(patsubst %.c,$(B)/%.o,$(1))
obj_godb := $(call obj,$(src_godb))
obj_capture := $(call obj,$(filter-out %_main.c,$(src_capture)))
obj_vtab := $(call obj,$(src_vtab))
# The same sources, calling SQLite directly: for goquery and the tests.
obj_vtab_core := $(patsubst vtab/%.c,$(B)/vtab_core/%.o,$(src_vtab))
obj_shell := $(call obj,$(filter-out %_main.c,$(src_shell)))

.PHONY: all ext
all: $(B)/goprobe $(B)/goquery $(B)/goconvert $(B)/goprobe-index $(B)/goprobe-check $(B)/goprobe.so ## build everything
ext: $(B)/goprobe.so ## build the SQLite extension alone: no libpcap, no nDPI

$(B)/godb/%.o: godb/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) $(WARN_godb) $(call pkg_cflags,$(pkgs_godb)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/capture/%.o: capture/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) '-DGOPROBE_DB_PATH="$(DB_PATH)"' '-DGOPROBE_CONFIG_PATH="$(CONFIG_PATH)"' $(patsubst -I%,-isystem %,$(call pkg_cflags,$(pkgs_capture))) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/vtab/%.o: vtab/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) '-DGOPROBE_DB_PATH="$(DB_PATH)"' $(call pkg_cflags,$(pkgs_vtab)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/vtab_core/%.o: vtab/%.c Makefile
	$(call say,CC,"$< (core)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) -DSQLITE_CORE '-DGOPROBE_DB_PATH="$(DB_PATH)"' $(call pkg_cflags,$(pkgs_vtab)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/shell/%.o: shell/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) '-DGOPROBE_DB_PATH="$(DB_PATH)"' $(call pkg_cflags,$(pkgs_shell)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/tests/%.o: tests/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) -UNDEBUG '-DTEST_DATA="tests"' $(call pkg_cflags,$(pkgs_tests)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The views as C strings, so that goprobe.so carries them.
$(B)/gen/sql_views.h: $(src_views) sql/embed.awk Makefile
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)awk -f sql/embed.awk $(src_views) > $@
$(B)/vtab/extension.o $(B)/vtab_core/extension.o: $(B)/gen/sql_views.h

define archive
$(B)/lib$(1).a: $$(obj_$(1))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach a,godb capture vtab_core shell,$(eval $(call archive,$(a))))

$(B)/goprobe: $(B)/capture/goprobe_main.o $(B)/libcapture.a $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) $(call pkg_libs,$(pkgs_capture) $(pkgs_godb))
$(B)/goquery: $(B)/shell/goquery_main.o $(B)/libshell.a $(B)/libvtab_core.a $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) $(call pkg_libs,$(pkgs_shell) $(pkgs_godb))
$(B)/goconvert: $(B)/shell/goconvert_main.o $(B)/libshell.a $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) -lcsv $(call pkg_libs,zlib $(pkgs_godb))
$(B)/goprobe-index: $(B)/shell/index_main.o $(B)/libshell.a $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) $(call pkg_libs,$(pkgs_godb))
$(B)/goprobe-check: $(B)/shell/check_main.o $(B)/libshell.a $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) $(call pkg_libs,jansson $(pkgs_godb))
# -z defs: a library that is missing from the line must fail here, not at the user's
# .load; sanitizer builds find their runtime in the host program instead.
$(B)/goprobe.so: $(obj_vtab) $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(link) -shared -Wl,-soname,goprobe.so -o $@ $^ $(DEFS_$(BUILD)) $(LDFLAGS) $(call pkg_libs,$(pkgs_godb))

# --- Tests ------------------------------------------------------------------------
#
# Every test program prints TAP.  A file's prefix says what it is linked with:
# godb_ the library, capture_ the daemon, vtab_ and shell_ likewise.

src_unit := $(wildcard tests/unit/*.c)
src_host := $(wildcard tests/host/*.c)
src_bench := $(wildcard tests/bench/*.c)
src_fuzz := $(wildcard tests/fuzz/fuzz_*.c)
bin_tests := $(patsubst %.c,$(B)/%,$(src_unit) $(src_host) $(src_bench))
bin_bench := $(patsubst %.c,$(B)/%,$(src_bench))
bin_fuzz := $(patsubst %.c,$(B)/%,$(src_fuzz))

libs_capture_test = $(B)/libcapture.a $(B)/libgodb.a
libs_shell_test = $(B)/libshell.a $(B)/libvtab_core.a $(B)/libgodb.a
kind = $(firstword $(subst _, ,$(patsubst fuzz_%,%,$(notdir $(1)))))
.SECONDEXPANSION:
test_libs = $(if $(filter capture,$(call kind,$(1))),$(libs_capture_test),$(libs_shell_test))
test_pkgs = $(if $(filter capture,$(call kind,$(1))),$(pkgs_capture),$(pkgs_shell)) $(pkgs_godb)
$(bin_tests): %: %.o $$(call test_libs,$$@)
	$(call say,LD,$@)
	$(Q)$(link) -o $@ $^ $(LDFLAGS) -lcsv -lm $(call pkg_libs,cmocka $(call test_pkgs,$@))
# The calls that the fault tests let fail; see there.
$(B)/tests/unit/godb_fault: link += $(patsubst %,-Wl$(comma)--wrap=%,pwrite fsync \
    fdatasync renameat ftruncate mkdir)
$(B)/tests/unit/godb_spill_fault: link += $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc \
    realloc pwrite pread pthread_create)
comma := ,
# The same entry point that libFuzzer calls, fed with the stored corpus.
$(bin_fuzz): %: %.o $(B)/tests/fuzz/replay.o $$(call test_libs,$$@)
	$(call say,LD,$@)
	$(Q)$(link) -o $@ $^ $(LDFLAGS) -lcsv -lm $(call pkg_libs,$(call test_pkgs,$@))

.PHONY: test check asan tsan tests-built bench bench-data bench-capture
tests-built: all $(bin_tests) $(bin_fuzz)
test: ## install what is missing (as root), build, run every test
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory check
check: tests-built ## run the tests with what is installed
	@tests/run $(B)
asan: ## the tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check BUILD=asan
tsan: ## the tests under ThreadSanitizer
	@$(MAKE) --no-print-directory check BUILD=tsan
bench: $(B)/goprobe.so $(bin_bench) ## questions over a month of flows, beside every peer installed
	@tests/bench/run $(B)
bench-capture: all $(bin_bench) ## packets a second, recorded and live, beside every peer installed
	@tests/bench/capture $(B)
bench-data: $(B)/goprobe.so $(bin_bench) ## make those flows and load the peers; BENCH_FRESH=1: anew
	@tests/bench/run $(B) data

# make mutate MUTATIONS=20000 BUILD=asan
MUTATIONS ?= 20000
.PHONY: mutate
mutate: $(B)/tests/unit/vtab_mutate ## break a database MUTATIONS times, and see that each is told
	@MUTATIONS=$(MUTATIONS) TMP=$(or $(TMPDIR),/tmp) $<

# libFuzzer; new inputs stay under build/.  make fuzz-godb_filter FUZZ_S=60
FUZZ_S ?= 60
fuzz-%: ## fuzz one target of tests/fuzz for FUZZ_S seconds (needs clang)
	@$(MAKE) --no-print-directory BUILD=asan CC=clang B=build/fuzz \
	    CFLAGS="$(CFLAGS) -fsanitize=fuzzer-no-link" build/fuzz/tests/fuzz/fuzz_$*.o \
	    build/fuzz/libgodb.a $(if $(filter capture,$(call kind,$*)),build/fuzz/libcapture.a,build/fuzz/libshell.a build/fuzz/libvtab_core.a)
	@mkdir -p build/fuzz/corpus/$* tests/fuzz/corpus/$*
	clang -fsanitize=fuzzer,address,undefined -o build/fuzz/fuzz_$* \
	    build/fuzz/tests/fuzz/fuzz_$*.o $(patsubst $(B)/%,build/fuzz/%,$(call test_libs,$*)) \
	    -lcsv -lm $(call pkg_libs,$(call test_pkgs,$*))
	build/fuzz/fuzz_$* -max_total_time=$(FUZZ_S) build/fuzz/corpus/$* tests/fuzz/corpus/$*

# --- Quality ------------------------------------------------------------------------

c_files := $(wildcard */*.c */*.h tests/*/*.c tests/*/*.h)
sh_files := $(shell grep -lE '^\#!.*(bash|/sh)' $(wildcard tests/run tests/*.sh tests/*/* demo/* packaging/* .ci/run) 2>/dev/null)

.PHONY: format check-format lint
format: ## reformat all C
	$(CLANG_FORMAT) -i $(c_files)
check-format: ## fail where the format differs
	$(CLANG_FORMAT) --dry-run --Werror $(c_files)
lint: $(B)/gen/sql_views.h ## cppcheck, shellcheck, man pages, layers
	cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability --suppress=missingInclude \
	    --suppress=missingIncludeSystem -I. -I$(B)/gen -j2 $(wildcard godb capture vtab shell)
	$(if $(sh_files),shellcheck -x -e SC2317 -e SC1091 $(sh_files))
	$(if $(wildcard docs/*.[1578]),mandoc -T lint -W warning $(wildcard docs/*.[1578]))
	tests/layers.sh

# Each file is looked at again only where it changed.  gcc 12's analyzer is of C, but young: what is left out
# was looked through, and was wrong in each place, mostly since err_set() and its kin never return GODB_OK.
ANALYZER := -fanalyzer -Werror $(addprefix -Wno-analyzer-,malloc-leak use-of-uninitialized-value \
    null-dereference null-argument possible-null-dereference possible-null-argument \
    use-of-pointer-in-stale-stack-frame)
analyzed := $(src_godb) $(src_capture) $(src_vtab) $(src_shell)
pkgs_all := $(sort $(pkgs_godb) $(pkgs_capture) $(pkgs_vtab) $(pkgs_shell))
analyze_flags = -std=c11 -I. -I$(B)/gen -D_GNU_SOURCE '-DGOPROBE_DB_PATH="$(DB_PATH)"' \
    '-DGOPROBE_CONFIG_PATH="$(CONFIG_PATH)"' $(patsubst -I%,-isystem %,$(call pkg_cflags,$(pkgs_all)))

.PHONY: analyze analyze-gcc analyze-clang
analyze: analyze-gcc analyze-clang ## gcc -fanalyzer and clang-tidy over everything: minutes
analyze-gcc: $(patsubst %.c,build/analyze/gcc/%.o,$(analyzed)) ## gcc -fanalyzer alone
analyze-clang: $(patsubst %.c,build/analyze/tidy/%.ok,$(analyzed)) ## clang-tidy alone
build/analyze/gcc/%.o: %.c Makefile $(B)/gen/sql_views.h
	$(call say,ANALYZE,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(analyze_flags) -MMD -MP -O1 $(ANALYZER) -c -o $@ $<
build/analyze/tidy/%.ok: %.c build/analyze/gcc/%.o .clang-tidy
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(analyze_flags) 2>$(@:.ok=.log) || { cat $(@:.ok=.log); exit 1; }
	$(Q)touch $@

# --- Packages ------------------------------------------------------------------------

DEPS := gcc make libc6-dev pkg-config liblz4-dev libjansson-dev libxxhash-dev libsqlite3-dev \
    sqlite3 libpcap-dev libndpi-dev libcap-ng-dev libcsv-dev libmnl-dev \
    libsystemd-dev libseccomp-dev libc-ares-dev zlib1g-dev libzstd-dev
DEPS_TEST := libcmocka-dev libndpi-bin iproute2 python3 netcat-openbsd curl openssl \
    binutils procps time rsyslog util-linux gzip zstd zsh
DEPS_DEV := clang clang-format clang-tidy cppcheck shellcheck mandoc
DEPS_BENCH := clickhouse-server clickhouse-client nfdump softflowd libndpi-bin tcpreplay

.PHONY: deps deps-dev deps-bench
deps: ## install the Debian packages that are missing
	@packaging/deps $(DEPS) $(DEPS_TEST)
deps-dev: ## those for format, lint and fuzzing too
	@packaging/deps $(DEPS) $(DEPS_TEST) $(DEPS_DEV)
deps-bench: ## the peers that make bench measures; DuckDB where there is npm
	@packaging/deps $(DEPS) $(DEPS_TEST) $(DEPS_BENCH)
	$(if $(shell command -v npm),npm install --prefix build/bench --no-fund --no-audit @duckdb/node-api)

# --- Demo, install ---------------------------------------------------------------------

.PHONY: demo install uninstall clean help
demo: ## real traffic in network namespaces, captured and asked about in SQL
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory all
	@demo/run $(B)

# `.load goprobe` asks the loader for goprobe.so.  Its cache has names that start with
# lib, and the sonames of those: so the file is libgoprobe.so and its soname goprobe.so.
man_1 := $(wildcard docs/*.1)
man_5 := $(wildcard docs/*.5)
man_7 := $(wildcard docs/*.7)
man_8 := $(wildcard docs/*.8)
fill_paths = sed -e 's|@SBINDIR@|$(SBINDIR)|; s|@CONFIG_PATH@|$(CONFIG_PATH)|'
install: all ## install to $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBDIR) \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(DATADIR)/sql \
	    $(DESTDIR)$(DOCDIR) $(DESTDIR)$(COMPLETIONDIR) $(DESTDIR)$(INCLUDEDIR)/godb \
	    $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(SYSCONFDIR) $(DESTDIR)$(INITDIR) \
	    $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(ZSHDIR)
	install -m 755 $(B)/goprobe $(B)/goprobe-check $(DESTDIR)$(SBINDIR)/
	install -m 755 $(B)/goquery $(B)/goconvert $(B)/goprobe-index $(DESTDIR)$(BINDIR)/
	install -m 644 $(B)/goprobe.so $(DESTDIR)$(LIBDIR)/libgoprobe.so
	ln -sf libgoprobe.so $(DESTDIR)$(LIBDIR)/goprobe.so
	install -m 644 $(src_views) $(DESTDIR)$(DATADIR)/sql/
	install -m 644 shell/completion.bash $(DESTDIR)$(COMPLETIONDIR)/goquery
	ln -sf goquery $(DESTDIR)$(COMPLETIONDIR)/goconvert
	install -m 644 shell/completion.zsh $(DESTDIR)$(ZSHDIR)/_goquery
	install -m 644 packaging/completion.bash $(DESTDIR)$(COMPLETIONDIR)/goprobe
	ln -sf goprobe $(DESTDIR)$(COMPLETIONDIR)/goprobe-check
	$(fill_paths) packaging/goprobe.init > $(DESTDIR)$(INITDIR)/goprobe.init
	chmod 755 $(DESTDIR)$(INITDIR)/goprobe.init
	$(fill_paths) packaging/goprobe.service > $(DESTDIR)$(UNITDIR)/goprobe.service
	install -m 644 packaging/goprobe.sysusers $(DESTDIR)$(SYSUSERSDIR)/goprobe.conf
	install -m 644 godb/godb.h $(DESTDIR)$(INCLUDEDIR)/godb/
	install -m 644 $(B)/libgodb.a $(DESTDIR)$(LIBDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
	    godb/godb.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/godb.pc
	$(if $(man_1),install -m 644 $(man_1) $(DESTDIR)$(MANDIR)/man1/)
	$(if $(man_5),install -m 644 $(man_5) $(DESTDIR)$(MANDIR)/man5/)
	$(if $(man_7),install -m 644 $(man_7) $(DESTDIR)$(MANDIR)/man7/)
	$(if $(man_8),install -m 644 $(man_8) $(DESTDIR)$(MANDIR)/man8/)
	install -m 644 packaging/goprobe.conf README.md LICENSE CHANGELOG.md docs/sql.md docs/format.md docs/reliability.md $(DESTDIR)$(DOCDIR)/
	$(if $(DESTDIR),,ldconfig)
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(SBINDIR)/goprobe $(DESTDIR)$(SBINDIR)/goprobe-check $(DESTDIR)$(BINDIR)/goquery \
	    $(DESTDIR)$(BINDIR)/goconvert $(DESTDIR)$(BINDIR)/goprobe-index \
	    $(DESTDIR)$(LIBDIR)/goprobe.so $(DESTDIR)$(LIBDIR)/libgoprobe.so \
	    $(DESTDIR)$(COMPLETIONDIR)/goquery $(DESTDIR)$(COMPLETIONDIR)/goconvert $(DESTDIR)$(ZSHDIR)/_goquery $(DESTDIR)$(INCLUDEDIR)/godb/godb.h \
	    $(DESTDIR)$(LIBDIR)/libgodb.a $(DESTDIR)$(LIBDIR)/pkgconfig/godb.pc \
	    $(DESTDIR)$(INITDIR)/goprobe.init $(DESTDIR)$(UNITDIR)/goprobe.service \
	    $(DESTDIR)$(SYSUSERSDIR)/goprobe.conf $(DESTDIR)$(COMPLETIONDIR)/goprobe \
	    $(DESTDIR)$(COMPLETIONDIR)/goprobe-check \
	    $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(man_1))) \
	    $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(man_5))) \
	    $(addprefix $(DESTDIR)$(MANDIR)/man7/,$(notdir $(man_7))) \
	    $(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(man_8)))
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
clean: ## remove build/
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  BUILD=release|debug|asan|tsan  PREFIX=$(PREFIX)  V=1 shows the commands"

-include $(shell find $(B) build/analyze -name '*.d' 2>/dev/null)
