#!/usr/bin/env python3
"""The cost of Assay during a measurement: the agent's CPU in the window, memory of agent and controller, bazelw's time.

  bazel run //bench:footprint                    about half a minute; uses the workspace that it is called from

An agent and a controller in separate processes run one execution of the epoll server under 250 connections, long enough
for a million samples. The agent's CPU excludes the server and the load generator that it started; it is read twice a
second from /proc.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

from harness import agent_and_campaign, peak_megabytes, run_main

TICKS = os.sysconf("SC_CLK_TCK")
PLAN = """
name: "footprint"
targets {{ name: "epoll" }}
workloads {{ name: "json" path: "/json" }}
load {{ closed {{ connections: [250] duration {{ seconds: {seconds} }} }} warmup {{ seconds: 0.5 }} }}
blocks: 1
verdict: NONE
"""


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(seconds):
    with agent_and_campaign(PLAN.format(seconds=seconds)) as (agent, arguments, _):
        controller = subprocess.Popen(arguments + ["--quiet"], stdout=subprocess.PIPE, text=True)
        shares, controller_peak = [], 0.0
        began = before = time.monotonic()
        spent = cpu_seconds(agent.pid)
        while controller.poll() is None and time.monotonic() - began < seconds + 60:
            time.sleep(0.5)
            now, used = time.monotonic(), cpu_seconds(agent.pid)
            # Certainly in the window, which begins about 1.5 s after the command and lasts `seconds`.
            if 2 < before - began and now - began < seconds:
                shares.append((used - spent) / (now - before))
            before, spent = now, used
            if controller.poll() is None:
                controller_peak = max(controller_peak, peak_megabytes(controller.pid))
        result = json.loads(controller.communicate()[0])
        requests = result["cells"][0]["executions"][0]["requests"]
        return {
            "samples": requests, "agent_share": statistics.median(shares), "agent_share_max": max(shares),
            "agent_cpu_s": cpu_seconds(agent.pid), "agent_mb": peak_megabytes(agent.pid), "controller_mb": controller_peak,
        }


def elapsed(arguments, folder):
    began = time.monotonic()
    subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def bazelw_overhead(workspace, rounds):
    """The seconds that bazelw adds to the program that it starts, here one that does nothing."""
    os.environ["BAZEL"] = "true"
    pairs = [(elapsed(["./bazelw", "run", "//controller"], workspace), elapsed(["true"], workspace)) for _ in range(rounds)]
    del os.environ["BAZEL"]
    return statistics.median(a - b for a, b in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=16)
    parser.add_argument("--workspace", default=os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    options = parser.parse_args()
    seen = measure(options.seconds)
    added = bazelw_overhead(options.workspace, 21)
    print("| figure | measured | goal |\n| --- | --- | --- |")
    print(f"| samples of the execution | {seen['samples']:,} | at least 1,000,000 |")
    print(f"| agent's CPU in the window, of a core: median (most) of half seconds | {100 * seen['agent_share']:.1f} % "
          f"({100 * seen['agent_share_max']:.1f} %) | under 3 % |")
    print(f"| agent's CPU in all, samples drained and sent | {seen['agent_cpu_s']:.2f} s | |")
    print(f"| agent's peak memory | {seen['agent_mb']:.0f} MB | under 150 MB |")
    print(f"| controller's peak memory | {seen['controller_mb']:.0f} MB | under 150 MB |")
    print(f"| what bazelw adds to Bazel's own time, median of 21 | {1000 * added:.0f} ms | under 100 ms |")


if __name__ == "__main__":
    run_main(main)
