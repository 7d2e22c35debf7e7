#!/bin/bash
# A database of the original goProbe, asked in SQL, against the original's own query cases:
# every row, to the byte.
set -u
. tests/lib.sh
cases=../shared/data/examples
export GOPROBE_DB=../shared/data/testdb
if [ ! -d "$GOPROBE_DB" ]; then
    skip "the original's database answers like the original" "no $GOPROBE_DB"
    done_testing
fi
find "$GOPROBE_DB" -printf '%p %s %T@\n' >"$TMP/before"

# same SENTENCE CASE KEY COLUMNS-OF-JSON STATEMENT: both sides as sorted lines.
same() {
    local wanted got
    wanted=$(sql "SELECT $4 FROM json_each(CAST(readfile('$cases/$2.correctOutput.json') AS TEXT), '\$.\"$3\"') AS r" 2>&1 | sort)
    got=$(sql "$5" 2>&1 | sort)
    if [ "$got" = "$wanted" ] && [ -n "$got" ]; then
        ok "$1 ($(echo "$got" | wc -l) rows)"
    else
        not_ok "$1"
        diff <(echo "$wanted") <(echo "$got") | head -20 | sed 's/^/#  /'
    fi
}
field() { printf "json_extract(r.value, '\$.%s')" "$1"; }
all() { local list='' name; for name in "$@"; do list=$list${list:+, }$(field "$name"); done; echo "$list"; }
both=$(all bytes_rcvd bytes_sent packets_rcvd packets_sent)
sums='bytes_rcvd, bytes_sent, packets_rcvd, packets_sent'
case $BUILD_DIR in
*/asan | */tsan)
    skip "the original's database answers like the original" "readfile() is the stock shell's"
    done_testing
    ;;
esac

same "iface,sip,dip over all interfaces" ANY_interface iface,sip,dip \
    "$(all iface sip dip), $both" \
    "SELECT iface, sip, dip, $sums FROM traffic(NULL, 1456428000, 1456473000)"
same "a time range that ends at a day's border" day_border_below_both sip \
    "$(all sip), $both" \
    "SELECT sip, $sums FROM traffic(NULL, 1456428000, 1456444775) WHERE iface = 'eth0'"
same "dip,dport" dip,dport_both dip,dport "$(all dip dport), $both" \
    "SELECT dip, dport, $sums FROM traffic(NULL, 1456428000, 1456473000) WHERE iface = 'eth1'"
same "a nested condition" nested_both talk_conv "$(all sip dip), $both" \
    "SELECT sip, dip, $sums FROM traffic('({snet==125.0.0.0/8 or dnet -eq 237.0.0.0/8} & (sip -neq 125.167.76.152 || NOT [dip eq 237.147.182.13])) and (dport === 443 OR dport=8080 || dport=80)', 1456428000, 1456473000) WHERE iface = 'eth1'"
same "layer 7 protocols by name" l7proto_sum apps_dpi \
    "$(all l7proto category bytes packets)" \
    "SELECT l7_name, l7_category, bytes, packets FROM traffic(NULL, 1456428000, 1456473000) WHERE iface = 'eth1'"
is "summary.json and the interfaces table agree" "$(sql "
    SELECT count(*) FROM interfaces i, json_each(CAST(readfile('$GOPROBE_DB/summary.json') AS TEXT), '\$.interfaces') s
     WHERE i.iface = s.key AND i.flow_count = s.value->>'flowcount' AND i.traffic_bytes = s.value->>'traffic'
       AND i.first = s.value->>'begin' AND i.last = s.value->>'end'")" 7
find "$GOPROBE_DB" -printf '%p %s %T@\n' >"$TMP/after"
is "asking left every file as it was" "$(diff "$TMP/before" "$TMP/after")" ""
done_testing
