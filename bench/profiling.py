#!/usr/bin/env python3
"""The cost of profiling: the server's throughput, the agent's CPU and memory, bytes per sample, the share of complete stacks.

  bazel run //bench:profiling                    about ten minutes
  bazel run //bench:profiling -- --blocks=6 --frequency=499
  bazel run //bench:profiling -- --only=floor    or: campaign

First measures the kernel's share of the cost for the epoll server, by the contents of a sample (bench/sampling_floor.cc).
Then an agent and a controller in separate processes run one campaign over libmicrohttpd, hyper and the epoll server under
250 connections. The cost is the campaign's own figure: each run pauses sampling for a quarter of its time
(docs/profiles.md).
"""

import argparse
import contextlib
import json
import sqlite3
import subprocess

from harness import agent_and_campaign, file, first_line_with_port, peak_megabytes, run_main

PLAN = """
name: "profiling"
targets {{ name: "libmicrohttpd" }}
targets {{ name: "hyper" }}
targets {{ name: "epoll" }}
workloads {{ name: "json" path: "/json" }}
load {{ closed {{ connections: [250] duration {{ seconds: 0.2 }} }} warmup {{ seconds: 0.5 }} }}
blocks: {blocks}
verdict: NONE
profile {{ frequency_hz: {frequency} separate_execution {{ seconds: {seconds} }} }}
"""


def percent(figure):
    if figure is None:
        return "n/a"
    text = f"{100 * figure['estimate']:.2f} %"
    return text if figure["low"] is None else f"{text} [{100 * figure['low']:.2f}, {100 * figure['high']:.2f}]"


def measure(options):
    with agent_and_campaign(PLAN.format(**vars(options))) as (agent, words, store):
        ended = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        if ended.returncode not in (0, 3):
            raise SystemExit(f"bench: the campaign ended with {ended.returncode}")
        with contextlib.closing(sqlite3.connect(store)) as database:
            stored = dict(database.execute(
                "SELECT execution.id, sum(length(chunk)) FROM profile_chunk JOIN execution "
                "ON execution.sequence = profile_chunk.execution GROUP BY execution.id"))
        return json.loads(ended.stdout), stored, peak_megabytes(agent.pid)


def floor(seconds):
    server = subprocess.Popen([file("server/server"), "--listen=127.0.0.1:0", "--cpu=0"], stdout=subprocess.PIPE, text=True)
    try:
        port = first_line_with_port(server)
        subprocess.run([file("bench/sampling_floor"), str(port), str(server.pid), str(seconds)], check=True)
    finally:
        server.terminate()
        server.wait()


def campaign(options):
    result, stored, peak = measure(options)
    print("| server | samples | complete | off-CPU | cost, of its work | unwinding, of a core | bytes per sample |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for profile in result["profiles"]:
        runs = profile["runs"]
        samples = sum(run["samples"] for run in runs)
        off_cpu = sum(run["off_cpu_samples"] for run in runs)
        seconds = sum(run["duration_s"] for run in runs)
        print(f"| {profile['target']} | {samples:,} | {100 * sum(run['whole'] for run in runs) / samples:.2f} % | "
              f"{off_cpu:,} | {percent(profile['cost'])} | {100 * sum(run['unwind_cpu_s'] for run in runs) / seconds:.2f} % | "
              f"{sum(stored[run['execution']] for run in runs) / (samples + off_cpu):.1f} |")
    print(f"\nthe agent's peak memory: {peak:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--frequency", type=int, default=199)
    parser.add_argument("--floor-seconds", type=int, default=36)
    parser.add_argument("--only", choices=["floor", "campaign"])
    options = parser.parse_args()
    if options.only != "campaign":
        floor(options.floor_seconds)
    if options.only != "floor":
        campaign(options)


if __name__ == "__main__":
    run_main(main)
