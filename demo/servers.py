"""Small servers for the demo and the live test: HTTP, HTTPS, DNS, and a TCP sink.

Usage: servers.py DIRECTORY    (www/, cert.pem and key.pem in it; makes `ready`)
"""
import functools
import http.server
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Web(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(65536):
            pass
        self.request.sendall(b"thanks\n")


class SinkServer(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True


class Dns(socketserver.BaseRequestHandler):
    """Answers every question with one A record: 192.0.2.1."""

    def handle(self):
        query, sock = self.request
        end = 12
        while query[end]:
            end += query[end] + 1
        question = query[12:end + 5]
        answer = b"\xc0\x0c" + struct.pack(">HHIH4s", 1, 1, 60, 4, bytes([192, 0, 2, 1]))
        header = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, 1, 0, 0)
        sock.sendto(header + question + answer, self.client_address)


class DnsServer(socketserver.ThreadingUDPServer):
    address_family = socket.AF_INET6


def main():
    directory = sys.argv[1]
    handler = functools.partial(Quiet, directory=os.path.join(directory, "www"))
    web, secure = Web(("::", 80), handler), Web(("::", 443), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "cert.pem"),
                            os.path.join(directory, "key.pem"))
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    servers = [web, secure, SinkServer(("::", 9999), Sink), DnsServer(("::", 53), Dns)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(directory, "ready"), "w", encoding="ascii"):
        pass
    threading.Event().wait()


main()
