#!/bin/bash
# The benchmark itself: it asks, compares, and does not overlook a wrong answer.
set -u
. tests/lib.sh

case $BUILD_DIR in
*/asan | */tsan)
    skip 'the benchmark runs' 'the stock shell cannot load a sanitizer build'
    done_testing
    ;;
esac
bench() { BENCH=tiny BENCH_DIR=$TMP/bench BENCH_PEERS=sqlite BENCH_RUNS=1 tests/bench/run "$BUILD_DIR"; }

passes 'ours and a plain SQLite table give the same answers' bench
cp "$TMP/out" "$TMP/table"
is 'every question has a line' "$(grep -cE '^[QNF][1-9] ' "$TMP/table")" 12
is 'every result of both is on record' "$(grep -c . "$TMP/bench/results-tiny.tsv")" 25
has 'the record becomes a table' "$(tests/bench/report.py "$TMP/bench/results-tiny.tsv")" '| Q1 talk_conv | **'

sqlite3 "$TMP/bench/tiny-sqlite/flows.sqlite" \
    'UPDATE flows SET bytes_sent = bytes_sent + 1 WHERE rowid = (SELECT rowid FROM flows ORDER BY bytes_rcvd DESC LIMIT 1)'
fails 'one byte more in the peer is an error' bench
has 'which names the question' "$(cat "$TMP/err")" 'F1: sqlite differs from goprobe'

import_bench() { BENCH=tiny BENCH_DIR=$TMP/bench BENCH_RUNS=1 tests/bench/import "$BUILD_DIR"; }
passes 'imports are measured beside .import' import_bench
is 'with a line for each program that is there' "$(grep -cE '^(goconvert|goconvert -small|sqlite3 .import) +[0-9]' "$TMP/out")" 3

BENCH=huge fails 'a size that is none is refused' tests/bench/run "$BUILD_DIR"
has 'with those that are' "$(cat "$TMP/err")" 'say one of tiny, small, medium, large'
done_testing
