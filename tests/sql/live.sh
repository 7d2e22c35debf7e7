#!/bin/bash
# goprobe_scope('live', ...): flows that a goprobe has not written yet, as it would answer,
# beside the stored ones; what a statement sees is one moment, asked for once.
set -u
. tests/lib.sh
db=$TMP/db
"$BUILD_DIR/tests/host/mkdb" "$db" >"$TMP/out" 2>&1 || { not_ok "a database is made"; done_testing; }
socket=$db/goprobe.sock

# A goprobe that has one flow more in each answer; it notes each question.
cat >"$TMP/server.py" <<'PY'
import os, socket, struct, sys
path, log, written, time = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
def text(s):
    return bytes([len(s)]) + s.encode()
def row(i):
    return (bytes([172, 16, 0, i]) + bytes(12) + bytes([172, 16, 9, 9]) + bytes(12) +
            struct.pack('>BHHQQQQ', 6, 4000 + i, 91, 1000 * i, 10 * i, i, 1))
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path + '.new')
listener.listen(8)
os.rename(path + '.new', path)
asked = 0
while True:
    client, _ = listener.accept()
    if client.recv(64) != b'flows\n':
        break
    asked += 1
    rows = b''.join(row(i) for i in range(1, asked + 1))
    body = (b'GODBLIV1' + struct.pack('>II', 1, 1) + text('nDPI 4.2.0') + struct.pack('>H', 91) +
            text('TLS') + text('Web') + text('eth0') + struct.pack('>qqI', written, time, asked) + rows)
    with open(log, 'w') as out:
        out.write(f'{asked}\n')
    client.sendall(b'OK %d\n' % len(body) + body)
    client.close()
PY
last=$(sql "SELECT goprobe_scope('db','$db')" "SELECT max(time) FROM blocks WHERE iface = 'eth0'" | tail -1)
stored=$(sql "SELECT goprobe_scope('db','$db')" "SELECT count(*), sum(bytes) FROM flows" | tail -1)
live() { sql "SELECT goprobe_scope('db','$db')" "SELECT goprobe_scope('live', 1)" "$@" 2>"$TMP/err" | tail -n +3; }

is "without a goprobe there is nothing that is not stored" "$(live 'SELECT count(*), sum(bytes) FROM flows')" "$stored"
has "and it is said" "$(cat "$TMP/err")" "goprobe.sock: no goprobe answers"

python3 "$TMP/server.py" "$socket" "$TMP/asked" "$last" "$((last + 300))" 2>"$TMP/server.err" &
server=$!
trap 'kill "$server"' EXIT
passes "a goprobe answers" wait_for 10 test -S "$socket"

is "flows has its flows" "$(live "SELECT time - $last, iface, sip, dip, dport, l7_name, l7_category, bytes_rcvd, bytes_sent, packets FROM flows WHERE time > $last")" \
    "300|eth0|172.16.0.1|172.16.9.9|4001|TLS|Web|1000|10|2"
is "traffic sums them up with the stored ones" "$(live "SELECT flows - ${stored%|*}, bytes - ${stored#*|} FROM traffic")" "2|3030"
is "conditions, times and interfaces hold" "$(live "SELECT sip FROM flows('snet = 172.16.0.0/24 & dport > 4002')" \
    "SELECT count(*) FROM flows('dport > 4000 & dport < 4009', NULL, $last)" "SELECT count(*) FROM flows WHERE iface = 'eth1' AND time > $last")" "172.16.0.3
0
0"
is "a name that only the goprobe knows can be asked for" "$(live "SELECT count(*) FROM flows('l7proto = TLS & snet = 172.16.0.0/24')")" 6
is "the last flows are live ones" "$(live "SELECT DISTINCT time - $last FROM flows ORDER BY time DESC LIMIT 2" "SELECT max(time) - $last FROM flows" | head -1)" 300

before=$(cat "$TMP/asked")
is "both sides of a join see one moment" "$(live "SELECT count(*), count(DISTINCT a.sip) FROM flows a JOIN flows b ON a.sip = b.sip AND a.time = b.time WHERE a.time > $last")" \
    "$((before + 1))|$((before + 1))"
is "and both scans of an OR" "$(live "SELECT count(*) FROM flows WHERE (sip = '172.16.0.1' OR dport = 4001 OR dport = 4002) AND time > $last")" 2
is "a table asked again and again asks the goprobe once" "$(live "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
    SELECT count(*) FROM n CROSS JOIN flows ON dport = 4000 + i WHERE time > $last")" "$((before + 3))"
is "three statements, three questions" "$(cat "$TMP/asked")" "$((before + 3))"
is "the next statement sees a later one" "$(live "SELECT count(*) FROM flows WHERE time > $last" "SELECT count(*) FROM flows WHERE time > $last")" "$((before + 4))
$((before + 5))"
is "off it is off" "$(live "SELECT goprobe_scope('live', 0)" 'SELECT count(*), sum(bytes) FROM flows' | tail -1)" "$stored"
is "blocks are stored ones" "$(live "SELECT max(time) - $last FROM blocks WHERE iface = 'eth0'")" 0
is "another place can be named" "$(sql "SELECT goprobe_scope('db','$db')" "SELECT goprobe_scope('live', '$socket')" "SELECT count(*) > 0 FROM flows WHERE time > $last" | tail -1)" 1
sql "SELECT goprobe_scope('live', 'yes')" >"$TMP/out" 2>&1
has "what is no place is refused" "$(cat "$TMP/out")" "'yes' is neither 0 nor 1 nor the path of a socket"
sql "SELECT goprobe_scope('db','$db')" "SELECT goprobe_scope('live', '$TMP/server.py')" "SELECT count(*) FROM flows" >"$TMP/out" 2>&1
has "a file that is no socket has no goprobe" "$(cat "$TMP/out")" "no goprobe answers"
done_testing
