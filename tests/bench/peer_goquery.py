# SPDX-License-Identifier: MIT
"""The original goQuery over the very database, where GOQUERY names its program."""
import json
import os
import shutil

from peer import Peer, folder_bytes, number
from questions import ADDRESSES
class Goquery(Peer):
    name = "goquery"
    install = "build goProbe and say GOQUERY=/path/to/its/goquery"

    def missing(self):
        program = os.environ.get("GOQUERY")
        return None if program and shutil.which(program) else "goquery of the original (GOQUERY)"

    def ready(self, fresh):
        """Nothing to load: it reads the same files."""

    def disk_bytes(self):
        return folder_bytes(self.data.path)

    def command(self, question):
        if not question.goquery:
            return None
        *options, query = question.goquery
        return [os.environ["GOQUERY"], "-d", self.data.path, "-i", "eth0", "-f", "1", "-l",
                "4000000000", "-n", "10", "-e", "json", *options, query]

    def answer(self, question, output):
        tree = json.loads(output)
        rows = next(part for part in tree.values() if isinstance(part, list) and part)
        return sorted(self.json_row(question.columns, row) for row in rows)

    def json_row(self, columns, row):
        row["packets"] = row["packets_rcvd"] + row["packets_sent"]
        row["bytes"] = row["bytes_rcvd"] + row["bytes_sent"]
        return tuple(row[c] if c in ADDRESSES else number(row[c]) for c in columns)
