# SPDX-License-Identifier: MIT
"""UDP datagrams for the tests of live capture.

    send_udp.py COUNT PORT ADDRESS...     so many to each address, of sizes that differ
    send_udp.py --until FILE PORT ADDRESS...     on and on, not too fast, until FILE is there

Prints how many went to each address.
"""
import os
import socket
import sys
import time


def main(arguments):
    until = None
    if arguments[0] == "--until":
        until = arguments[1]
        arguments = arguments[2:]
        port, addresses, count = int(arguments[0]), arguments[1:], sys.maxsize
    else:
        count, port, addresses = int(arguments[0]), int(arguments[1]), arguments[2:]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent = 0
    while sent < count and not (until and os.path.exists(until)):
        for number, address in enumerate(addresses):
            try:
                sock.sendto(bytes((sent * 7 + number) % 1000), (address, port))
            except OSError:
                pass  # nobody listens, or the link is down: so be it
        sent += 1
        if until:
            time.sleep(0.002)
    print(sent)


main(sys.argv[1:])
