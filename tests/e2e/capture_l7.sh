#!/bin/bash
# Layer 7 protocols are those that ndpiReader finds, which looks at many more packets of
# each flow; packets and bytes are the same to the last one.
#
# The captures: those of ../shared/data/pcaps, of the directories in $GOPROBE_PCAPS, and one
# that is made.
set -u
. tests/lib.sh
goprobe=$BUILD_DIR/goprobe
if ! command -v ndpiReader >/dev/null; then
    skip "layer 7 protocols are ndpiReader's" "ndpiReader is not installed (libndpi-bin)"
    done_testing
fi

# measure FILE NAME: what both make of it, in $TMP/NAME.csv, .totals, .flows and .sums
measure() {
    ndpiReader -i "$1" -C "$TMP/$2.csv" >"$TMP/reader" 2>&1 || return 1
    # "IP packets: 24 of 24 packets total", "IP bytes: 2574 (avg ...)"
    awk '/IP packets:/ { packets = $3 } /IP bytes:/ { bytes = $3 } END { print packets "|" bytes }' \
        "$TMP/reader" >"$TMP/$2.totals"
    "$goprobe" -d "$TMP/db.$2" -r "$1" -i "x$2" 2>"$TMP/err" || return 1
    sql "SELECT goprobe_scope('db', '$TMP/db.$2')" "SELECT packets, bytes FROM traffic" | tail -n +2 >"$TMP/$2.sums"
    sql "SELECT goprobe_scope('db', '$TMP/db.$2')" \
        "SELECT sip, dip, dport, proto, l7proto, bytes FROM flows" | tail -n +2 >"$TMP/$2.flows"
}
# compare SENTENCE NAME...: agreement of at least 99.5 % by flows and by bytes
compare() {
    local sentence=$1 flows same bytes same_bytes tunnelled
    shift
    python3 tests/e2e/l7_agreement.py "$TMP" "$@" >"$TMP/agreement"
    IFS=$'\t' read -r flows same bytes same_bytes tunnelled <"$TMP/agreement"
    echo "# $sentence: $same of $flows flows, $same_bytes of $bytes bytes; $tunnelled in tunnels not compared"
    is "$sentence: flows, 99.5 %" "$((flows > 0 && same * 1000 >= flows * 995))" 1
    is "$sentence: bytes, 99.5 %" "$((bytes > 0 && same_bytes * 1000 >= bytes * 995))" 1
    is "$sentence: few are in tunnels" "$((tunnelled * 20 <= flows))" 1
}

names=() differ=
number=0
IFS=: read -ra directories <<<"../shared/data/pcaps${GOPROBE_PCAPS:+:$GOPROBE_PCAPS}"
for directory in "${directories[@]}"; do
    for file in "$directory"/*.pcap "$directory"/*.pcapng; do
        [ -e "$file" ] || continue
        number=$((number + 1))
        if ! measure "$file" "$number"; then
            differ+="$file cannot be read by both"$'\n'
            continue
        fi
        cmp -s "$TMP/$number.totals" "$TMP/$number.sums" ||
            differ+="$file: $(cat "$TMP/$number.sums"), but $(cat "$TMP/$number.totals")"$'\n'
        names+=("$number")
    done
done
if [ "${#names[@]}" -gt 0 ]; then
    is "packets and bytes of ${#names[@]} real captures are ndpiReader's" "$differ" ""
    compare "real captures" "${names[@]}"
else
    skip "real captures: layer 7 protocols are ndpiReader's" "no ../shared/data/pcaps"
fi

passes "a capture is made" "$BUILD_DIR/tests/bench/capture_make_packets" "$TMP/made.pcap" 5000 80000 2048
passes "and read by both" measure "$TMP/made.pcap" made
is "its packets and bytes are ndpiReader's" "$(cat "$TMP/made.sums")" "$(cat "$TMP/made.totals")"
compare "a capture of 5000 flows" made
rm "$TMP/made.pcap"
done_testing
