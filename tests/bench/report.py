#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Results as a table for a terminal while they come, as TSV for the record, and from
that as Markdown:

    tests/bench/report.py build/bench/results-medium.tsv
"""
import csv
import sys
from dataclasses import asdict, dataclass, fields


@dataclass
class Result:
    size: str
    cache: str     # warm, cold
    key: str       # of the question
    title: str
    peer: str
    rows: int
    seconds: float  # median, as cpu_s
    cpu_s: float    # of all processors together
    least_s: float
    most_s: float
    runs: int
    peak_mib: float

    def rate(self):
        return f"{self.rows / self.seconds / 1e6:.1f}"


def write_tsv(path, results):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [f.name for f in fields(Result)], delimiter="\t",
                             lineterminator="\n")
        out.writeheader()
        for result in results:
            out.writerow({name: round(value, 4) if isinstance(value, float) else value
                          for name, value in asdict(result).items()})


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return [Result(**{f.name: f.type(row[f.name]) for f in fields(Result)})
                for row in csv.DictReader(file, delimiter="\t")]


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


class Table:
    """One line a question: ours, and each peer beside it."""

    def __init__(self, peers):
        self.peers = peers
        print(" " * 30 + f" {peers[0]:^24}" + "".join(f" | {p:^21}" for p in peers[1:]))
        print(f"{'question':30} {'seconds':>8} {'MiB':>6} {'Mrows/s':>8}" +
              f" | {'seconds':>8} {'MiB':>6} ratio" * (len(peers) - 1), flush=True)

    def line(self, results):
        """ratio: our time by theirs."""
        ours = results[0]
        text = f"{ours.key + ' ' + ours.title:30} {seconds(ours.seconds):>8} " \
               f"{ours.peak_mib:6.0f} {ours.rate():>8}"
        found = {result.peer: result for result in results}
        for peer in self.peers[1:]:
            theirs = found.get(peer)
            text += " | " + (f"{seconds(theirs.seconds):>8} {theirs.peak_mib:6.0f} "
                             f"{ours.seconds / theirs.seconds:5.3f}" if theirs else f"{'-':>8}" + " " * 13)
        print(text, flush=True)


def markdown(results):
    peers = list(dict.fromkeys(result.peer for result in results))
    head = ["question", peers[0], "Mrows/s", *peers[1:]]
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for key in dict.fromkeys(result.key for result in results):
        found = {result.peer: result for result in results if result.key == key}
        ours = found[peers[0]]
        cells = [f"{key} {ours.title}", f"**{seconds(ours.seconds)} s** {ours.peak_mib:.0f} MiB",
                 ours.rate()]
        for peer in peers[1:]:
            theirs = found.get(peer)
            cells.append(f"{seconds(theirs.seconds)} s {theirs.peak_mib:.0f} MiB "
                         f"({ours.seconds / theirs.seconds:.2g})" if theirs else "-")
        lines.append(cells)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: report.py RESULTS.tsv")
    print(markdown(read_tsv(sys.argv[1])))
