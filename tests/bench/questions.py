# SPDX-License-Identifier: MIT
"""The questions of the benchmark, each in every form: this is their one place.

ours     what a user types into the sqlite3 shell with goprobe loaded
sql      the same for a table of flows.  ip('...') is an address and in_net(column,
         '...') a network, which each peer writes in its own way
nfdump   arguments for nfdump; None where it has no such question
goquery  arguments for the original goQuery; likewise
columns  what every answer has; ours may have more
rows     how many rows the answer is about
"""
from dataclasses import dataclass

ADDRESSES = ("sip", "dip")
SUMS = "sum(packets_rcvd + packets_sent) AS packets, sum(bytes_rcvd + bytes_sent) AS bytes"
TOP = "ORDER BY bytes DESC LIMIT 10"


@dataclass(frozen=True)
class Question:
    key: str
    title: str
    columns: tuple
    rows: int
    ours: str
    sql: str
    nfdump: tuple = None
    goquery: tuple = None


def top_sql(dims, where=""):
    return f"SELECT {dims}, {SUMS} FROM flows {where} GROUP BY {dims} {TOP}"


def top_nfdump(dims, condition="any"):
    return ("-A", dims, "-O", "bytes", "-n", "10", condition)


def nfdump_dims(columns):
    names = {"sip": "srcip", "dip": "dstip", "dport": "dstport", "proto": "proto"}
    return ",".join(names[c] for c in columns if c in names)


def top(key, title, columns, data, ours, where="", nfdump="any", goquery=(), rows=None):
    """Who has most bytes, by the columns before packets and bytes."""
    dims = [c for c in columns if c not in ("packets", "bytes")]
    return Question(key, title, tuple(columns), rows or data.rows, ours,
                    top_sql(", ".join(dims), where),
                    top_nfdump(nfdump_dims(dims), nfdump), goquery)


def questions(data):
    begin, end = data.middle_s, data.middle_s + 86400
    pair = ("sip", "dip", "packets", "bytes")
    conv = "SELECT sip, dip, packets, bytes FROM traffic"
    return [
        top("Q1", "talk_conv", pair, data, "SELECT * FROM talk_conv LIMIT 10",
            goquery=("talk_conv",)),
        top("Q2", "apps_port", ("dport", "proto", "packets", "bytes"), data,
            "SELECT * FROM apps_port LIMIT 10", goquery=("apps_port",)),
        top("Q3", "talk_conv, TCP and 443", pair, data,
            f"{conv}('proto = TCP & dport = 443') {TOP}",
            where="WHERE proto = 6 AND dport = 443",
            nfdump="proto tcp and dst port 443",
            goquery=("-c", "proto = TCP & dport = 443", "talk_conv")),
        top("Q4", "one source address", ("dip", "packets", "bytes"), data,
            f"SELECT dip, packets, bytes FROM traffic WHERE sip = '10.0.0.50' {TOP}",
            where="WHERE sip = ip('10.0.0.50')",
            nfdump="src ip 10.0.0.50",
            goquery=("-c", "sip = 10.0.0.50", "talk_dst")),
        top("Q5", "talk_src, one hour", ("sip", "packets", "bytes"), data,
            f"SELECT sip, packets, bytes FROM traffic(NULL, {begin}, {begin + 3600}) {TOP}",
            where=f"WHERE time > {begin} AND time < {begin + 3900}",
            nfdump=f"{begin}:{begin + 3600}",
            goquery=("-f", str(begin), "-l", str(begin + 3600), "talk_src"),
            rows=12 * data.flows),
        Question("Q6", "bytes by block, one day", ("time", "bytes"), 288 * data.flows,
            f"SELECT time, bytes FROM traffic(NULL, {begin}, {end})",
            "SELECT time, sum(bytes_rcvd + bytes_sent) AS bytes FROM flows "
            f"WHERE time > {begin} AND time < {end + 300} GROUP BY time",
            goquery=("-f", str(begin), "-l", str(end), "-n", "9999", "time")),
        top("Q7", "agg_talk_port", ("sip", "dip", "dport", "proto", "packets", "bytes"),
            data, "SELECT * FROM agg_talk_port LIMIT 10", goquery=("agg_talk_port",)),
        top("N1", "a rare address", pair, data,
            f"{conv} WHERE dip = '{data.rare_ip}' {TOP}",
            where=f"WHERE dip = ip('{data.rare_ip}')",
            nfdump=f"dst ip {data.rare_ip}",
            goquery=("-c", f"dip = {data.rare_ip}", "talk_conv")),
        top("N2", "a rare port", pair, data,
            f"{conv} WHERE dport = {data.rare_port} {TOP}",
            where=f"WHERE dport = {data.rare_port}",
            nfdump=f"dst port {data.rare_port}",
            goquery=("-c", f"dport = {data.rare_port}", "talk_conv")),
        top("N3", "a network of 256", pair, data,
            f"{conv}('dnet = {data.rare_net}') {TOP}",
            where=f"WHERE in_net(dip, '{data.rare_net}')",
            nfdump=f"dst net {data.rare_net}",
            goquery=("-c", f"dnet = {data.rare_net}", "talk_conv")),
        Question("F1", "sum(bytes) over flows", ("bytes",), data.rows,
            "SELECT sum(bytes) AS bytes FROM flows",
            "SELECT sum(bytes_rcvd + bytes_sent) AS bytes FROM flows"),
        Question("F2", "GROUP BY sip over flows", ("sip", "bytes"), data.rows,
            f"SELECT sip, sum(bytes) AS bytes FROM flows GROUP BY sip {TOP}",
            f"SELECT sip, sum(bytes_rcvd + bytes_sent) AS bytes FROM flows GROUP BY sip {TOP}"),
    ]
