#!/bin/bash
# Who may include whom: the table in docs/architecture.md, enforced.
set -u
cd "$(dirname "$0")/.." || exit 1
n=0 failed=0
all=(godb/*.[ch] capture/*.[ch] vtab/*.[ch] shell/*.[ch])

# verdict SENTENCE HITS: none is good.
verdict() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '#  %s\n' "$2"
        failed=1
    fi
}
# deny SENTENCE REGEX FILES...: none of the files includes what matches.
deny() {
    local sentence=$1 regex="^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]($2)"
    shift 2
    verdict "$sentence" "$(grep -nE "$regex" "$@")"
}
# only FILE REGEX SENTENCE: of all, FILE alone includes it.
only() {
    local file rest=()
    for file in "${all[@]}"; do [ "$file" = "$1" ] || rest+=("$file"); done
    deny "$3" "$2" "${rest[@]}"
}

deny "godb/ sees no SQLite, pcap, nDPI, syslog, or other layer" \
    'sqlite3|pcap|ndpi|syslog|capture/|vtab/|shell/|tests/' godb/*.[ch]
deny "capture/ sees only the public header of godb" \
    'godb/[^g]|godb/g[^o]|sqlite3|vtab/|shell/|tests/' capture/*.[ch]
deny "vtab/ sees only the public header of godb" \
    'godb/[^g]|godb/g[^o]|capture/|shell/|tests/' vtab/*.[ch]
deny "shell/ sees the public header of godb and vtab/register.h" \
    'godb/[^g]|godb/g[^o]|vtab/[^r]|capture/|tests/' shell/*.[ch]
only godb/codec.c lz4 "only godb/codec.c includes lz4"
others=()
for file in godb/*.[ch]; do [ "$file" = godb/codec.c ] || others+=("$file"); done
deny "of godb/, only codec.c includes zstd" zstd "${others[@]}"
only capture/source.c pcap "only capture/source.c includes pcap"
only capture/classify.c ndpi "only capture/classify.c includes nDPI"
all=(capture/*.[ch])
only capture/links.c libmnl "in capture/ only links.c includes libmnl"
only capture/service.c systemd "in capture/ only service.c includes systemd"
only capture/sandbox.c seccomp "in capture/ only sandbox.c includes seccomp"
only capture/config_json.c jansson "in capture/ only config_json.c includes jansson"
verdict "godb/ prints nothing and never exits" "$(grep -nE \
    '\b(printf|puts|putchar|perror|exit|_exit|abort|syslog)[[:space:]]*\(|\b(stdout|stderr)\b' godb/*.c)"
echo "1..$n"
exit $failed
