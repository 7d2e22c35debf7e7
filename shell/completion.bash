# shellcheck shell=bash
# Completion for goquery and goconvert: flags, reports and columns, interfaces.

_goquery_flags='-i -d -c -f -l -n -e -s -p -a -in -out -sum -list -sql -h -version'
_goquery_queries='talk_src talk_dst talk_conv apps_port apps_dpi agg_talk_port raw'
_goquery_columns='time iface sip dip dport proto l7proto'

# The database that the command line names, or else the default.
_goquery_ifaces() {
    local i db=()
    for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
        [[ ${COMP_WORDS[i]} == -d ]] && db=(-d "${COMP_WORDS[i + 1]}")
    done
    goquery -list "${db[@]}" 2>/dev/null | awk 'NR > 1 && $1 != "Total" { print $1 }'
}

# _goquery_list WORDS: complete the last part of a comma list
_goquery_list() {
    local before=
    [[ $cur == *,* ]] && before=${cur%,*},
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
}

_goquery() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
    -i) _goquery_list "$(_goquery_ifaces) ANY" ;;
    -d) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    -e) mapfile -t COMPREPLY < <(compgen -W 'txt csv json' -- "$cur") ;;
    -s) mapfile -t COMPREPLY < <(compgen -W 'bytes packets time' -- "$cur") ;;
    -c | -f | -l | -n) ;;
    *) if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_goquery_flags" -- "$cur")
    elif [[ $cur == *,* ]]; then
        _goquery_list "$_goquery_columns"
    else
        mapfile -t COMPREPLY < <(compgen -W "$_goquery_queries $_goquery_columns" -- "$cur")
    fi ;;
    esac
}

_goconvert() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
    -in | -f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    -out | -s) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    -iface | -i | -n) ;;
    *) mapfile -t COMPREPLY < <(compgen -W '-in -out -iface -n -h -version' -- "$cur") ;;
    esac
}

complete -F _goquery goquery
complete -o filenames -F _goconvert goconvert
