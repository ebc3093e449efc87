#!/usr/bin/env python3
"""Compares the load generator's latencies with the kernel's time stamps of the same requests on the loopback.

  bazel run //bench:kernel_timestamps            half a minute; as root, with tcpdump (Debian: tcpdump)

An open loop on 64 connections at each rate loads the epoll server, while tcpdump records when the kernel delivers each
request and each response. The generator's service time begins before send() and ends after recv(), so it includes two
more system calls than the kernel's time.
"""

import argparse
import json
import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from harness import file, first_line_with_port, run, run_main

NANOSECOND_MAGIC = 0xA1B23C4D
ETHERNET, IPV4_TCP = 14, 6


def packets(path):
    """(nanoseconds, source port, destination port, bytes of payload) of each TCP packet in a pcap file."""
    with open(path, "rb") as capture:
        (magic,) = struct.unpack("<I", capture.read(24)[:4])
        if magic != NANOSECOND_MAGIC:
            sys.exit(f"bench: {path} is not a pcap file with nanoseconds")
        while header := capture.read(16):
            seconds, nanos, captured, _ = struct.unpack("<IIII", header)
            data = capture.read(captured)
            ip_length = (data[ETHERNET] & 15) * 4
            if data[ETHERNET + 9] != IPV4_TCP:
                continue
            tcp = ETHERNET + ip_length
            source, destination = struct.unpack(">HH", data[tcp:tcp + 4])
            total = struct.unpack(">H", data[ETHERNET + 2:ETHERNET + 4])[0]
            yield (seconds * 1_000_000_000 + nanos, source, destination,
                   total - ip_length - (data[tcp + 12] >> 4) * 4)


def response_times(path, port):
    """Nanoseconds from the packet of each request to that of its response. A connection has one request in flight."""
    asked, times = {}, []
    for nanos, source, destination, payload in packets(path):
        if payload <= 0:
            continue
        if destination == port:
            asked.setdefault(source, nanos)
        elif source == port and destination in asked:
            times.append(nanos - asked.pop(destination))
    return times


def measure(rate, seconds, server_cpu, load_cpu):
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    capture = os.path.join(folder, "loopback.pcap")
    server = subprocess.Popen([file("server/server"), "--listen=127.0.0.1:0", f"--cpu={server_cpu}"],
                              stdout=subprocess.PIPE, text=True)
    try:
        port = first_line_with_port(server)
        tcpdump = subprocess.Popen(
            ["taskset", "-c", str(server_cpu), "tcpdump", "-i", "lo", "-s", "96", "-B", "65536",
             "--time-stamp-precision=nano", "-w", capture, f"tcp port {port}"], stderr=subprocess.PIPE, text=True)
        try:
            tcpdump.stderr.readline()
            time.sleep(0.5)
            text, _ = run([file("agent/loadgen/loadgen"), f"--target=127.0.0.1:{port}", "--path=/json", "--connections=64",
                           f"--rate={rate}", f"--duration={seconds}s", "--warmup=0s",
                           f"--cpu={load_cpu}", "--format=json"], load_cpu)
            time.sleep(0.5)
        finally:
            tcpdump.terminate()
            words = tcpdump.communicate()[1]
        result = json.loads(text[text.index("{"):])
        times = response_times(capture, port)
        dropped = next((line for line in words.splitlines() if "dropped by kernel" in line), "").split(" ")[0]
        return result, times, dropped
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def table(rates, rounds, seconds, server_cpu, load_cpu):
    print("| rate | requests | packets' pairs | dropped | kernel p50 us | service p50 us | latency p50 us | "
          "service - kernel | latency - kernel |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for rate in rates:
        for _ in range(rounds):
            result, times, dropped = measure(rate, seconds, server_cpu, load_cpu)
            kernel = statistics.median(times) / 1e3
            service, latency = result["service_us"]["p50"], result["latency_us"]["p50"]
            print(f"| {rate:,} | {result['ok']:,} | {len(times):,} | {dropped} | {kernel:.1f} | {service:.1f} | "
                  f"{latency:.1f} | {service - kernel:.1f} | {latency - kernel:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 5000, 20000, 50000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--server-cpu", type=int, default=0)
    parser.add_argument("--load-cpu", type=int, default=1)
    options = parser.parse_args()
    if shutil.which("tcpdump") is None:
        sys.exit("bench: tcpdump is not installed: apt-get install tcpdump")
    table(options.rates, options.rounds, options.seconds, options.server_cpu, options.load_cpu)


if __name__ == "__main__":
    run_main(main)
