#!/bin/bash
# goprobe-index: what it builds, counts and refuses, as a user sees it.
set -u
. tests/lib.sh
index=$BUILD_DIR/goprobe-index
cd "$TMP" || exit 1

{
    echo time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
    for day in 0 1 2; do
        for host in $(seq 1 50); do
            echo "$((1456358700 + 86400 * day)),eth$((host % 2)),10.0.$day.$host,10.0.0.9,443,TCP,0,$host,1,1,1"
        done
    done
} >flows.csv
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }

is "what goconvert wrote is indexed" "$("$index" -check db)" "6 days, 6 blocks: 6 indexed"
is "there is nothing to do then" "$("$index" db)" "6 days, 6 blocks: 6 indexed, 0 days new"
find db -name blocks.index -delete
is "-check counts what lacks an index" "$("$index" -check db; echo $?)" \
    "6 days, 6 blocks: 0 indexed
1"
is "one interface alone" "$("$index" db eth1)" "3 days, 3 blocks: 3 indexed, 3 days new"
is "the rest" "$("$index" db)" "6 days, 6 blocks: 6 indexed, 3 days new"
is "-rebuild makes all of them again" "$("$index" -rebuild db)" "6 days, 6 blocks: 6 indexed, 6 days new"

cp -r db copy
rows() { sql "SELECT goprobe_scope('db', '$1')" "SELECT count(*), sum(bytes) FROM flows WHERE sip = '10.0.1.7'" | tail -1; }
is "a copied database answers by its index" "$(rows copy)" "$(rows db)"
day=copy/eth0/1456358400
rm -r copy && cp -r db copy
printf x | dd of="$day/bytes_rcvd.gpf" bs=1 seek=12320 conv=notrunc 2>/dev/null
out=$("$index" copy 2>err; echo "rc $?")
has "a damaged block is counted" "$out" "1 damaged"
has "and ends with 65" "$out" "rc 65"
has "and is named" "$(cat err)" "copy/eth0/1456358400: bytes_rcvd.gpf: slot 0"
ask_copy() { sql "SELECT goprobe_scope('db', 'copy')" "$1" 2>&1; }
has "a question tells of it, too" "$(ask_copy 'SELECT sum(bytes) FROM flows')" "another hash"

# says SENTENCE CODE PART ARGS...
says() {
    local sentence=$1 code=$2 part=$3
    shift 3
    out=$("$index" "$@" 2>&1; echo "rc $?")
    has "$sentence" "$out" "$part"
    is "$sentence: exit code" "${out##*rc }" "$code"
}
says "no database" 64 "no database given"
says "an empty one" 64 "no database given" ""
says "one that is not there" 1 "nowhere" nowhere
says "an interface that is not there" 1 "eth7" db eth7
says "both modes" 64 "exclude each other" -check -rebuild db
says "an unknown flag" 64 "-x" -x db
has "-h shows the usage" "$("$index" -h)" "usage: goprobe-index [-check | -rebuild] DATABASE [INTERFACE...]"
has "-version" "$("$index" -version)" "goprobe-index "
done_testing
