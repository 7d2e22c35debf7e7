#!/bin/bash
# Bad questions in SQL: a failed statement and one clear line that names the culprit.
set -u
. tests/lib.sh

db=$TMP/db
"$BUILD_DIR/tests/host/mkdb" "$db" || exit 1

# refuses SENTENCE STATEMENTS PART: they fail with one line, which holds PART.
refuses() {
    if sql "SELECT goprobe_scope('db', '$db')" "$2" >"$TMP/out" 2>"$TMP/err"; then
        not_ok "$1"
        sed 's/^/#  /' "$TMP/out"
    else
        has "$1" "$(cat "$TMP/err")" "$3"
        # The shell adds two lines of its own, which point into the statement.
        is "$1: in one line" "$(grep -cvE '^  (SELECT|.*error here)' "$TMP/err")" 1
    fi
}
# answers SENTENCE STATEMENT WANTED: with warnings, if any, left in $TMP/err.
answers() {
    is "$1" "$(sql "SELECT goprobe_scope('db', '$db')" "$2" 2>"$TMP/err" | tail -n +2)" "$3"
}
scope() { printf "SELECT goprobe_scope('%s', '%s'); SELECT count(*) FROM flows" "$1" "$2"; }

# --- Databases
refuses 'a missing database is named' "$(scope db "$TMP/none")" "$TMP/none: no such database"
: >"$TMP/file"
refuses 'a file is no database' "$(scope db "$TMP/file")" "$TMP/file: not a directory"
refuses 'interfaces wants a database too' \
    "SELECT goprobe_scope('db', '$TMP/none'); SELECT * FROM interfaces" 'no such database'
refuses 'blocks wants a database too' \
    "SELECT goprobe_scope('db', '$TMP/none'); SELECT * FROM blocks" 'no such database'
mkdir "$TMP/empty"
is 'an empty database has no rows' "$(sql "SELECT goprobe_scope('db', '$TMP/empty')" \
    'SELECT * FROM flows; SELECT * FROM talk_conv; SELECT * FROM blocks' \
    'SELECT * FROM interfaces; SELECT count(*) FROM raw' | tail -n +2)" 0
if [ "$(id -u)" = 0 ]; then
    skip 'an unreadable database is named' 'root reads everything'
else
    mkdir -m 000 "$TMP/closed"
    refuses 'an unreadable database is named' "$(scope db "$TMP/closed")" "$TMP/closed"
fi
refuses 'a table on a missing database names it' \
    "CREATE VIRTUAL TABLE temp.x USING flows('$TMP/none'); SELECT count(*) FROM x" \
    "$TMP/none: no such database"
refuses 'a table takes one path' \
    "CREATE VIRTUAL TABLE temp.x USING flows('$db', 2)" 'takes one argument'

# --- Interfaces, reports, columns
refuses 'an unknown interface is named' "$(scope iface eth7)" "no interface 'eth7'"
refuses 'one unknown interface among known ones' "$(scope iface 'eth0,eth7')" "'eth7'"
refuses 'an interface cannot hold a slash' "$(scope iface '../eth0')" "'../eth0'"
refuses 'an interface cannot start with a dot' "$(scope iface .eth0)" "'.eth0'"
refuses 'an unknown report' 'SELECT * FROM talk_nobody' 'talk_nobody'
refuses 'an unknown column' 'SELECT colour FROM traffic' 'colour'
refuses 'an unknown scope lists the known ones' "$(scope ifaces eth0)" \
    "no scope 'ifaces'; there are db, iface, first, last, condition"
refuses 'flows are not for writing' 'INSERT INTO flows(dport) VALUES(1)' 'may not be modified'
refuses 'flows are not for deleting' 'DELETE FROM traffic' 'may not be modified'

# --- Conditions and times
refuses 'a condition without a value' "SELECT count(*) FROM flows('dport =')" \
    'condition: column 8: expected a value'
refuses 'a condition on an unknown attribute' \
    "SELECT bytes FROM traffic('dport = 443 and colour = 1')" \
    "condition: column 17: expected one of sip, dip"
refuses 'an open parenthesis' "SELECT bytes FROM traffic('(dport = 443')" 'column 13'
refuses 'a port beyond all ports' "SELECT bytes FROM traffic('dport = 65536')" 'column 9'
refuses 'an unknown layer 7 protocol' "SELECT bytes FROM traffic('l7proto = nosuch')" \
    "no layer 7 protocol is called 'nosuch'"
refuses 'a malformed condition is refused when it is set' \
    "SELECT goprobe_scope('condition', 'dport <> ')" "goprobe_scope('condition'): condition: column 8"
refuses 'a time that is none' "SELECT count(*) FROM flows(NULL, 'yesterdayish')" \
    "'yesterdayish' is no time"
refuses 'a time that is none is refused when it is set' \
    "SELECT goprobe_scope('last', 'soon')" "goprobe_scope('last'): 'soon' is no time"
refuses 'a time range upside down' "SELECT count(*) FROM flows(NULL, 1700006400, 1600000000)" \
    'upside down'
refuses 'a time range upside down by the scope' \
    "SELECT goprobe_scope('first', '1700006400'), goprobe_scope('last', '1600000000');
     SELECT * FROM talk_conv" 'upside down'

# --- ip_in
for net in junk 10.0.0.0/33 ::/129 10.0.0.0/-1 '' 10.0.0/8; do
    refuses "ip_in refuses the network '$net'" "SELECT ip_in('10.0.0.1', '$net')" \
        "ip_in: '$net' is not a network"
    refuses "a scan refuses the network '$net'" \
        "SELECT count(*) FROM flows WHERE ip_in(sip, '$net')" "ip_in: '$net' is not a network"
done
answers 'ip_in of what is no address is NULL' \
    "SELECT ip_in('nobody', '::/0') IS NULL, ip_in(NULL, '::/0') IS NULL, ip_in('::1', NULL) IS NULL" \
    '1|1|1'

done_testing
