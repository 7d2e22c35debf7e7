# SPDX-License-Identifier: MIT
"""nfdump over files of five minutes, compressed with LZ4 as nfcapd -y writes them."""
import re
import shutil
import subprocess
import time

from peer import Peer

FIELDS = {"sip": "%sa", "dip": "%da", "dport": "%dp", "proto": "%pr",
          "packets": "%pkt;%opkt", "bytes": "%byt;%obyt"}
LZ4 = "3"


def file_name(time_s):
    return time.strftime("nfcapd.%Y%m%d%H%M", time.gmtime(time_s))


class Nfdump(Peer):
    name = "nfdump"
    install = "apt-get install nfdump"
    separator = b";"
    env = {"TZ": "UTC"}

    def missing(self):
        return None if shutil.which("nfdump") else "nfdump"

    def load(self):
        subprocess.run(self.data.export("nfdump", self.folder), check=True)
        subprocess.run(["nfdump", "-J", LZ4, "-R", self.folder], check=True,
                       stdout=subprocess.DEVNULL)

    def command(self, question):
        if question.nfdump is None:
            return None
        *options, condition = question.nfdump
        files = self.folder
        span = re.fullmatch(r"(\d+):(\d+)", condition)
        if span:
            first, last = int(span[1]), int(span[2]) - 300
            files, condition = f"{files}/{file_name(first)}:{file_name(last)}", "any"
        fields = ";".join(FIELDS[c] for c in question.columns)
        return ["nfdump", "-R", files, *options, "-6", "-N", "-q", "-o", f"fmt:{fields}",
                condition]

    def version(self):
        text = subprocess.run(["nfdump", "-V"], capture_output=True, text=True, check=True)
        return re.search(r"[\d.]+$", text.stdout.strip())[0]

    def row(self, columns, values):
        """Both directions come apart, and the port of ICMP as type.code."""
        values = [v.strip() for v in values]
        if "dport" in columns and b"." in values[at := columns.index("dport")]:
            kind, code = values[at].split(b".")
            values[at] = b"%d" % (int(kind) << 8 | int(code))
        *dims, packets_in, packets_out, bytes_in, bytes_out = values
        sums = (int(packets_in) + int(packets_out), int(bytes_in) + int(bytes_out))
        return super().row(columns, dims + [b"%d" % value for value in sums])
