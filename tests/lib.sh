# shellcheck shell=bash
# What test scripts share: TAP results, and SQL through the extension under test.
# Source it from a script that tests/run started: BUILD_DIR and TMP are set.
: "${BUILD_DIR:?run me through tests/run}" "${TMP:?}"
tap_count=0
tap_failed=0

ok() { tap_count=$((tap_count + 1)); echo "ok $tap_count - $*"; }
not_ok() { tap_count=$((tap_count + 1)); tap_failed=1; echo "not ok $tap_count - $*"; }
skip() { tap_count=$((tap_count + 1)); echo "ok $tap_count - $1 # SKIP $2"; }

# is SENTENCE GOT WANTED
is() {
    if [ "$2" = "$3" ]; then ok "$1"; else
        not_ok "$1"
        printf '%s\n' "$2" | sed 's/^/#  got:    /'
        printf '%s\n' "$3" | sed 's/^/#  wanted: /'
    fi
}

# has SENTENCE TEXT PART
has() {
    case $2 in
    *"$3"*) ok "$1" ;;
    *)
        not_ok "$1"
        printf '%s\n' "$2" | sed 's/^/#  got:     /'
        echo "#  wanted part: $3"
        ;;
    esac
}

# passes SENTENCE COMMAND...   /   fails SENTENCE COMMAND...
passes() { local s=$1; shift; if "$@" >"$TMP/out" 2>"$TMP/err"; then ok "$s"; else not_ok "$s"; sed 's/^/#  /' "$TMP/err"; fi; }
fails() { local s=$1; shift; if "$@" >"$TMP/out" 2>"$TMP/err"; then not_ok "$s"; sed 's/^/#  /' "$TMP/out"; else ok "$s"; fi; }

# The extension in a SQL shell: the stock sqlite3, or, in a sanitizer build, which a
# stock shell cannot load, a small host program with the extension linked in.
# SQL comes as arguments or on standard input; errors go to standard error.  $SQL_HOST is
# a program that takes the place of both.
sql() {
    case ${SQL_HOST:+given}$BUILD_DIR in
    given*) "$SQL_HOST" "$@" ;;
    */asan | */tsan) "$BUILD_DIR/tests/host/sqlhost" "$@" ;;
    *)
        if [ $# -gt 0 ]; then
            sqlite3 -batch -bail :memory: ".load $BUILD_DIR/goprobe" "$@"
        else
            { echo ".load $BUILD_DIR/goprobe"; cat; } | sqlite3 -batch -bail :memory:
        fi
        ;;
    esac
}

# Is the SQLite that sql() runs on VERSION or newer?
sqlite_since() { # VERSION
    printf '%s\n' "$1" "$(sql 'SELECT sqlite_version()')" | sort -VC
}

# Wait until COMMAND succeeds, at most SECONDS; polls.
wait_for() { # SECONDS COMMAND...
    local left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.05
    done
}

done_testing() { echo "1..$tap_count"; exit "$tap_failed"; }
