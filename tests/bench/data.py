# SPDX-License-Identifier: MIT
"""The flows that are asked about: how many, where, and what is rare among them."""
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

START_S = 1700006400  # of make_flows
SIZES = {  # days, flows a block, hosts inside, hosts outside
    "tiny": (1, 50, 200, 2000),
    "small": (1, 2000, 2000, 200000),
    "medium": (30, 2000, 2000, 200000),
    "large": (30, 12000, 8000, 500000),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def ask(build, db, *statements):
    """Lines that our extension answers with in the stock shell."""
    return subprocess.run(
        ["sqlite3", "-batch", "-bail", ":memory:", f".load {build}/goprobe", *statements],
        env={**os.environ, "GOPROBE_DB": db}, check=True, text=True,
        stdout=subprocess.PIPE).stdout.splitlines()


@dataclass
class Data:
    build: str    # where the programs are
    folder: str   # of everything that the benchmark keeps
    size: str
    days: int
    flows: int    # in a block
    path: str     # of the database
    middle_s: int # where the day and the hour begin that are asked about
    rare_ip: str = ""
    rare_port: int = 0
    rare_net: str = ""
    stamp: str = ""  # of the rows: whoever has loaded the same need not load again

    @property
    def rows(self):
        return self.days * 288 * self.flows

    def peer_folder(self, peer):
        return f"{self.folder}/{self.size}-{peer}"

    def export(self, *form):
        """The arguments of the program that writes all rows in a form."""
        return [f"{self.build}/tests/bench/shell_export_flows", self.path, *form]


def make(build, path, days, flows, inside, outside):
    say(f"making {days * 288 * flows} flows in {path}")
    shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(path + ".new", ignore_errors=True)
    subprocess.run([f"{build}/tests/bench/shell_make_flows", path + ".new", str(days),
                    str(flows), str(inside), str(outside)], check=True)
    os.rename(path + ".new", path)


def pick(data):
    """The rare ones, always the same in the same rows."""
    rare = ("SELECT {0} FROM (SELECT {0}, flows FROM traffic {1}) "
            "WHERE flows >= {2} ORDER BY flows, {0} LIMIT 1")
    v4 = "WHERE dip LIKE '%.%'"
    ip, port, popular, total = ask(data.build, data.path, rare.format("dip", v4, 5),
        rare.format("dport", "WHERE dport > 1023", 1), rare.format("dip", v4, 40),
        "SELECT flows || ' ' || bytes || ' ' || packets FROM traffic")
    net = popular.rsplit(".", 1)[0] + ".0/24"
    return {"rare_ip": ip, "rare_port": int(port), "rare_net": net, "stamp": total}


def prepare(build, folder, size, fresh):
    """The data set of this size, made if it is not there."""
    days, flows, inside, outside = SIZES[size]
    os.makedirs(folder, exist_ok=True)
    data = Data(build, folder, size, days, flows, f"{folder}/{size}",
                START_S + (86400 * (days // 2) or -300))
    known = f"{folder}/{size}.json"
    if fresh or not os.path.exists(data.path):
        make(build, data.path, days, flows, inside, outside)
        if os.path.exists(known):
            os.remove(known)
    if not os.path.exists(known):
        with open(known, "w", encoding="ascii") as file:
            json.dump(pick(data), file)
    with open(known, encoding="ascii") as file:
        vars(data).update(json.load(file))
    return data


def one_day_of(data, fresh):
    """A database of the first day alone."""
    _, flows, inside, outside = SIZES[data.size]
    path = f"{data.folder}/{data.size}-one-day"
    if fresh or not os.path.exists(path):
        make(data.build, path, 1, flows, inside, outside)
    return path
