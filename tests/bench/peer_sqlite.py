# SPDX-License-Identifier: MIT
"""A plain SQLite table of the same rows, ordered by time and with an index on it."""
import ipaddress
import subprocess

from peer import Peer

PRAGMAS = "PRAGMA mmap_size = 2147418112; PRAGMA cache_size = -1048576; " \
          "PRAGMA temp_store = MEMORY; PRAGMA threads = 2;"
COLUMNS = "time, sip, dip, dport, proto, bytes_rcvd, bytes_sent, packets_rcvd, packets_sent"


class Sqlite(Peer):
    name = "sqlite"
    install = "apt-get install sqlite3"

    @property
    def path(self):
        return f"{self.folder}/flows.sqlite"

    def load(self):
        subprocess.run(
            ["sqlite3", "-batch", "-bail", self.path, f".load {self.data.build}/goprobe",
             "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF",
             f"CREATE VIRTUAL TABLE temp.source USING flows('{self.data.path}')",
             f"CREATE TABLE main.flows AS SELECT {COLUMNS} FROM temp.source",
             "CREATE INDEX flows_time ON flows(time)", "ANALYZE"],
            check=True, stdout=subprocess.DEVNULL)

    def command(self, question):
        return ["sqlite3", "-batch", "-bail", "-separator", "\t", self.path,
                ".output /dev/null", PRAGMAS, ".output", self.sql(question)]

    def version(self):
        return subprocess.run(["sqlite3", "-version"], capture_output=True, text=True,
                              check=True).stdout.split()[0]

    def _net(self, match):
        net = ipaddress.ip_network(match[2])
        if net.prefixlen != 24:
            raise ValueError("addresses are text here: only networks of /24 are a prefix")
        return f"{match[1]} LIKE '{str(net[0])[:-1]}%'"
