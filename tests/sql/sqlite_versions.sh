#!/bin/bash
# The extension on other versions of SQLite than the machine's: one before 3.38, which
# lacks half of what a virtual table is told, and a newer one.  The statements of the other
# scripts give the same answers there, the extension may be built with either's headers,
# and the oracle agrees.
set -u
. tests/lib.sh
case $BUILD_DIR in
*/asan | */tsan)
    skip "other versions of SQLite" "a sanitizer build cannot be loaded by them"
    done_testing
    ;;
esac
versions=()
for dir in build/sqlite/*/; do [ -e "$dir/sqlite3.c" ] && versions+=("$(basename "$dir")"); done
if [ ${#versions[@]} -eq 0 ]; then
    skip "other versions of SQLite" "none is there; make deps-sqlite fetches them"
    done_testing
fi
passes "shells of ${versions[*]} are built" make -s sqlite-hosts

# script NAME: how many of its tests passed and failed, on $SQL_HOST
script() {
    local log=$TMP/$1.log
    mkdir -p "$TMP/$1"
    TMP=$TMP/$1 bash "tests/sql/$1.sh" >"$log" 2>&1 </dev/null
    if grep -qE '^ok' "$log" && [ "$(tail -n 1 "$log")" = "1..$(grep -c '^ok' "$log")" ]; then
        echo "all $1 passed"
    else
        grep -E -A4 '^not ok' "$log"
        tail -n 3 "$log"
    fi
    rm -rf "${TMP:?}/$1"
}

for version in "${versions[@]}"; do
    dir=$PWD/build/sqlite/$version
    export SQL_HOST=$dir/sqlhost GOPROBE_SO=$BUILD_DIR/goprobe.so
    is "the shell is SQLite $version" "$(sql 'SELECT sqlite_version(), human_bytes(1)')" "$version|1.00  B"
    for name in semantics views errors manual damage v4_database; do
        is "$version: $name" "$(script $name)" "all $name passed"
    done
    passes "$version: what it answers is what plain tables answer" "$dir/vtab_oracle"
    for built in "${versions[@]}"; do
        GOPROBE_SO=$PWD/build/sqlite/$built/goprobe.so
        is "$version loads what was built with the headers of $built" "$(sql 'SELECT human_count(1)')" "1.00  "
    done
    GOPROBE_SO=$dir/goprobe.so
    is "$version: semantics when built with its headers" "$(script semantics)" "all semantics passed"
done
done_testing
