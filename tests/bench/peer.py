# SPDX-License-Identifier: MIT
"""What the peers have in common."""
import ipaddress
import os
import re
import shutil

from data import say
from questions import ADDRESSES


def folder_bytes(path):
    """Of the files in a folder, or of one file; blocks on disk, not names."""
    if os.path.isfile(path):
        return os.stat(path).st_size
    return sum(os.lstat(os.path.join(at, name)).st_size
               for at, _, names in os.walk(path) for name in names)


PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17}


def number(text):
    """A number, or a protocol's name where a report prints that."""
    text = text.decode() if isinstance(text, bytes) else str(text)
    return PROTOCOLS[text] if text in PROTOCOLS else int(text)


def plain_address(text):
    return str(ipaddress.ip_address(text.decode().strip()))


class Peer:
    """One system with the same rows.  A peer says in `name` what it is called, in
    `install` how it gets onto a machine, and fills in the methods below."""

    name = install = ""
    env = {}
    server = None  # process id, where questions go to a server

    def __init__(self, data):
        self.data = data
        self.folder = data.peer_folder(self.name)

    def missing(self):
        """What is not there, or None."""

    def load(self):
        """Take the rows in, into self.folder."""

    def command(self, question):
        """The arguments of the process that answers, or None if it cannot."""

    def version(self):
        return ""

    def start(self):
        """Before the first question; stop() comes after the last."""

    def stop(self):
        """See start()."""

    def empty_caches(self):
        """Those of a server; the kernel's are emptied elsewhere."""

    def disk_bytes(self):
        return folder_bytes(self.folder)

    # --- Loading once -----------------------------------------------------------

    def ready(self, fresh):
        """Load, unless these very rows are loaded."""
        note = f"{self.folder}.loaded"
        if not fresh and os.path.exists(note):
            with open(note, encoding="ascii") as file:
                if file.read() == self.data.stamp:
                    return
        say(f"loading {self.data.rows} rows into {self.name}")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.load()
        with open(note, "w", encoding="ascii") as file:
            file.write(self.data.stamp)

    # --- SQL --------------------------------------------------------------------

    def ip(self, address):
        """An address as a constant in SQL."""
        return f"'{address}'"

    def sql(self, question):
        text = re.sub(r"in_net\((\w+), '([^']*)'\)", self._net, question.sql)
        return re.sub(r"ip\('([^']*)'\)", lambda m: self.ip(m[1]), text)

    def _net(self, match):
        net = ipaddress.ip_network(match[2])
        return f"{match[1]} BETWEEN {self.ip(net[0])} AND {self.ip(net[-1])}"

    # --- Answers ------------------------------------------------------------------

    address = staticmethod(plain_address)
    separator = b"\t"

    def answer(self, question, output):
        """Rows as tuples of question.columns, in an order of their own."""
        lines = (line.split(self.separator) for line in output.split(b"\n") if line)
        return sorted(self.row(question.columns, line) for line in lines)

    def row(self, columns, values):
        if len(columns) != len(values):
            raise ValueError(f"{self.name}: {values!r} is no row of {columns}")
        return tuple(self.address(v) if c in ADDRESSES else number(v)
                     for c, v in zip(columns, values))
