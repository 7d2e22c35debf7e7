#!/bin/bash
# What a tab offers, in bash and in zsh.
set -u
. tests/lib.sh
shell=$PWD/shell
cd "$TMP" || exit 1
cat >flows.csv <<'END'
time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,packets_sent
1456428900,eth0,10.0.0.1,10.0.0.9,53,UDP,1,1,1,1
1456428900,br-lan,10.0.0.1,10.0.0.9,53,UDP,1,1,1,1
END
"$BUILD_DIR/goconvert" -in flows.csv -out db 2>err || { cat err; exit 1; }
mkdir bin && ln -s "$BUILD_DIR/goquery" "$BUILD_DIR/goconvert" bin/
export PATH=$TMP/bin:$PATH

# --- bash: the functions, called as readline calls them -----------------------------------

# offers SENTENCE WANTED WORD...: completing the last word
offers() {
    local sentence=$1 wanted=$2
    shift 2
    is "$sentence" "$(COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) bash -c '
        words=("${@:2}")
        . "$1"
        COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
        "_${words[0]}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$shell/completion.bash" "$@" | xargs)" "$wanted"
}
offers "flags" "-l -list" goquery -d x -l
offers "interfaces of the database" "br-lan eth0 ANY" goquery -d db -i ""
offers "the next one of a list" "eth0,br-lan" goquery -d db -i eth0,b
offers "reports and columns" "talk_src talk_dst talk_conv" goquery -i eth0 talk
offers "columns of a list" "sip,dip sip,dport" goquery -i eth0 sip,d
offers "a flag with a file" "-report" goquery -rep
offers "the files" "flows.csv" goquery -report flo
offers "formats" "json" goquery -e j
offers "attributes of a condition" "dip dst dnet dport" goquery -c d
offers "comparisons behind one" "dport = dport != dport < dport > dport <= dport >=" goquery -c "dport "
offers "protocols behind those" "proto = TCP" goquery -c "proto = T"
offers "what joins two" "dport = 80 & dport = 80 |" goquery -c "dport = 80 "
offers "the next attribute" "dport = 80 & proto" goquery -c "dport = 80 & p"
offers "formats of an import" "nfdump" goconvert -from n
# Every flag of the usage is offered.
for program in goquery goconvert; do
    "$program" -h >usage
    [ $program = goquery ] && "$program" -help-admin >>usage
    missing=
    for flag in $(grep -oE '^  -[a-z-]+(, --[a-z]+)?' usage | tr -d ,); do
        grep -qE -- "(^|[ '])$flag( |\$|')" "$shell/completion.bash" || missing+=" bash:$flag"
        grep -qE -- "$flag" "$shell/completion.zsh" || missing+=" zsh:$flag"
    done
    is "both know every flag of $program" "$missing" ""
done

# --- zsh: on a terminal, with tabs typed ------------------------------------------------------

if ! command -v zsh >/dev/null || ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    skip "zsh" "no zsh, or no pseudo terminal"
    done_testing
fi
mkdir functions && cp "$shell/completion.zsh" functions/_goquery
cat >type.py <<'END'
import os, pty, select, sys, time
child, fd = pty.fork()
if child == 0:
    os.environ.update(TERM="dumb", HOME=os.getcwd())
    os.execvp("zsh", ["zsh", "-f"])

def read_until(mark, seconds):
    text, end = "", time.monotonic() + seconds
    while mark not in text and time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                text += os.read(fd, 4096).decode(errors="replace")
            except OSError:
                break
    return text

def send(text):
    os.write(fd, text.encode())

# Marks are typed in two parts, so that the echo of the typing is none.
send("PS1=; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -d $PWD/dump; echo do'ne'\n")
read_until("done\r\n", 60)
# What the tab made of the line is printed by the shell itself, as words.
send(sys.argv[1] + "\t" + "\x01print -rl -- line: \x05 th'end'\n")
text = read_until("thend\r\n", 60)
words = text.rsplit("line:\r\n", 1)[-1].split("\r\n")
print(" ".join(words[:-2]))
send("exit\n")
END
types() { is "$1" "$(python3 type.py "$2")" "$3"; }
types "zsh: a report" "goquery -d db -i eth0 talk_c" "goquery -d db -i eth0 talk_conv"
types "zsh: an interface of the database" "goquery -d db -i br" "goquery -d db -i br-lan"
types "zsh: a format" "goquery -e inf" "goquery -e influxdb"
types "zsh: a flag of goconvert" "goconvert -keep" "goconvert -keep-going"
done_testing
