# goprobe: network flow history in SQL.  `make help` lists the targets.
#
# One makefile, not recursive: objects and products go to build/$(BUILD)/, and
# nothing is written into the source folders.  A .c file in a layer's folder is
# part of that layer without being named here.

BUILD  ?= release
# What `make configure` was given; the command line and the environment come first.
CONFIG_MK ?= build/config.mk
-include $(CONFIG_MK)

# A tree of its own, where goProbe was, or /usr/local or /usr, whose places are FHS's.
PREFIX ?= /usr/local/goProbe
is_fhs := $(filter /usr /usr/local,$(PREFIX))
# Such prefixes are the system's: init script, units and links go where it looks for them.
# Below any other, say one at home, all stays inside.
is_system := $(filter /usr /usr/local /usr/local/goProbe /opt/%,$(PREFIX))
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/$(if $(is_fhs),sbin,bin)
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/goprobe
DOCDIR ?= $(PREFIX)/share/doc/goprobe
UNITDIR ?= $(if $(is_fhs),$(PREFIX)/lib,$(if $(is_system),/etc,$(PREFIX)/lib))/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
INITDIR ?= $(if $(is_system),,$(PREFIX))/etc/init.d
CRONDIR ?= $(if $(is_system),,$(PREFIX))/etc/cron.d
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=
# Where the programs look for the database when nobody says; see README.md.
DB_PATH ?= $(if $(is_fhs),/var/lib/goprobe/db,$(PREFIX)/data/db)
# Where the daemon looks for its configuration.
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
CONFIG_PATH ?= $(SYSCONFDIR)/goprobe.conf
# Days that a nightly cron job keeps; none: there is no such job.
RETENTION_DAYS ?=

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
OPT_cover := -O0 -g --coverage -fprofile-update=atomic -fprofile-abs-path
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_release := -Wl,-z,relro,-z,now,-z,noexecstack
DEFS_release := -Wl,-z,defs
DEFS_debug := -Wl,-z,defs
ifeq ($(origin OPT_$(BUILD)),undefined)
$(error BUILD=$(BUILD) is none of release, debug, asan, tsan, cover)
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

.PHONY: all compile ext FORCE
compile: all ## the same; never needs root
all: $(B)/goprobe $(B)/goquery $(B)/goconvert $(B)/goprobe-index $(B)/goprobe-check $(B)/goprobe.so ## build everything
ext: $(B)/goprobe.so ## build the SQLite extension alone: no libpcap, no nDPI

$(B)/godb/%.o: godb/%.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) $(WARN_godb) $(call pkg_cflags,$(pkgs_godb)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
# The paths that programs are built with, so that others than the last time build anew.
$(B)/gen/paths: FORCE
	@mkdir -p $(@D)
	@echo '$(DB_PATH) $(CONFIG_PATH)' | cmp -s - $@ || echo '$(DB_PATH) $(CONFIG_PATH)' > $@
$(B)/capture/%.o: capture/%.c Makefile $(B)/gen/paths
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) '-DGOPROBE_DB_PATH="$(DB_PATH)"' '-DGOPROBE_CONFIG_PATH="$(CONFIG_PATH)"' $(patsubst -I%,-isystem %,$(call pkg_cflags,$(pkgs_capture))) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/vtab/%.o: vtab/%.c Makefile $(B)/gen/paths
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) '-DGOPROBE_DB_PATH="$(DB_PATH)"' $(call pkg_cflags,$(pkgs_vtab)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/vtab_core/%.o: vtab/%.c Makefile $(B)/gen/paths
	$(call say,CC,"$< (core)")
	@mkdir -p $(@D)
	$(Q)$(CC) $(ours) -DSQLITE_CORE '-DGOPROBE_DB_PATH="$(DB_PATH)"' $(call pkg_cflags,$(pkgs_vtab)) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/shell/%.o: shell/%.c Makefile $(B)/gen/paths
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

# The look of goquery -report, likewise.
$(B)/gen/page_css.h: shell/page.css shell/embed.awk Makefile
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)awk -v name=page_css -f shell/embed.awk shell/page.css > $@
$(B)/shell/page.o: $(B)/gen/page_css.h

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
	$(Q)$(link) $(PIE) -o $@ $^ $(LDFLAGS) -lm $(call pkg_libs,$(pkgs_shell) $(pkgs_godb))
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
comma := ,
faults := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc strdup mmap LZ4_createStreamHC \
    openat close pread pwrite fsync fdatasync renameat ftruncate mkdir unlinkat rmdir fstat stat \
    lstat fstatat access faccessat opendir fdopendir readdir flock getrandom socket connect poll \
    send recv)
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/godb_fault*.c)) \
    $(patsubst %,$(B)/tests/unit/%_fault,shell_import capture_writeout): link += $(faults)
$(B)/tests/unit/godb_fault_waits: link += $(patsubst %,-Wl$(comma)--wrap=%,clock_gettime nanosleep)
$(B)/tests/unit/godb_check_fault $(B)/tests/unit/godb_mend_fault: link += $(faults) \
    $(patsubst %,-Wl$(comma)--wrap=%,mkdirat fchmodat nanosleep)
$(B)/tests/unit/godb_check: link += -Wl,--wrap=nanosleep
$(B)/tests/unit/godb_memory_limit: link += $(patsubst %,-Wl$(comma)--wrap=%,open sysconf)
$(B)/tests/unit/godb_crash: link += $(patsubst %,-Wl$(comma)--wrap=%,openat pwrite fsync \
    fdatasync renameat unlinkat ftruncate mkdir)
$(B)/tests/unit/godb_spill_fault: link += $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc \
    realloc pwrite pread pthread_create)
# Those of the daemon; see tests/broken.h.
broken := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc reallocarray strdup open_memstream \
    mmap fopencookie socket connect bind listen accept4 setsockopt getsockopt poll send recv \
    __recv_chk chmod chown mkdir unlink ftruncate write read pipe2 eventfd fork getrandom \
    getifaddrs gethostname pthread_create open prctl capng_get_caps_process capng_apply \
    capng_change_id setuid seccomp_init seccomp_attr_set seccomp_load pcap_create pcap_activate \
    pcap_set_datalink pcap_setnonblock pcap_open_dead pcap_dispatch pcap_stats mnl_socket_open2 \
    mnl_socket_bind mnl_socket_sendto mnl_socket_recvfrom ndpi_init_detection_module \
    ndpi_finalize_initialization clock_gettime)
$(patsubst %,$(B)/tests/unit/capture_%,start memory control links clock): link += $(broken)
# The same entry point that libFuzzer calls, fed with the stored corpus.
$(bin_fuzz): %: %.o $(B)/tests/fuzz/replay.o $$(call test_libs,$$@)
	$(call say,LD,$@)
	$(Q)$(link) -o $@ $^ $(LDFLAGS) -lcsv -lm $(call pkg_libs,$(call test_pkgs,$@))

# Other versions of SQLite: a small shell for each whose amalgamation `make deps-sqlite`
# has fetched, and the extension built with its headers.
sqlite_versions := $(patsubst build/sqlite/%/sqlite3.c,%,$(wildcard build/sqlite/*/sqlite3.c))
build/sqlite/%/sqlite3.o: build/sqlite/%/sqlite3.c
	$(call say,CC,$@)
	$(Q)$(CC) -O1 -w -DSQLITE_THREADSAFE=1 -c -o $@ $<
build/sqlite/%/sqlhost: tests/host/sqlhost.c build/sqlite/%/sqlite3.o
	$(call say,LD,$@)
	$(Q)$(CC) -std=c11 -DSQLHOST_LOADS -I$(@D) -o $@ $^ -ldl -lm -pthread
build/sqlite/%/goprobe.so: $(src_vtab) $(wildcard vtab/*.h) $(B)/gen/sql_views.h $(B)/libgodb.a
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(ours)) -O1 -Werror -I$(@D) '-DGOPROBE_DB_PATH="$(DB_PATH)"' \
	    -shared -o $@ $(src_vtab) $(B)/libgodb.a $(DEFS_$(BUILD)) $(call pkg_libs,$(pkgs_godb))
build/sqlite/%/vtab_oracle: tests/unit/vtab_oracle.c build/sqlite/%/sqlite3.o build/sqlite/%/goprobe.so
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(ours)) -O1 -UNDEBUG -DSQLITE_CORE -I$(@D) '-DGOPROBE_DB_PATH="$(DB_PATH)"' -o $@ \
	    $< $(@D)/sqlite3.o $(src_vtab) $(B)/libgodb.a -ldl -lm $(call pkg_libs,cmocka $(pkgs_godb))
.PRECIOUS: build/sqlite/%/sqlite3.o
.PHONY: sqlite-hosts
sqlite-hosts: $(foreach v,$(sqlite_versions),$(addprefix build/sqlite/$v/,sqlhost goprobe.so vtab_oracle))

.PHONY: test check asan tsan cover cover-fuzz tests-built bench bench-data bench-capture bench-import
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
cover: ## branch coverage of each folder, by all tests; fails below what is wanted
	@mkdir -p build/cover && find build/cover -name '*.gcda' -delete
	@$(MAKE) --no-print-directory check BUILD=cover
	@tests/cover.py build/cover
cover-fuzz: ## branch coverage of the files that fuzzing reaches, by all inputs at hand
	@$(MAKE) --no-print-directory tests-built BUILD=cover
	@find build/cover -name '*.gcda' -delete
	@for target in $(patsubst tests/fuzz/fuzz_%.c,%,$(src_fuzz)); do \
	    build/cover/tests/fuzz/fuzz_$$target tests/fuzz/corpus/$$target \
	        $$(find build/fuzz/corpus/$$target -maxdepth 0 ! -empty 2>/dev/null) >/dev/null || exit 1; \
	done
	@tests/cover.py build/cover --reached
bench: $(B)/goprobe.so $(bin_bench) ## questions over a month of flows, beside every peer installed
	@tests/bench/run $(B)
bench-capture: all $(bin_bench) ## packets a second, recorded and live, beside every peer installed
	@tests/bench/capture $(B)
bench-import: all $(bin_bench) ## rows a second from CSV, beside every peer installed
	@tests/bench/import $(B)
bench-data: $(B)/goprobe.so $(bin_bench) ## make those flows and load the peers; BENCH_FRESH=1: anew
	@tests/bench/run $(B) data

# make mutate MUTATIONS=20000 BUILD=asan
MUTATIONS ?= 20000
.PHONY: mutate
mutate: $(B)/tests/unit/vtab_mutate ## break a database MUTATIONS times, and see that each is told
	@MUTATIONS=$(MUTATIONS) TMP=$(or $(TMPDIR),/tmp) $<
# The same campaigns that `make test` has a short slice of.
KILL_ROUNDS ?= 1000
SOAK_S ?= 3600
SOAK_SPEED ?= 1
.PHONY: kill torn soak fuzz
kill: all $(B)/tests/host/godb_kill ## kill goprobe and goconvert while they write, KILL_ROUNDS times
	@mkdir -p build/kill && rm -rf build/kill/*
	$(B)/tests/host/godb_kill $(B) build/kill $(KILL_ROUNDS)
torn: $(B)/tests/unit/godb_crash ## every state of the disk that a power cut during an append can leave
	GOPROBE_TORN=all $(B)/tests/unit/godb_crash
soak: all $(B)/tests/host/sqlhost ## capture, questions, imports and retention for SOAK_S seconds (as root); SOAK_SPEED=60: the daemon's clock goes faster
	tests/soak $(B) $(SOAK_S) $(SOAK_SPEED)

# libFuzzer; new inputs stay under build/.  make fuzz-godb_filter FUZZ_S=60
FUZZ_S ?= 60
fuzz: ## fuzz each target for FUZZ_S seconds, one after the other
	@for target in $(patsubst tests/fuzz/fuzz_%.c,%,$(src_fuzz)); do \
	    $(MAKE) --no-print-directory fuzz-$$target || exit 1; \
	done
fuzz-%: ## fuzz one target of tests/fuzz for FUZZ_S seconds (needs clang)
	@$(MAKE) --no-print-directory BUILD=asan CC=clang B=build/fuzz \
	    CFLAGS="$(CFLAGS) -fsanitize=fuzzer-no-link" build/fuzz/tests/fuzz/fuzz_$*.o \
	    build/fuzz/libgodb.a $(if $(filter capture,$(call kind,$*)),build/fuzz/libcapture.a,build/fuzz/libshell.a build/fuzz/libvtab_core.a)
	@mkdir -p build/fuzz/corpus/$* tests/fuzz/corpus/$*
	clang -fsanitize=fuzzer,address,undefined -o build/fuzz/fuzz_$* \
	    build/fuzz/tests/fuzz/fuzz_$*.o $(patsubst $(B)/%,build/fuzz/%,$(call test_libs,$*)) \
	    -lcsv -lm $(call pkg_libs,$(call test_pkgs,$*))
	build/fuzz/fuzz_$* -max_total_time=$(FUZZ_S) -artifact_prefix=build/fuzz/ build/fuzz/corpus/$* tests/fuzz/corpus/$*

# --- Documents ----------------------------------------------------------------------------

.PHONY: docs-examples pictures
docs-examples: all $(B)/tests/host/mkoffice ## what the examples of the documents print, anew
	@rm -rf $(B)/docs && mkdir -p $(B)/docs && $(B)/tests/host/mkoffice $(B)/docs/office
	@cd $(B)/docs && $(CURDIR)/tests/docs.py update $(CURDIR)/$(B) $(addprefix $(CURDIR)/,README.md docs/sql.md docs/cookbook.md)
pictures: all $(B)/tests/host/mkoffice ## the pictures of README.md, anew
	@tests/pictures.sh $(B)

# --- Quality ------------------------------------------------------------------------

c_files := $(wildcard */*.c */*.h docs/examples/*.c tests/*/*.c tests/*/*.h)
# Those that are run, and those that others read.
sh_files := $(shell grep -lE '^\#!.*(bash|/sh)|^\# shellcheck shell=' \
    $(wildcard tests/* tests/*/* demo/* packaging/* packaging/debian/* shell/*.bash .ci/*) 2>/dev/null)

.PHONY: format check-format lint compdb
compdb: ## compile_commands.json, for editors and clang's tools
	@$(MAKE) -Bn V=1 --no-print-directory tests-built | awk -v dir='$(CURDIR)' -f packaging/compdb.awk > compile_commands.json.new
	@mv compile_commands.json.new compile_commands.json
	@echo "  compile_commands.json: $$(grep -c '"file"' compile_commands.json) files"
format: ## reformat all C
	$(Q)$(CLANG_FORMAT) -i $(c_files)
check-format: ## fail where the format differs
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(c_files)
lint: $(B)/gen/sql_views.h $(B)/gen/page_css.h ## cppcheck, shellcheck, man pages, layers
	cppcheck --quiet --std=c11 --language=c --error-exitcode=1 \
	    --enable=warning,performance,portability -I. -I$(B)/gen -j2 $(wildcard godb capture vtab shell)
	$(if $(sh_files),shellcheck $(sh_files))
	$(if $(wildcard docs/*.[1578]),mandoc -T lint -W warning $(wildcard docs/*.[1578]))
	tests/layers.sh

# Each file is looked at again only where it changed.
ANALYZER := -fanalyzer -Werror
# gcc 12 loses sight of memory when its address goes to an element of an array or through a pointer to a pointer.  The
# eleven leaks that it reports are in these files; each was looked at, and is none.  clang-tidy and LeakSanitizer
# look for leaks in them, too.
wrong_leaks := $(addprefix godb/,block_pack check_dir filter group_part regroup run_merge) \
    $(addprefix shell/,host_names page_answer)
analyzed := $(src_godb) $(src_capture) $(src_vtab) $(src_shell)
pkgs_all := $(sort $(pkgs_godb) $(pkgs_capture) $(pkgs_vtab) $(pkgs_shell))
analyze_flags = -std=c11 -I. -I$(B)/gen -D_GNU_SOURCE '-DGOPROBE_DB_PATH="$(DB_PATH)"' \
    '-DGOPROBE_CONFIG_PATH="$(CONFIG_PATH)"' $(patsubst -I%,-isystem %,$(call pkg_cflags,$(pkgs_all)))
$(patsubst %,build/analyze/gcc/%.o,$(wrong_leaks)): ANALYZER += -Wno-analyzer-malloc-leak

.PHONY: analyze analyze-gcc analyze-clang
analyze: analyze-gcc analyze-clang ## gcc -fanalyzer and clang-tidy over everything: minutes
analyze-gcc: $(patsubst %.c,build/analyze/gcc/%.o,$(analyzed)) ## gcc -fanalyzer alone
analyze-clang: $(patsubst %.c,build/analyze/tidy/%.ok,$(analyzed)) ## clang-tidy alone
build/analyze/gcc/%.o: %.c Makefile $(B)/gen/sql_views.h $(B)/gen/page_css.h
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
    binutils procps time rsyslog util-linux gzip zstd zsh faketime
DEPS_DEMO := iproute2 python3 curl openssl procps
# What docs/ecosystem.md tries; without them the tests skip it.
DEPS_ECOSYSTEM := libdbd-sqlite3-perl php-cli php-sqlite3 tcl libsqlite3-tcl unixodbc libsqliteodbc sqlite-utils
DEPS_DEV := clang clang-format clang-tidy cppcheck shellcheck mandoc git chromium $(DEPS_ECOSYSTEM)
DEPS_BENCH := clickhouse-server clickhouse-client nfdump softflowd libndpi-bin tcpreplay

DEPS_DEB := debhelper dpkg-dev fakeroot lintian debootstrap

.PHONY: deps deps-dev deps-bench deps-sqlite deps-deb deb deb-test fresh-test
deps: ## install the Debian packages that are missing
	@packaging/deps $(DEPS) $(DEPS_TEST)
deps-dev: ## those for format, lint and fuzzing too
	@packaging/deps $(DEPS) $(DEPS_TEST) $(DEPS_DEV)
deps-bench: ## the peers that make bench measures; DuckDB where there is npm
	@packaging/deps $(DEPS) $(DEPS_TEST) $(DEPS_BENCH)
	$(if $(shell command -v npm),npm install --prefix build/bench --no-fund --no-audit @duckdb/node-api)

deps-sqlite: ## an older and a newer SQLite to test the extension with, where there is npm
	@packaging/deps-sqlite build/sqlite

deps-deb: ## those for Debian packages and their tests
	@packaging/deps $(DEPS) $(DEPS_DEB)
deb: ## Debian packages, to build/deb
	@packaging/build-deb build/deb $(VERSION)
fresh-test: ## the README's commands in an empty Debian (root, network)
	@tests/packages/fresh
deb-test: ## install, start, ask, upgrade and purge them in a fresh Debian (root, network)
	@tests/packages/run build/deb

# --- Demo, install ---------------------------------------------------------------------

.PHONY: demo install uninstall clean help
demo: ## real traffic in network namespaces, captured and asked about in SQL
	@packaging/deps $(DEPS) $(DEPS_DEMO)
	@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$$(nproc)) all
	@demo/run $(B)

# What goes where, as mode:file:place, so that uninstall removes what install made.
#
# `.load goprobe` asks the loader for goprobe.so.  Its cache has names that start with
# lib, and the sonames of those: so the file is libgoprobe.so and its soname goprobe.so.
man_pages := $(wildcard docs/*.[1578])
installed := \
    $(foreach p,goprobe goprobe-check,755:$(B)/$p:$(SBINDIR)/$p) \
    $(foreach p,goquery goconvert goprobe-index,755:$(B)/$p:$(BINDIR)/$p) \
    644:$(B)/goprobe.so:$(LIBDIR)/libgoprobe.so \
    644:$(B)/libgodb.a:$(LIBDIR)/libgodb.a \
    644:godb/godb.h:$(INCLUDEDIR)/godb/godb.h \
    644:packaging/goprobe.sysusers:$(SYSUSERSDIR)/goprobe.conf \
    644:shell/completion.bash:$(COMPLETIONDIR)/goquery \
    644:packaging/completion.bash:$(COMPLETIONDIR)/goprobe \
    644:shell/completion.zsh:$(ZSHDIR)/_goquery \
    $(foreach f,$(src_views),644:$f:$(DATADIR)/sql/$(notdir $f)) \
    $(foreach f,README.md LICENSE CHANGELOG.md $(wildcard docs/*.md docs/examples/*),644:$f:$(DOCDIR)/$(f:docs/%=%))
# Those with paths in them.
filled := \
    644:godb/godb.pc.in:$(LIBDIR)/pkgconfig/godb.pc \
    644:packaging/goprobe.conf:$(DOCDIR)/goprobe.conf \
    755:packaging/goprobe.init:$(INITDIR)/goprobe.init \
    $(foreach u,goprobe.service goprobe-clean.service goprobe-clean.timer,644:packaging/$u:$(UNITDIR)/$u) \
    $(foreach m,$(man_pages),644:$m:$(MANDIR)/man$(patsubst .%,%,$(suffix $m))/$(notdir $m))
cron := 644:packaging/goprobe.cron:$(CRONDIR)/goprobe
field = $(word $1,$(subst :, ,$2))
# place:target
links := $(LIBDIR)/goprobe.so:libgoprobe.so $(COMPLETIONDIR)/goconvert:goquery $(COMPLETIONDIR)/goprobe-check:goprobe
# From a tree of the system's, links where shells, man, the loader and pkg-config look.
ifneq ($(if $(is_fhs),,$(is_system)),)
LINKDIR ?= /usr/local
places := $(foreach f,$(installed) $(filled),$(call field,3,$f))
linked := $(filter $(BINDIR)/% $(SBINDIR)/% $(MANDIR)/% $(COMPLETIONDIR)/% $(ZSHDIR)/% $(LIBDIR)/pkgconfig/%,$(places))
links += $(foreach f,$(linked) $(COMPLETIONDIR)/goconvert $(COMPLETIONDIR)/goprobe-check,$(LINKDIR)$(f:$(PREFIX)%=%):$f)
loader_conf := /etc/ld.so.conf.d/goprobe.conf
endif

fill_paths = sed -e 's|@SBINDIR@|$(SBINDIR)|; s|@BINDIR@|$(BINDIR)|; s|@CONFIG_PATH@|$(CONFIG_PATH)|' \
    -e 's|@DB_PATH@|$(DB_PATH)|; s|@DATA_DIR@|$(patsubst %/,%,$(dir $(DB_PATH)))|; s|@DAYS@|$(RETENTION_DAYS)|' \
    -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
    $(if $(filter docs/%,$1),-e 's|/var/lib/goprobe/db|$(DB_PATH)|; s|/usr/local/etc/goprobe.conf|$(CONFIG_PATH)|')
define put
	$(Q)install -D -m $(call field,1,$1) $(call field,2,$1) $(DESTDIR)$(call field,3,$1)

endef
define put_filled
	$(Q)$(call fill_paths,$(call field,2,$1)) $(call field,2,$1) | install -D -m $(call field,1,$1) /dev/stdin $(DESTDIR)$(call field,3,$1)

endef
define put_link
	$(Q)install -d $(DESTDIR)$(dir $(call field,1,$1))
	$(Q)ln -sfn $(call field,2,$1) $(DESTDIR)$(call field,1,$1)

endef

.PHONY: configure install install-files
configure: ## say what is missing; keep PREFIX and its kin for compile and install
	@packaging/configure $(sort $(pkgs_godb) $(pkgs_capture) $(pkgs_vtab) $(pkgs_shell))
	@mkdir -p $(dir $(CONFIG_MK))
	@: > $(CONFIG_MK)
	@$(foreach v,PREFIX BINDIR SBINDIR LIBDIR INCLUDEDIR MANDIR DATADIR DOCDIR UNITDIR SYSUSERSDIR INITDIR CRONDIR \
	    COMPLETIONDIR ZSHDIR LINKDIR SYSCONFDIR CONFIG_PATH DB_PATH RETENTION_DAYS CC CFLAGS CPPFLAGS LDFLAGS,\
	    $(if $(filter command% environment%,$(origin $v)),echo '$v ?= $($v)' >> $(CONFIG_MK);))
	@echo "  installs to $(PREFIX), with the database in $(DB_PATH)"
install: all ## install to $(DESTDIR)$(PREFIX); RETENTION_DAYS=30 with a nightly job
	@$(MAKE) --no-print-directory install-files
	$(if $(DESTDIR),,packaging/after-install '$(PREFIX)' '$(DB_PATH)' '$(SYSUSERSDIR)/goprobe.conf')
install-files: # what is built, and nothing but files
	@case '$(RETENTION_DAYS)' in *[!0-9]* | 0*) echo "RETENTION_DAYS=$(RETENTION_DAYS) is not a number of days" >&2; exit 1 ;; esac
	$(foreach f,$(installed),$(call put,$f))
	$(foreach f,$(filled) $(if $(RETENTION_DAYS),$(cron)),$(call put_filled,$f))
	$(foreach l,$(links),$(call put_link,$l))
	$(if $(loader_conf),$(Q)echo '$(LIBDIR)' | install -D -m 644 /dev/stdin $(DESTDIR)$(loader_conf))
	$(if $(is_fhs),,$(Q)test -d $(DESTDIR)$(DB_PATH) || { install -d $(dir $(DESTDIR)$(DB_PATH)) && install -d -m 750 $(DESTDIR)$(DB_PATH); })
	$(Q)test -e $(DESTDIR)$(CONFIG_PATH) || { $(call fill_paths) packaging/goprobe.conf | install -D -m 644 /dev/stdin $(DESTDIR)$(CONFIG_PATH); }
	@echo "  installed to $(DESTDIR)$(PREFIX); the configuration is $(CONFIG_PATH)"
uninstall: ## remove what install put there, but data and configuration
	$(Q)rm -f $(foreach f,$(installed) $(filled) $(cron),$(DESTDIR)$(call field,3,$f)) \
	    $(foreach l,$(links),$(DESTDIR)$(call field,1,$l)) $(if $(loader_conf),$(DESTDIR)$(loader_conf))
	$(Q)for dir in $(INCLUDEDIR)/godb $(DATADIR) $(DOCDIR) $(if $(is_fhs),,$(PREFIX)); do \
	    ! [ -d $(DESTDIR)$$dir ] || find $(DESTDIR)$$dir -depth -type d -empty -not -path '$(DESTDIR)$(DB_PATH)*' -delete; done
	$(if $(DESTDIR),,$(Q)[ "$$(id -u)" -ne 0 ] || ldconfig)
	@echo "  $(CONFIG_PATH) and $(DB_PATH) stay, where they are"
clean: ## remove build/
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  BUILD=release|debug|asan|tsan|cover  PREFIX=$(PREFIX)  V=1 shows the commands"

# `make clean configure compile install` is an order.
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

-include $(shell find $(B) build/analyze -name '*.d' 2>/dev/null)
