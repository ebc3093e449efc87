#!/usr/bin/env python3
"""Compares the load generator with its peers and its floor, in one interleaved run against one server.

  bazel run //bench:loadgen                      all tables, about a quarter of an hour
  bazel run //bench:loadgen -- --rounds=3        fewer rounds
  bazel run //bench:loadgen -- --only=closed     or: open, kernel, recording, transports, memory

The server is the bare epoll floor on one CPU; every generator is pinned to another CPU. Each round runs every generator
once, in random order. Figures are medians over the rounds, and ratios are computed within a round. CPU is the user and
system time of the generator's whole process. It includes starting, connecting and, for ours, writing the samples. "Server
busy" is the share of its CPU that the server used: at 1.00 no generator can send more. ab uses HTTP/1.0 and needs a
keep-alive header, so it has its own floor server that sends one.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import kernel_timestamps
import recording_in_place
import transports
from harness import file, first_line_with_port, heading, run, run_main
from process_tree import ProcessTree

PARTS = ("closed", "open", "kernel", "recording", "transports", "memory")
# The benchmarks of recording; each program prints Google Benchmark's JSON.
BENCHMARKS = ("analysis/sample_codec_benchmark", "analysis/latency_histogram_benchmark",
              "agent/loadgen/recorder_benchmark")


class Bench:
    def __init__(self, options):
        self.options = options
        self.seconds = options.seconds
        self.cpu = options.load_cpu
        self.samples = os.path.join(tempfile.mkdtemp(prefix="assay-bench-"), "samples")
        self.loadgen = file("agent/loadgen/loadgen")
        self.servers = []
        self.port = self.floor_server()
        self.keep_alive_port = self.floor_server("keep-alive")
        self.target = f"127.0.0.1:{self.port}"

    def floor_server(self, *more):
        server = subprocess.Popen([file("bench/epoll_floor_server"), "0", str(self.options.server_cpu), *more],
                                  stdout=subprocess.PIPE, text=True)
        self.servers.append(server)
        return first_line_with_port(server)

    def close(self):
        for server in self.servers:
            server.kill()
            server.wait()
        shutil.rmtree(os.path.dirname(self.samples))

    # Each returns requests per second and CPU microseconds per request.

    def floor(self, connections, program="epoll_floor_client", more=()):
        output, cpu = run([file(f"bench/{program}"), str(self.port), str(connections), str(self.seconds), *more], self.cpu)
        found = {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", output)}
        return found["requests"] / found["seconds"], cpu * 1e6 / found["requests"]

    def uring(self, connections):
        return self.floor(connections, "uring_floor_client")

    def uring_batches(self, connections):
        return self.floor(connections, "uring_floor_client", ["/json", str(self.cpu), "16"])

    def ours(self, connections):
        output, cpu = run([self.loadgen, f"--target={self.target}", "--path=/json", f"--connections={connections}",
                           f"--duration={self.seconds}s", f"--cpu={self.cpu}", f"--samples={self.samples}",
                           "--idle-gaps=0", "--format=json", "--quiet"], self.cpu)
        result = json.loads(output)
        if result["samples_lost"] or result["errors"]:
            sys.exit(f"bench: loadgen lost samples or had errors: {output}")
        return result["rps"], cpu * 1e6 / result["requests"]

    def wrk(self, connections):
        output, cpu = run(["wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", f"http://{self.target}/json"],
                          self.cpu)
        count = int(re.search(r"(\d+) requests in", output).group(1))
        return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), cpu * 1e6 / count

    def h2load(self, connections):
        output, cpu = run(["h2load", "--h1", "-t1", f"-c{connections}", f"-D{self.seconds}",
                           f"http://{self.target}/json"], self.cpu)
        count = int(re.search(r"(\d+) done", output).group(1))
        return float(re.search(r"([\d.]+) req/s", output).group(1)), cpu * 1e6 / count

    def hey(self, connections):
        output, cpu = run(["hey", "-cpus", "1", "-c", str(connections), "-z", f"{self.seconds}s",
                           f"http://{self.target}/json"], self.cpu)
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
        return rate, cpu * 1e6 / (rate * self.seconds)

    def ab(self, connections):
        output, cpu = run(["ab", "-k", "-q", "-c", str(connections), "-t", str(self.seconds), "-n", "100000000",
                           f"http://127.0.0.1:{self.keep_alive_port}/json"], self.cpu)
        count = int(re.search(r"Complete requests:\s+(\d+)", output).group(1))
        return float(re.search(r"Requests per second:\s+([\d.]+)", output).group(1)), cpu * 1e6 / count

    def closed(self):
        peers = [("bare epoll floor", self.floor), ("io_uring floor", self.uring),
                 ("io_uring floor, 16 a turn", self.uring_batches), ("loadgen, all samples", self.ours),
                 ("wrk", self.wrk)]
        peers += [(name, getattr(self, name)) for name in ("h2load", "hey", "ab") if shutil.which(name)]
        print("\n| connections | generator | requests/s | x wrk (min..max) | CPU us/request | x floor (min..max) | server busy |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for connections in self.options.connections:
            found = {name: [] for name, _ in peers}
            for _ in range(self.options.rounds):
                for name, measure in random.sample(peers, len(peers)):
                    before = self.servers_cpu_ns()
                    figures = measure(connections)
                    found[name].append((*figures, (self.servers_cpu_ns() - before) / 1e9 / self.seconds))
            for name, values in found.items():
                rate, cpu, busy = (statistics.median(v[i] for v in values) for i in (0, 1, 2))
                # Computed per round, because the machine changes between rounds.
                over = [spread([mine[i] / theirs[i] for mine, theirs in zip(values, found[other])])
                        for i, other in ((0, "wrk"), (1, "bare epoll floor"))]
                print(f"| {connections} | {name} | {rate:,.0f} | {over[0]} | {cpu:.2f} | {over[1]} | {busy:.2f} |",
                      flush=True)

    def servers_cpu_ns(self):
        return sum(ProcessTree(server.pid).cpu_ns() for server in self.servers)

    def open(self):
        """Send lag compared with the gaps of an idle spinning loop on the same core, measured right before each run."""
        print("\n| rate | arrivals | send lag p50 us | p99 | p99.9 | idle gap p99 us | lag over gap, p99 | "
              "unavoidable queue p99 | latency p50 us | busy |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for rate in self.options.rates:
            for arrivals in ("constant", "poisson"):
                runs = []
                for _ in range(self.options.rounds):
                    output, _ = run([self.loadgen, f"--target={self.target}", "--path=/json", "--connections=64",
                                     f"--duration={self.seconds}s", "--warmup=500ms", f"--cpu={self.cpu}",
                                     f"--rate={rate}", f"--arrivals={arrivals}", f"--samples={self.samples}",
                                     "--idle-gaps=1s", "--format=json", "--quiet"], self.cpu)
                    runs.append(json.loads(output))
                median = lambda *keys: statistics.median(walk(r, keys) for r in runs)
                gap = median("idle_gap_us", "p99")
                work = median("cpu_us_per_request")
                queue = queue_p99(rate, work) if arrivals == "poisson" else 0
                print(f"| {rate:,} | {arrivals} | {median('send_lag_us', 'p50'):.1f} | "
                      f"{median('send_lag_us', 'p99'):.1f} | {median('send_lag_us', 'p999'):.1f} | {gap:.1f} | "
                      f"{median('send_lag_us', 'p99') - gap:.1f} | {queue:.1f} | {median('latency_us', 'p50'):.1f} | "
                      f"{median('busy_share'):.2f} |", flush=True)

    def kernel(self):
        if shutil.which("tcpdump") is None:
            print("\nkernel time stamps: skipped, tcpdump is not installed (apt-get install tcpdump)")
            return
        print()
        kernel_timestamps.table([1000, 20_000, 50_000], 3, self.seconds, self.options.server_cpu, self.cpu)

    def recording(self):
        """The cost of a sample: measured alone by benchmarks, then during a load."""
        print("\n| benchmark | ns | samples/s | bytes a sample |\n| --- | --- | --- | --- |")
        for program in BENCHMARKS:
            output = subprocess.run(
                ["taskset", "-c", str(self.cpu), file(program), "--benchmark_format=json", "--benchmark_repetitions=5",
                 "--benchmark_report_aggregates_only=true"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                check=True, text=True).stdout
            for one in json.loads(output)["benchmarks"]:
                if one.get("aggregate_name") != "median":
                    continue
                rate, size = one.get("items_per_second"), one.get("bytes/sample")
                each = one.get("ns") or (1e9 / rate if rate else one["cpu_time"])
                print(f"| {one['run_name']} | {each:,.1f} | {'' if rate is None else f'{rate:,.0f}'} | "
                      f"{'' if size is None else f'{size:.2f}'} |", flush=True)
        recording_in_place.table(self.loadgen, self.target, self.cpu, self.options.connections)

    def transports(self):
        print()
        transports.table(self.options.transport_seconds, self.options.server_cpu, self.cpu)

    def memory(self):
        """The generator's peak memory over a minute at full rate, every sample recorded and written."""
        print("\n| connections | seconds | samples | peak memory MB |")
        print("| --- | --- | --- | --- |")
        process = subprocess.Popen(
            ["taskset", "-c", str(self.cpu), self.loadgen, f"--target={self.target}", "--path=/json", "--connections=250",
             "--duration=60s", f"--cpu={self.cpu}", f"--samples={self.samples}", "--format=json", "--quiet"],
            stdout=subprocess.PIPE, text=True)
        result = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
        if status or result["samples_lost"]:
            sys.exit(f"bench: loadgen ended with {status}, {result['samples_lost']} samples lost")
        print(f"| 250 | {result['duration_s']:.0f} | {result['samples_recorded']:,} | {used.ru_maxrss / 1e3:.0f} |")


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def walk(result, keys):
    for key in keys:
        result = result[key]
    return float("nan") if result is None else result


def queue_p99(rate, service_us, arrivals=200_000):
    """p99 of the waiting time before one server that takes service_us for each of Poisson arrivals: simulated, by
    Lindley's recursion."""
    chance = random.Random(1)
    wait, waits = 0.0, []
    for _ in range(arrivals):
        waits.append(wait)
        wait = max(0.0, wait + service_us - chance.expovariate(rate / 1e6))
    return sorted(waits)[int(arrivals * 0.99)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 250, 750])
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 20000, 50000])
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    parser.add_argument("--transport-seconds", type=int, default=10)
    parser.add_argument("--only", choices=PARTS, action="append", help="repeatable")
    options = parser.parse_args()
    print(heading())
    bench = Bench(options)
    try:
        for part in options.only or PARTS:
            getattr(bench, part)()
    finally:
        bench.close()


if __name__ == "__main__":
    run_main(main)
