# SPDX-License-Identifier: MIT
"""A ClickHouse server on loopback with a folder of its own, asked by its client."""
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import time

from measure import Failed
from peer import Peer

CONFIG = """<yandex>
  <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><tcp_port>{tcp}</tcp_port>
  <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
  <mark_cache_size>5368709120</mark_cache_size>
  <users_config>{folder}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
</yandex>"""
USERS = """<yandex>
  <profiles><default><max_memory_usage>16000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></default></users>
  <quotas><default/></quotas>
</yandex>"""
TABLE = """CREATE TABLE flows(time UInt32, sip FixedString(16), dip FixedString(16), dport UInt16,
    proto UInt8, l7proto UInt16, bytes_rcvd UInt64, bytes_sent UInt64, packets_rcvd UInt64,
    packets_sent UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(toDateTime(time))
    ORDER BY time"""
ESCAPES = {b"b": b"\b", b"f": b"\f", b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Clickhouse(Peer):
    name = "clickhouse"
    install = "apt-get install --no-install-recommends clickhouse-server clickhouse-client"
    process = None

    def __init__(self, data):
        super().__init__(data)
        self.folder = os.path.abspath(self.folder)
        self.port = free_port()

    def missing(self):
        names = ("clickhouse-server", "clickhouse-client")
        return next((name for name in names if not shutil.which(name)), None)

    def client(self, sql, *options):
        return ["clickhouse-client", "--host", "127.0.0.1", "--port", str(self.port),
                *options, "--query", sql]

    def start(self):
        for name, text in (("config.xml", CONFIG), ("users.xml", USERS)):
            with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
                file.write(text.format(folder=self.folder, tcp=self.port))
        self.process = subprocess.Popen(
            ["clickhouse-server", f"--config-file={self.folder}/config.xml"],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        self.server = self.process.pid
        self.wait()

    def wait(self):
        for _ in range(150):
            if self.process.poll() is not None:
                raise Failed(f"clickhouse-server ended; see {self.folder}/errors")
            if subprocess.run(self.client("SELECT 1"), capture_output=True,
                              check=False).returncode == 0:
                return
            time.sleep(0.2)
        self.stop()
        raise Failed("clickhouse-server does not answer")

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = self.server = None

    def load(self):
        self.start()
        try:
            subprocess.run(self.client(TABLE), check=True)
            with subprocess.Popen(self.data.export("rowbinary"),
                                  stdout=subprocess.PIPE) as source:
                subprocess.run(self.client("INSERT INTO flows FORMAT RowBinary"),
                               stdin=source.stdout, check=True)
            subprocess.run(self.client("OPTIMIZE TABLE flows FINAL"), check=True)
        finally:
            self.stop()

    def disk_bytes(self):
        """Parts that were merged away stay on disk for some minutes: not those."""
        sql = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'flows'"
        return int(subprocess.run(self.client(sql), capture_output=True, check=True).stdout)

    def empty_caches(self):
        subprocess.run(self.client("SYSTEM DROP MARK CACHE"), check=True)

    def command(self, question):
        return self.client(self.sql(question))

    def version(self):
        text = subprocess.run(["clickhouse-client", "--version"], capture_output=True,
                              text=True, check=True).stdout
        return re.search(r"[\d.]*\d", text)[0]

    def ip(self, address):
        ip = ipaddress.ip_address(address)
        raw = ip.packed if ip.version == 6 else b"\0" * 10 + b"\xff\xff" + ip.packed
        return f"unhex('{raw.hex()}')"

    @staticmethod
    def address(text):
        raw = re.sub(rb"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text, flags=re.S)
        ip = ipaddress.IPv6Address(raw)
        return str(ip.ipv4_mapped or ip)
