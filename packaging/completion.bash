# shellcheck shell=bash
# Completion for goprobe: options, interfaces, files.

_goprobe() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
    COMPREPLY=()
    case $prev in
    -d | --db) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    -r | --read | -config | -pidfile) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    -user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
    -log) mapfile -t COMPREPLY < <(compgen -W 'stderr syslog udp' -- "$cur") ;;
    -f | --filter | -i | --iface | -B | --buffer | --max-flows) ;;
    *)
        if [[ $cur == -* ]]; then
            words='-config -d -f -r -i -B --max-flows --no-dpi --no-promisc -n -D -user -pidfile -log --seccomp -h -V'
        else
            words="$(ls /sys/class/net) ANY"
        fi
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        ;;
    esac
}
complete -F _goprobe goprobe

_goprobe_check() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    case $prev in
    -e) mapfile -t COMPREPLY < <(compgen -W 'txt json' -- "$cur") ;;
    *)
        if [[ $cur == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W '-repair -e -q -h -help -version' -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        fi
        ;;
    esac
}
complete -F _goprobe_check goprobe-check
