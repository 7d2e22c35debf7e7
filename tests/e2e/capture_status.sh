#!/bin/bash
# goprobe -status and who is at the other end of the socket: nobody, a file, one that says
# nothing, hangs up, talks nonsense, or promises more than it sends.  Each costs one clear
# line and a status of its own; what is printed is whole, or the status says that it is not.
set -u
. tests/lib.sh
goprobe=$BUILD_DIR/goprobe
sock=$TMP/s

peer=
clean_up() { [ -z "$peer" ] || kill "$peer" 2>/dev/null; }
trap clean_up EXIT

# Answers each client by the line that it reads from a file: bytes as Python has them,
# "silent" for none, "half" for a hang-up before the question is read.
cat >"$TMP/peer.py" <<'PY'
import socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listening.bind(sys.argv[1])
listening.listen(8)
while True:
    client, _ = listening.accept()
    how = open(sys.argv[2]).read().strip()
    if how != "half":
        client.recv(100)
    if how.startswith("b"):
        try:
            client.sendall(eval(how))
        except OSError:
            pass
    client.close()
PY
python3 "$TMP/peer.py" "$sock" "$TMP/how" &
peer=$!
wait_for 10 test -S "$sock"

# answers SENTENCE BYTES STATUS MESSAGE
answers() {
    echo "$2" >"$TMP/how"
    "$goprobe" -status -socket "$sock" >"$TMP/out" 2>"$TMP/err"
    is "$1: status $3" "$?" "$3"
    is "$1: says so" "$(cat "$TMP/err")" "${4:+goprobe: $sock: $4}"
}
answers "a whole answer" 'b"OK 5\nabcd\n"' 0 ""
is "it is printed" "$(cat "$TMP/out")" abcd
answers "an empty answer" 'b"OK 0\n"' 0 ""
answers "more than it promised" 'b"OK 2\nabcd\n"' 0 ""
is "is not printed" "$(cat "$TMP/out")" ab
answers "a large answer" 'b"OK 100000\n" + b"x" * 100000' 0 ""
is "is printed whole" "$(wc -c <"$TMP/out")" 100000
answers "a hang-up" 'b""' 69 "goprobe does not answer"
answers "a hang-up before the question is read" half 69 "goprobe does not answer"
answers "half a line" 'b"OK 5"' 69 "goprobe does not answer"
answers "a line without an end" 'b"OK 1" + b"0" * 1000' 69 "goprobe does not answer"
answers "less than it promised" 'b"OK 50\nabcd\n"' 74 "the answer is cut off"
answers "an error" 'b"ERROR out of memory\n"' 69 "goprobe says: ERROR out of memory"
answers "no permission" 'b"ERROR not permitted\n"' 77 "goprobe says: ERROR not permitted"
answers "another protocol" 'b"HTTP/1.1 400 Bad Request\r\n"' 69 "goprobe says: HTTP/1.1 400 Bad Request?"
answers "what would colour a terminal" 'b"ERROR \x1b[31mred\x7f\xc2\x9b\n"' 69 "goprobe says: ERROR ?[31mred???"
for head in 'OK ' 'OK x' 'OK -1' 'OK +1' 'OK  1' 'OK 1x' 'OK1' 'OK 1 2' ''; do
    answers "the head '$head'" "b\"$head\\n\"" 69 "goprobe says: $head"
done
printf '%s\n' 'b"OK 100000\n" + b"x" * 100000' >"$TMP/how"
"$goprobe" -status -socket "$sock" >/dev/full 2>"$TMP/err"
is "an answer that cannot be printed: status 74" "$?" 74
has "an answer that cannot be printed: is said" "$(cat "$TMP/err")" "standard output: "
kill "$peer"
wait "$peer" 2>/dev/null
peer=

# --- Nobody -----------------------------------------------------------------------------------
# refused SENTENCE STATUS MESSAGE ARGUMENTS...
refused() {
    local sentence=$1 status=$2 message=$3
    shift 3
    "$goprobe" -status "$@" >"$TMP/out" 2>"$TMP/err"
    is "$sentence: status $status" "$?" "$status"
    has "$sentence: says why" "$(cat "$TMP/err")" "$message"
    is "$sentence: prints nothing" "$(wc -c <"$TMP/out")" 0
}
refused "nobody listens any more" 69 "$sock: no goprobe answers: Connection refused" -socket "$sock"
refused "no socket" 69 "$TMP/none/goprobe.sock: no goprobe answers: No such file or directory" -d "$TMP/none"
touch "$TMP/file"
refused "a file" 69 "$TMP/file: no goprobe answers: Connection refused" -socket "$TMP/file"
refused "a path that is too long" 69 "no goprobe answers: Invalid argument" -socket "/$(printf 'x%.0s' {1..120})"
refused "an interface" 64 "-status takes no interface: eth0" -d "$TMP" eth0
refused "an option that is none" 64 "unrecognized option" --frobnicate
refused "another format" 64 "-e takes txt, json or prometheus, not xml" -e xml
refused "a configuration that is not there" 78 "$TMP/none.conf: No such file or directory" -config "$TMP/none.conf"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$TMP" "$(dirname "$TMP")"
    chmod 600 "$sock"
    cp "$goprobe" "$TMP/goprobe"
    setpriv --reuid nobody --regid nogroup --clear-groups "$TMP/goprobe" -status -socket "$sock" 2>"$TMP/err"
    is "a socket of somebody else: status 77" "$?" 77
    has "a socket of somebody else: says why" "$(cat "$TMP/err")" "Permission denied"
else
    skip "a socket of somebody else" "this needs root and setpriv"
fi
done_testing
