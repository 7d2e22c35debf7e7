#!/usr/bin/env python3
"""Run a command on a terminal of its own and print what it says there.

    terminal.py COLUMNS ANSWER COMMAND...     ANSWER is typed when a line ends in "? [y/N] "
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

columns, answer, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
child, fd = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
said, asked, deadline = b"", False, time.monotonic() + 60
while time.monotonic() < deadline:
    if not select.select([fd], [], [], 0.5)[0]:
        continue
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    if answer and not asked and said.endswith(b"? [y/N] "):
        os.write(fd, answer.encode() + b"\n")
        asked = True
sys.stdout.buffer.write(said.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
