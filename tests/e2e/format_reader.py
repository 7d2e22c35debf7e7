"""Read a goDB with nothing but docs/format.md: no code and no library of goprobe.

    format_reader.py DATABASE        prints every flow: time|iface|sip|dip|dport|proto|
                                     l7proto|bytes_rcvd|bytes_sent|packets_rcvd|packets_sent
    format_reader.py -u DUMP FILE    makes FILE of what `xxd -a` printed
"""
import ipaddress
import os
import re
import struct
import sys

HEADER = 12288
WIDTH = {"sip": 16, "dip": 16, "dport": 2, "proto": 1, "l7proto": 2,
         "bytes_rcvd": 8, "bytes_sent": 8, "pkts_rcvd": 8, "pkts_sent": 8}
COMMIT = "pkts_sent"


def lz4_block(data):
    """The LZ4 block format: literals, then copies of what is there already."""
    out, at = bytearray(), 0

    def length(nibble):
        nonlocal at
        total = nibble
        while nibble == 15:
            total, at = total + data[at], at + 1
            if data[at - 1] != 255:
                break
        return total

    while at < len(data):
        token, at = data[at], at + 1
        count = length(token >> 4)
        out += data[at:at + count]
        at += count
        if at >= len(data):
            break
        offset, at = struct.unpack_from("<H", data, at)[0], at + 2
        assert 0 < offset <= len(out), "LZ4 offset"
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    return bytes(out)


class Column:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        end, time, size = (struct.unpack_from(">512q", self.data, at) for at in (0, 4096, 8192))
        self.blocks = {}
        for i in range(512):
            if time[i] == 0:
                break
            start = end[i - 1] if i else HEADER
            assert HEADER <= start < end[i] <= len(self.data), path
            self.blocks.setdefault(time[i], (start, end[i], size[i]))

    def values(self, stamp, width):
        start, end, size = self.blocks[stamp]
        raw = lz4_block(self.data[start:end])
        assert len(raw) == size and raw[:8] == raw[-8:] == struct.pack(">q", stamp), "block"
        return [raw[at:at + width] for at in range(8, size - 8, width)]


def address(value):
    return str(ipaddress.ip_address(value[:4] if value[4:] == bytes(12) else value))


def read_day(iface, day):
    columns = {name: Column(os.path.join(day, name + ".gpf")) for name in WIDTH
               if os.path.exists(os.path.join(day, name + ".gpf"))}
    for stamp in columns[COMMIT].blocks:
        values = {name: column.values(stamp, WIDTH[name]) for name, column in columns.items()}
        count = len(values[COMMIT])
        values.setdefault("l7proto", [b"\0\0"] * count)
        assert all(len(rows) == count for rows in values.values()), "rows"
        for row in zip(*(values[name] for name in WIDTH)):
            numbers = [int.from_bytes(value, "big") for value in row[2:]]
            print(stamp, iface, address(row[0]), address(row[1]), *numbers, sep="|")


def read_database(root):
    for iface in os.listdir(root):
        if not os.path.isdir(os.path.join(root, iface)):
            continue
        for day in os.listdir(os.path.join(root, iface)):
            if re.fullmatch("[0-9]+", day):
                read_day(iface, os.path.join(root, iface, day))


def undump(dump, path):
    """A line * stands for more of the line before, up to the next one's address."""
    out = bytearray()
    with open(dump, encoding="ascii") as file:
        for line in file:
            match = re.match(r"\s*([0-9a-f]{8}): ((?:[0-9a-f]{2,4} ?)+) ", line)
            if match:
                while len(out) < int(match[1], 16):
                    out += out[-16:]
                out += bytes.fromhex(match[2])
    with open(path, "wb") as file:
        file.write(out)


if sys.argv[1] == "-u":
    undump(sys.argv[2], sys.argv[3])
else:
    read_database(sys.argv[1])
