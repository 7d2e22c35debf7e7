# SPDX-License-Identifier: MIT
"""Run a command, several times: seconds of the whole process, peak memory, output."""
import os
import resource
import statistics
import subprocess
import tempfile
import time

SLOW_S = 20    # what takes longer is measured once
QUICK_S = 0.2  # what takes less, three times as often


class Failed(Exception):
    """A command ended with an error; the text says which and what it said."""


def run(argv, env=None, wrap=()):
    begin = time.perf_counter()
    done = subprocess.run([*wrap, *argv], env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip()}")
    return seconds, done.stdout


def run_for_memory(argv, env):
    """Seconds, output, and peak memory as time(1) sees it; Python's own is no part of it."""
    with tempfile.NamedTemporaryFile() as note:
        wrap = ("/usr/bin/time", "-q", "-f", "%M", "-o", note.name)
        seconds, output = run(argv, env, wrap)
        return seconds, output, int(note.read()) / 1024


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


class Memory:
    """Peak memory of a process that lives longer than a question; of none: 0."""

    def __init__(self, pid):
        self.pid = pid
        if pid:
            with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")

    def peak_mib(self):
        if not self.pid:
            return 0
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file
                        if line.startswith("VmHWM"))


def cpu_s(pid):
    """What a process has used; none: 0."""
    if not pid:
        return 0
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Timing:
    """One command, timed again and again.

    The first run is for memory and output; its time counts only where it was slow, or
    where nothing else is wanted.  cold, if there is one, is called before each of the
    others and empties caches.  server: the process that does the work, if another."""

    def __init__(self, argv, env=None, runs=5, cold=None, server=None):
        self.argv, self.env, self.cold, self.server = argv, env, cold, server
        memory, used_s = Memory(server), self.used_s()
        first_s, self.output, self.peak_mib = run_for_memory(argv, env)
        self.peak_mib += memory.peak_mib()
        self.times, self.cpu_times = [], []
        if cold:
            self.wanted = runs
        elif first_s > SLOW_S or runs == 0:
            self.wanted, self.times, self.cpu_times = 0, [first_s], [self.used_s() - used_s]
        else:
            self.wanted = runs * 3 if first_s < QUICK_S else runs

    def again(self):
        """One more run if one is wanted."""
        if len(self.times) < self.wanted:
            if self.cold:
                self.cold()
            used_s = self.used_s()
            self.times.append(run(self.argv, self.env)[0])
            self.cpu_times.append(self.used_s() - used_s)

    def used_s(self):
        """Of all processors, by the processes so far and the server."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime + cpu_s(self.server)

    def median_s(self):
        return statistics.median(self.times)

    def median_cpu_s(self):
        """What a busy machine changes least."""
        return statistics.median(self.cpu_times)


def take_turns(timings):
    """Run them in turns, so that a busy machine is busy for all."""
    for _ in range(max(timing.wanted for timing in timings)):
        for timing in timings:
            timing.again()


class Machine:
    """How much of the processors others used since this was made: 0 to 1."""

    def __init__(self, servers):
        self.servers = servers
        self.begin = self.now()

    def now(self):
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(n) for n in file.readline().split()[1:9]]
        busy_s = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), busy_s, sum(os.times()[:4]) + sum(map(cpu_s, self.servers))

    def foreign(self):
        elapsed, busy, own = (b - a for a, b in zip(self.begin, self.now()))
        return max(0, busy - own) / (elapsed * os.cpu_count())
