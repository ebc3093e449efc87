#!/usr/bin/env python3
"""Compares the servers of the catalogue with each other and with a bare epoll floor, in interleaved runs.

  bazel run //bench:servers                        all tables, about five minutes
  bazel run //bench:servers -- --rounds=3          fewer rounds
  bazel run //bench:servers -- --only=json         or: pipeline, post, zlib, memory

All servers run all the time, on one CPU; the load generator runs on another CPU and loads one server at a time. Each
round loads every server once, in random order. CPU is the user and system time of the server's processes and threads,
divided by its responses; it includes accepting connections. Figures are medians over the rounds, with the smallest and
the largest; a ratio is the median of the rounds' ratios. The load generator checks every response.

A server that waits for the generator pays for sleeping and waking, and a faster server sleeps more often. Therefore
ratios use only rounds in which both servers were busy for most of the window, or in which a request took so long that the
cost of waking is negligible. The tables show the number of these rounds.
"""

import argparse
import json
import os
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import zlib

import catalogue
from harness import file, first_line_with_port, heading, run, run_main
from process_tree import ProcessTree

OURS = "epoll"
FLOOR = "bare epoll floor"
SECTIONS = ("json", "pipeline", "post", "zlib", "memory")
# The goals, as ratios.
MOST_OVER_FLOOR = 1.07
LEAST_UNDER_OTHERS = 1.12
LEAST_PIPELINED = 6.0
MOST_RESIDENT_MB = 40
IDLE_CONNECTIONS = 10_000
# A server is busy if its CPU time is at least this share of the window. The cost of waking is negligible if a request takes
# longer than LONG_REQUEST_US. A ratio needs LEAST_ROUNDS rounds, or all if fewer are run.
BUSY = 0.92
LONG_REQUEST_US = 100
LEAST_ROUNDS = 5


class Window:
    """The figures of one server in one window."""

    def __init__(self, result, cpu_ns):
        self.rps = result["rps"]
        self.cpu_us = cpu_ns / 1e3 / result["requests"]
        # By the utilization law: excludes responses after the window and their CPU time. Accepting the connections before
        # the window can raise the value above 1 by a few hundredths.
        self.busy = min(1.0, self.rps * self.cpu_us / 1e6)
        self.counts = self.busy >= BUSY or self.cpu_us >= LONG_REQUEST_US


class Floor:
    """The bare epoll server, which is not in the catalogue."""

    def __init__(self, cpu):
        self.process = subprocess.Popen([file("bench/epoll_floor_server"), "0", str(cpu)], stdout=subprocess.PIPE,
                                        text=True)
        self.address = f"127.0.0.1:{first_line_with_port(self.process)}"

    def close(self):
        self.process.kill()
        self.process.wait()


def ratios(numerators, denominators):
    """The ratios of CPU per request in the rounds in which both were busy; empty if those are too few."""
    found = [a.cpu_us / b.cpu_us for a, b in zip(numerators, denominators) if a.counts and b.counts]
    return found if len(found) >= min(LEAST_ROUNDS, len(numerators)) else []


def spread(values, form):
    if not values:
        return "too few busy rounds"
    return f"{statistics.median(values):{form}} ({min(values):{form}}..{max(values):{form}})"


class Bench:
    def __init__(self, options):
        self.options = options
        self.goals = []
        self.loadgen = file("agent/loadgen/loadgen")
        self.servers = {}
        self.entries = catalogue.targets(file("targets/catalogue.textproto"))
        self.folder = os.path.dirname(file("targets/catalogue.textproto"))

    def run_target(self, name):
        return catalogue.Running(self.entries[name], self.folder, self.options.server_cpu)

    def start(self):
        for name, entry in self.entries.items():
            if catalogue.installed(entry, self.folder):
                self.servers[name] = self.run_target(name)
            else:
                print(f"bench: {name} is skipped: {entry['install'][0]}", file=sys.stderr)
        self.servers[FLOOR] = Floor(self.options.server_cpu)
        self.trees = {name: ProcessTree(server.process.pid) for name, server in self.servers.items()}

    def heading(self):
        """Prints the date, the machine and the versions of the servers, to be copied with the tables."""
        versions = [f"{name}: {self.version(entry)}" for name, entry in self.entries.items() if name in self.servers]
        print(f"{heading()}; {'; '.join(versions)}", flush=True)

    def version(self, entry):
        argv = [word.replace("{catalogue}", self.folder) for word in entry["version_argv"]]
        if "/" in argv[0]:
            argv[0] = os.path.join(self.folder, argv[0])
        path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
        try:
            said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10,
                                  check=False, env={**os.environ, "PATH": path}).stdout
        except (OSError, subprocess.TimeoutExpired):
            said = ""
        return said.strip().partition("\n")[0] or "of an unknown version"

    def close(self):
        for server in self.servers.values():
            server.close()

    def serving(self, request):
        """The catalogue's targets that serve the request, ours first."""
        names = [name for name in self.servers
                 if name != FLOOR and request not in catalogue.unserved(self.entries[name])]
        return sorted(names, key=lambda name: name != OURS)

    def goal(self, words, values, limit, at_least, unit=""):
        """Records whether the median of the values meets the goal; unknown without values."""
        asked = f"{'>=' if at_least else '<='} {limit}{unit}"
        if not values:
            self.goals.append((words, "too few busy rounds", asked, "unknown"))
            return
        value = statistics.median(values)
        met = value >= limit if at_least else value <= limit
        self.goals.append((words, f"{value:.2f}{unit}", asked, "yes" if met else "NO"))

    def ask(self, name, connections, flags):
        tree = self.trees[name]
        before = tree.cpu_ns()
        output, _ = run([self.loadgen, f"--target={self.servers[name].address}", f"--connections={connections}",
                         f"--duration={self.options.seconds}s", f"--cpu={self.options.load_cpu}", "--idle-gaps=0",
                         "--format=json", "--quiet"] + flags, self.options.load_cpu)
        cpu_ns = tree.cpu_ns() - before
        result = json.loads(output)
        if result["errors"] or result["timeouts"] or not result["ok"]:
            sys.exit(f"bench: {name} did not respond correctly to every request: {output}")
        return Window(result, cpu_ns)

    def rounds(self, cells):
        """Returns {(row, server): [Window of each round]}; a cell's value has the connections and flags."""
        found = {cell: [] for cell in cells}
        rows = list(dict.fromkeys(row for row, _ in cells))
        for _ in range(self.options.rounds):
            # Row by row: the servers to compare run within a second or two, in which a shared machine changes little.
            for row in random.sample(rows, len(rows)):
                row_cells = [cell for cell in cells if cell[0] == row]
                for cell in random.sample(row_cells, len(row_cells)):
                    found[cell].append(self.ask(*cells[cell]))
        return found

    def table(self, head, found, base):
        """Prints the rows of `found`, whose keys are (row, server): CPU, and its ratio to that of the server `base`."""
        print(f"\n| {head} | server | requests/s | busy | CPU us/request (min..max) | x {base} (min..max) | rounds |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for (row, name), windows in found.items():
            over = ratios(windows, found[row, base])
            print(f"| {row} | {name} | {statistics.median(one.rps for one in windows):,.0f} | "
                  f"{statistics.median(one.busy for one in windows):.2f} | "
                  f"{spread([one.cpu_us for one in windows], '.2f')} | {spread(over, '.2f')} | {len(over)} |",
                  flush=True)

    def json(self):
        names = self.serving("GET /json")
        cells = {(connections, name): (name, connections, ["--path=/json"])
                 for connections in self.options.connections for name in [FLOOR] + names}
        found = self.rounds(cells)
        self.table("connections", found, FLOOR)
        for connections in self.options.connections:
            where = f"GET /json, {connections} connections"
            self.goal(f"{where}: ours over the floor", ratios(found[connections, OURS], found[connections, FLOOR]),
                      MOST_OVER_FLOOR, False)
            for name in names[1:]:
                self.goal(f"{where}: {name} over ours", ratios(found[connections, name], found[connections, OURS]),
                          LEAST_UNDER_OTHERS, True)

    def pipeline(self):
        cells = {(OURS, depth): (OURS, 64, ["--path=/json", f"--pipeline={depth}"]) for depth in (1, 16)}
        found = self.rounds(cells)
        # The rate that the server could reach, not the rate of server and generator together.
        rate = {key: [1e6 / one.cpu_us for one in windows] for key, windows in found.items()}
        print("\n| pipelined | requests/s (min..max) | requests a CPU second of the server (min..max) |")
        print("| --- | --- | --- |")
        for (_, depth), windows in found.items():
            print(f"| {depth} | {spread([one.rps for one in windows], ',.0f')} | {spread(rate[OURS, depth], ',.0f')} |")
        times = ratios(found[OURS, 1], found[OURS, 16])
        self.goal("GET /json, 16 pipelined: times the unpipelined rate", times, LEAST_PIPELINED, True)

    def compare_with_best(self, head, request, rows):
        """`rows`: {row: (connections, flags)}. The goal: our server is not slower than any other."""
        names = self.serving(request)
        cells = {(row, name): (name, connections, flags)
                 for row, (connections, flags) in rows.items() for name in names}
        found = self.rounds(cells)
        self.table(head, found, OURS)
        for row in rows:
            for name in names[1:]:
                self.goal(f"{request}, {row}: {name} over ours", ratios(found[row, name], found[row, OURS]), 1.0, True)

    def post(self):
        self.compare_with_best("items", "POST /json", {
            f"{items:,} items": (64, ["--path=/json", f"--random-items={items}"]) for items in (1, 100, 10_000)})

    def zlib(self):
        chance = random.Random(1)
        items = [{"id": i, "name": f"name {chance.randrange(10**6)}", "price": chance.randrange(10**5), "qty": 2}
                 for i in range(1000)]
        plain = json.dumps({"items": items}).encode()
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            paths = [os.path.join(folder, name) for name in ("plain", "packed")]
            for path, content in zip(paths, (plain, zlib.compress(plain))):
                with open(path, "wb") as out:
                    out.write(content)
            size = f"{len(plain) >> 10} KiB"
            for name, body, expect in (("compress", paths[0], []),
                                       ("decompress", paths[1], [f"--expect-body-file={paths[0]}"])):
                self.compare_with_best("body", f"POST /zlib/{name}",
                                       {size: (16, [f"--path=/zlib/{name}", f"--body-file={body}"] + expect)})

    def memory(self):
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if allowed < IDLE_CONNECTIONS + 100:
            print(f"bench: memory is skipped: only {allowed} descriptors are allowed", file=sys.stderr)
            return
        print(f"\n| server | resident MB | with {IDLE_CONNECTIONS:,} idle connections | bytes a connection |")
        print("| --- | --- | --- | --- |")
        for name in self.serving("GET /json"):
            # A new server, without memory from an earlier test.
            server = self.run_target(name)
            tree = ProcessTree(server.process.pid)
            before = tree.resident_bytes()
            host, port = server.address.split(":")
            clients = []
            try:
                for _ in range(IDLE_CONNECTIONS):
                    clients.append(socket.create_connection((host, int(port)), timeout=10))
                    # Idle after a response, like kept-alive connections.
                    clients[-1].sendall(b"GET /json HTTP/1.1\r\nHost: bench\r\n\r\n")
                    if not clients[-1].recv(4096).startswith(b"HTTP/1.1 200"):
                        sys.exit(f"bench: {name} did not respond on connection {len(clients)}")
                after = tree.resident_bytes()
            finally:
                for client in clients:
                    client.close()
                server.close()
            print(f"| {name} | {before / 1e6:.1f} | {after / 1e6:.1f} | {(after - before) / IDLE_CONNECTIONS:,.0f} |",
                  flush=True)
            if name == OURS:
                self.goal("resident with 10,000 idle connections", [after / 1e6], MOST_RESIDENT_MB, False, " MB")

    def report(self):
        print("\n| figure | measured | goal | met |\n| --- | --- | --- | --- |")
        for words, value, limit, met in self.goals:
            print(f"| {words} | {value} | {limit} | {met} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 250, 750])
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="repeatable")
    options = parser.parse_args()
    # Before the servers start, because they inherit it.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # This program must not disturb the server.
    os.sched_setaffinity(0, {options.load_cpu})
    bench = Bench(options)
    try:
        bench.start()
        bench.heading()
        for section in options.only or SECTIONS:
            getattr(bench, section)()
        bench.report()
    finally:
        bench.close()


if __name__ == "__main__":
    run_main(main)
