#!/bin/bash
# Who may include whom: the table in docs/architecture.md, enforced.
set -u
cd "$(dirname "$0")/.." || exit 1
n=0 failed=0
deny() { # SENTENCE FILES-GLOB REGEX
    n=$((n + 1))
    local hits
    # shellcheck disable=SC2086
    hits=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[<\"]($3)" $2 2>/dev/null)
    if [ -z "$hits" ]; then echo "ok $n - $1"; else
        echo "not ok $n - $1"; echo "$hits" | sed 's/^/#  /'; failed=1
    fi
}
without() { ls $1 2>/dev/null | grep -v "^$2\$" | tr '\n' ' '; }
deny "godb/ sees no SQLite, pcap, nDPI, syslog, or other layer" 'godb/*.[ch]' \
    'sqlite3|pcap|ndpi|syslog|capture/|vtab/|shell/|tests/'
deny "only godb/codec.c includes lz4" "$(without 'godb/*.[ch] capture/*.[ch] vtab/*.[ch] shell/*.[ch]' godb/codec.c)" 'lz4'
deny "capture/ sees only the public header of godb" 'capture/*.[ch]' 'godb/[^g]|godb/g[^o]|sqlite3|vtab/|shell/|tests/'
deny "only capture/source.c includes pcap" "$(without 'godb/*.[ch] capture/*.[ch] vtab/*.[ch] shell/*.[ch]' capture/source.c)" 'pcap'
deny "only capture/classify.c includes nDPI" "$(without 'godb/*.[ch] capture/*.[ch] vtab/*.[ch] shell/*.[ch]' capture/classify.c)" 'ndpi'
deny "vtab/ sees only the public header of godb" 'vtab/*.[ch]' 'godb/[^g]|godb/g[^o]|capture/|shell/|tests/'
deny "shell/ sees the public header of godb and vtab/register.h" 'shell/*.[ch]' 'godb/[^g]|godb/g[^o]|vtab/[^r]|capture/|tests/'
n=$((n + 1))
hits=$(grep -nE '\b(printf|puts|putchar|perror|exit|_exit|abort|syslog)[[:space:]]*\(|\b(stdout|stderr)\b' godb/*.c 2>/dev/null)
if [ -z "$hits" ]; then echo "ok $n - godb/ prints nothing and never exits"; else
    echo "not ok $n - godb/ prints nothing and never exits"; echo "$hits" | sed 's/^/#  /'; failed=1
fi
echo "1..$n"
exit $failed
