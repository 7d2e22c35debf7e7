#compdef goquery goconvert
# Completion for goquery and goconvert: flags, reports and columns, interfaces of the
# database, attributes of conditions.

_goquery_ifaces() {
    local -a db ifaces
    local at=${words[(I)(-d|--db|-db|-out)]}
    ((at > 0)) && db=(-d ${(Q)words[at + 1]})
    ifaces=(${(f)"$(goquery $db -e csv -q 'SELECT iface FROM interfaces' 2>/dev/null | tail -n +2)"} $@)
    _values -s , interface ${ifaces//:/\\:}
}

_goquery_columns() {
    _values -s , 'report or column' \
        'talk_src[who asks]' 'talk_dst[who is asked]' 'talk_conv[who talks to whom]' \
        'apps_port[over which ports]' 'apps_dpi[with which applications]' \
        'agg_talk_port[who talks to whom over which port]' 'raw[every stored flow]' \
        time iface sip dip dport proto l7proto
}

_goquery_condition() {
    # The last word of the condition, in the quotes that it stands in.
    compset -P '*[ (&|!]'
    local -a attributes
    attributes=(sip dip src dst host snet dnet net dport proto l7proto)
    _describe -t attributes attribute attributes -S '='
}

_goquery_times() { _message -e times 'time, as -1d or 2016-02-25 19:34'; }

_goquery() {
    _arguments -S \
        '(-i --iface)'{-i,--iface}'[interface, a list, or ANY]:interface:_goquery_ifaces ANY' \
        '(-d --db)'{-d,--db}'[database]:directory:_files -/' \
        '(-c --condition)'{-c,--condition}'[only flows that it holds for]:condition:_goquery_condition' \
        '(-f --first)'{-f,--first}'[from this time on]:time:_goquery_times' \
        '(-l --last)'{-l,--last}'[up to this time]:time:_goquery_times' \
        '(-n --limit)'{-n,--limit}'[at most so many rows]:rows: ' \
        '(-s --sort)'{-s,--sort}'[sort by]:key:(bytes packets time)' \
        '(-p --packets)'{-p,--packets}'[sort by packets]' \
        '(-a --ascending)'{-a,--ascending}'[smallest first]' \
        '-in[count what was received]' '-out[count what was sent]' '-sum[count both in one]' \
        '(-e --format)'{-e,--format}'[format]:format:(txt json csv influxdb)' \
        '-bars[a bar behind each row]' '-plot[draw a picture over time]' \
        '-resolve[host names for addresses]' '-resolve-timeout[how long to wait]:time: ' \
        '-resolve-rows[how many rows get names]:rows: ' \
        '(-x --external)'{-x,--external}'[for other programs]' \
        '-compat[print what this version did]:version:(1.05)' \
        '-list[list the interfaces]' '-sql[print the SQL]' \
        '(-q --query)'{-q,--query}'[run this SQL]:statement: ' \
        '-report[write a page of HTML]:file:_files' '-shell[open sqlite3]' '-clean[delete days before]:time:_goquery_times' \
        '-wipe[delete all flows]' '-yes[do not ask]' '-mem[percent of memory]:percent: ' \
        '(-h --help)'{-h,--help}'[show the flags]' '-help-admin[show those that delete]' \
        '-version[show the version]' \
        ':query:_goquery_columns'
}

_goconvert() {
    _arguments -S \
        '(-in -f)'{-in,-f}'[CSV file to import]:file:_files' \
        '(-out -db -s -d)'{-out,-db,-s,-d}'[database]:directory:_files -/' \
        '(-iface -i)'{-iface,-i}'[interface]:interface:_goquery_ifaces' \
        '-schema[columns of the file]:columns: ' '-from[format]:format:(csv nfdump)' \
        '-n[stop after so many rows]:rows: ' '-window[how late a row may come]:seconds: ' \
        '-keep-going[import the other rows]' '-small[look longer for smaller blocks]' '-rejects[list refused rows here]:file:_files' \
        '-export[write a CSV file]:file:_files' '-h[show the flags]' '-version[show the version]'
}

case $service in
goquery) _goquery "$@" ;;
goconvert) _goconvert "$@" ;;
esac
