# shellcheck shell=bash
# Completion for goquery and goconvert: flags, reports and columns, interfaces of the
# database, attributes and values of conditions.

_goquery_flags='-i -d -c -f -l -n -e -s -p -a -in -out -sum -bars -plot -resolve
    -resolve-timeout -resolve-rows -x -compat -list -sql -q -report -shell -clean -wipe -yes -mem -h
    -help-admin -version --iface --db --condition --first --last --limit --format --sort
    --packets --ascending --external --query --help'
_goquery_queries='talk_src talk_dst talk_conv apps_port apps_dpi agg_talk_port raw'
_goquery_columns='time iface sip dip dport proto l7proto'
_goquery_attributes='sip dip src dst host snet dnet net dport proto l7proto'

# The database that the command line names, or else the default.
_goquery_ifaces() {
    local i db=()
    for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
        case ${COMP_WORDS[i]} in
        -d | --db | -db | -out) db=(-d "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    goquery "${db[@]}" -e csv -q 'SELECT iface FROM interfaces' 2>/dev/null | tail -n +2
}

# _goquery_list WORDS: complete the last part of a comma list
_goquery_list() {
    local before=
    [[ $cur == *,* ]] && before=${cur%,*},
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
}

# _goquery_words WORDS: complete a word
_goquery_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }

# The last word of a condition: an attribute, a comparison behind it, or what joins two.
# Readline hands over the quote that it begins with.
_goquery_condition() {
    local quote='' text=$cur before last
    case $cur in \"* | \'*) quote=${cur:0:1} text=${cur:1} ;; esac
    last=${text##*[ (&|!]} before=${text%"$last"}
    local words=$_goquery_attributes
    # shellcheck disable=SC2221,SC2222
    case $before in
    *[a-z0-9]' = ' | *'!= ' | *'= ')
        case $before in
        *l7proto*) words='HTTP DNS SSL/TLS' ;;
        *proto*) words='TCP UDP ICMP IPv6-ICMP ESP GRE' ;;
        *) words= ;;
        esac
        ;;
    *host\  | *sip\  | *dip\  | *src\  | *dst\  | *net\ ) words='= !=' ;;
    *port\  | *proto\ ) words='= != < > <= >=' ;;
    *[=\<\>]\ *[!\ \&\|\(]\ ) words='& |' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -P "$quote$before" -W "$words" -- "$last")
}

_goquery() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
    -i | --iface) _goquery_list "$(_goquery_ifaces) ANY" ;;
    -d | --db) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    -c | --condition) _goquery_condition ;;
    -e | --format) _goquery_words 'txt csv json influxdb' ;;
    -s | --sort) _goquery_words 'bytes packets time' ;;
    -compat) _goquery_words 1.05 ;;
    -report) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    -f | -l | -clean | --first | --last) _goquery_words '-1h -1d -7d -30d' ;;
    -n | -q | -resolve-timeout | -resolve-rows | -mem | --limit | --query) ;;
    *) if [[ $cur == -* ]]; then
        _goquery_words "$_goquery_flags"
    else
        _goquery_list "$_goquery_queries $_goquery_columns"
    fi ;;
    esac
}

_goconvert() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
    -in | -f | -export | -rejects) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    -out | -s | -db | -d) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    -iface | -i) _goquery_list "$(_goquery_ifaces)" ;;
    -from) _goquery_words 'csv nfdump' ;;
    -schema) _goquery_list "$_goquery_columns bytes_rcvd bytes_sent packets_rcvd packets_sent" ;;
    -n | -window) ;;
    *) _goquery_words '-in -out -db -iface -schema -from -n -window -keep-going -small -rejects
        -export -h -version' ;;
    esac
}

complete -F _goquery goquery
complete -o filenames -F _goconvert goconvert
