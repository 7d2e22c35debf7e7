# SPDX-License-Identifier: MIT
"""DuckDB's own storage: integers of fitting size, addresses as 128-bit numbers."""
import glob
import ipaddress
import os
import subprocess

from peer import Peer

TABLE = """CREATE TABLE flows(time UINTEGER, sip UHUGEINT, dip UHUGEINT, dport USMALLINT,
    proto UTINYINT, l7proto USMALLINT, bytes_rcvd UBIGINT, bytes_sent UBIGINT,
    packets_rcvd UBIGINT, packets_sent UBIGINT)"""


class Duckdb(Peer):
    name = "duckdb"
    install = "npm install --prefix build/bench @duckdb/node-api (or DUCKDB=/path/to/libduckdb.so)"

    @property
    def library(self):
        found = glob.glob(f"{self.data.folder}/node_modules/@duckdb/*/libduckdb.so")
        return os.environ.get("DUCKDB") or (found[0] if found else None)

    def missing(self):
        return None if self.library else "libduckdb.so"

    def shell(self, *statements):
        return [f"{self.data.build}/tests/bench/shell_duckdb", self.library,
                f"{self.folder}/flows.duckdb", *statements]

    def load(self):
        with subprocess.Popen(self.data.export("csv"), stdout=subprocess.PIPE) as source:
            subprocess.run(
                self.shell(TABLE, "COPY flows FROM '/dev/stdin' (HEADER false)", "CHECKPOINT"),
                stdin=source.stdout, check=True, stdout=subprocess.DEVNULL)

    def command(self, question):
        return self.shell(self.sql(question))

    def version(self):
        argv = self.shell("SELECT version()")
        argv[2] = ":memory:"
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    def ip(self, address):
        return f"{int(ipaddress.ip_address(address))}::UHUGEINT"

    @staticmethod
    def address(text):
        return str(ipaddress.ip_address(int(text)))
