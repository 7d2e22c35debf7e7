# SPDX-License-Identifier: MIT
"""goprobe.so in the stock sqlite3 shell, with and without a limit on its memory."""
import subprocess

from peer import Peer, folder_bytes


class Goprobe(Peer):
    name = "goprobe"
    scope = ()

    def __init__(self, data):
        super().__init__(data)
        self.env = {"GOPROBE_DB": data.path}

    def ready(self, fresh):
        """Nothing to load: these are the files."""

    def disk_bytes(self):
        return folder_bytes(self.data.path)

    def command_sql(self, sql):
        return ["sqlite3", "-batch", "-bail", "-header", "-separator", "\t", ":memory:",
                f".load {self.data.build}/goprobe", *self.scope, sql]

    def command(self, question):
        return self.command_sql(question.ours)

    def answer(self, question, output):
        lines = [line.split(b"\t") for line in output.split(b"\n") if line]
        lines = lines[len(self.scope) * 2:]  # a scope answers with a line under a head
        if not lines:
            return []
        head = [name.decode() for name in lines[0]]
        at = [head.index(c) for c in question.columns]
        return sorted(self.row(question.columns, [line[i] for i in at]) for line in lines[1:])


class GoprobeLimited(Goprobe):
    """BENCH_LIMIT=1GiB; large has it without being asked."""

    def __init__(self, data, limit):
        self.name = f"goprobe {limit}"
        self.scope = (f"SELECT goprobe_scope('memory_limit', '{limit}')",)
        super().__init__(data)

    def missing(self):
        done = subprocess.run(self.command_sql("SELECT 1"), capture_output=True, check=False)
        return None if done.returncode == 0 else "goprobe_scope('memory_limit', ...)"
