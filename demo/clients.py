"""Clients for the demo and the live test: DNS questions and a plain TCP stream.

Usage: clients.py ADDRESS...
"""
import socket
import struct
import sys


def ask(family, address, name):
    """One DNS question; waits for the answer."""
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        query = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0)
        sock.sendto(query + labels + b"\0" + struct.pack(">HH", 1, 1), (address, 53))
        sock.recv(512)


def stream(family, address, count):
    """count bytes of nothing in particular; waits until they were read."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect((address, 9999))
        sock.sendall(bytes(range(256)) * (count // 256))
        sock.shutdown(socket.SHUT_WR)
        sock.recv(16)


def main():
    for address in sys.argv[1:]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for name in ("www.example.org", "mail.example.org", "ftp.example.org"):
            ask(family, address, name)
        stream(family, address, 1 << 20)


main()
