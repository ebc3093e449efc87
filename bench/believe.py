#!/usr/bin/env python3
"""Whether a verdict can be believed: how often it is wrong, and how often the protocols that people use are.

  bazel run //bench:believe                               all of the following, an hour
  bazel run //bench:believe -- --simulate                 2,000 simulated campaigns a row; no server runs
  bazel run //bench:believe -- --live --campaigns=40      real servers with a known difference
  bazel run //bench:believe -- --designs                  interleaved and sequential side by side
  bazel run //bench:believe -- --protocols                beside the protocols that people use

Simulated: campaigns from a model, judged with the code that judges real ones: how often a verdict is wrong, how often the
intervals contain the true ratio, and what intervals for independent blocks would have said.
bench/believe_simulation.cc describes the model. docs/measurement.md shows the result.

Live: the epoll server is compared with itself, and with itself plus a known CPU time in each request (its option burn_ns).
The true ratio comes from a separate, longer campaign. A verdict of an equal pair is false if it is "faster" or "slower";
a real difference is found if the verdict is "slower". An interval should hold the true ratio in 95 % of the campaigns.

Protocols: the same pairs, measured on the same machine at the same time by the original experiment (three runs of 10,000
requests, mean of the medians), by the best of three runs of 5 s of a load generator, and by a campaign of about the same
length. The first two have no interval; a reader takes their figures at face value.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile

from harness import file, first_line_with_port, heading, run_main

PLAN = """
name: "believe"
targets {{ name: "epoll" label: "base" }}
targets {{ name: "epoll" label: "other" options {{ key: "burn_ns" value: "{burn_ns}" }} }}
workloads {{ name: "json" path: "/json" }}
load {{ closed {{ connections: [64] duration {{ seconds: {seconds} }} }} warmup {{ seconds: 0.2 }} }}
design: {design}
blocks: {blocks}
seed: {seed}
{more}
"""


class Bench:
    """Runs campaigns of the epoll server against itself, into a store of its own."""

    def __init__(self, folder):
        self._folder = folder
        self._store = f"--store={folder}/store.db"
        self._seed = 0

    def compare(self, burn_ns, blocks, seconds, design="INTERLEAVED", more=""):
        """Runs one campaign; returns its primary comparison."""
        self._seed += 1
        plan = os.path.join(self._folder, "plan.textproto")
        with open(plan, "w", encoding="utf-8") as out:
            out.write(PLAN.format(burn_ns=burn_ns, blocks=blocks, seconds=seconds, design=design, seed=self._seed, more=more))
        controller = file("controller/controller")
        ended = subprocess.run([controller, "run", plan, self._store, "--quiet", "--format=csv"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, check=False)
        if ended.returncode not in (0, 3):
            raise SystemExit(f"bench: a campaign ended with {ended.returncode}:\n{ended.stderr}")
        compared = subprocess.run([controller, "compare", "latest", self._store, "--format=json"], stdout=subprocess.PIPE,
                                  text=True, check=False)
        comparison = next(one for one in json.loads(compared.stdout)["comparisons"] if one["primary"])
        return comparison

    def cost_us(self):
        """Server CPU time per request of the epoll server, in microseconds."""
        self.compare(0, blocks=6, seconds=0.5)
        shown = subprocess.run([file("controller/controller"), "show", "latest", self._store, "--format=json"],
                               stdout=subprocess.PIPE, text=True, check=False)
        return json.loads(shown.stdout)["cells"][0]["server_cpu_us_per_request"]["estimate"]


def percent(ratio):
    return f"{100 * (ratio - 1):+.2f} %"


def live(bench, options):
    base_us = bench.cost_us()
    print(f"\nbase: {base_us:.2f} us of server CPU a request at 64 connections; {options.blocks} blocks of 2 x "
          f"{options.seconds} s a campaign\n")
    print("| true difference | campaigns | slower | equivalent | inconclusive | faster | invalid | interval holds the truth |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for added in options.added:
        burn_ns = round(base_us * 1e3 * added / 100)
        truth = 1.0
        if burn_ns:
            truth = bench.compare(burn_ns, blocks=2 * options.blocks, seconds=2 * options.seconds)["ratio"]["estimate"]
        verdicts, held, with_interval = {}, 0, 0
        for _ in range(options.campaigns):
            one = bench.compare(burn_ns, options.blocks, options.seconds)
            verdicts[one["verdict"]] = verdicts.get(one["verdict"], 0) + 1
            if one["ratio"]["low"] is not None:
                with_interval += 1
                held += one["ratio"]["low"] <= truth <= one["ratio"]["high"]
        row = [percent(truth), options.campaigns] + [
            verdicts.get(word, 0) for word in ("slower", "equivalent", "inconclusive", "faster", "invalid")]
        print("| " + " | ".join(str(one) for one in row) + f" | {held} of {with_interval} |", flush=True)


def designs(bench, options):
    """The same pair, interleaved and one after the other."""
    base_us = bench.cost_us()
    print("\n| added | design | ratio and interval | width of the interval |\n| --- | --- | --- | --- |")
    for added in options.added:
        for design in ("INTERLEAVED", "SEQUENTIAL"):
            ratio = bench.compare(round(base_us * 1e3 * added / 100), options.blocks, options.seconds, design)["ratio"]
            if ratio["low"] is None:
                print(f"| {added} % | {design.lower()} | {percent(ratio['estimate'])} | no interval |", flush=True)
                continue
            print(f"| {added} % | {design.lower()} | {percent(ratio['estimate'])} [{percent(ratio['low'])}, "
                  f"{percent(ratio['high'])}] | {100 * (ratio['high'] - ratio['low']):.2f} points |", flush=True)


@contextlib.contextmanager
def server(burn_ns):
    running = subprocess.Popen([file("server/server"), "--listen=127.0.0.1:0", "--cpu=0", f"--burn-ns={burn_ns}"],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield first_line_with_port(running)
    finally:
        running.terminate()
        running.wait()


def load(port, *flags):
    done = subprocess.run([file("agent/loadgen/loadgen"), f"--target=127.0.0.1:{port}", "--path=/json", "--connections=64",
                           "--cpu=1", "--format=json", *flags], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def original(burn_ns):
    """Mean of the medians of three runs of 10,000 requests; larger is slower."""
    medians = []
    for _ in range(3):
        with server(burn_ns) as port:
            medians.append(load(port, "--requests=10000")["latency_us"]["p50"])
    return statistics.mean(medians)


def best_of_three(burn_ns):
    """Seconds a request in the best of three runs of 5 s; larger is slower."""
    rates = []
    with server(burn_ns) as port:
        for _ in range(3):
            if shutil.which("wrk"):
                out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", "-c64", "-d5s", f"http://127.0.0.1:{port}/json"],
                                     stdout=subprocess.PIPE, text=True, check=True).stdout
                rates.append(float(out.split("Requests/sec:")[1].split()[0]))
            else:
                rates.append(load(port, "--duration=5s")["rps"])
    return 1 / max(rates)


def protocols(bench, options):
    base_us = bench.cost_us()
    tool = "wrk" if shutil.which("wrk") else "loadgen, because wrk is not installed"
    print(f"\n{options.campaigns} pairs of each kind; best of three by {tool}\n")
    print("| protocol | equal servers: called different by 3 % or more | by 1 % or more | true 3 %: not found | spread of "
          "the difference |\n| --- | --- | --- | --- | --- |")
    added_ns = round(base_us * 1e3 * 0.03)
    differences = {name: {0: [], added_ns: []} for name in ("original experiment", "best of three", "Assay")}
    verdicts = {0: [], added_ns: []}
    # Interleaved, so that all protocols meet the same machine.
    for _ in range(options.campaigns):
        for burn_ns in (0, added_ns):
            for name, protocol in (("original experiment", original), ("best of three", best_of_three)):
                differences[name][burn_ns].append(protocol(burn_ns) / protocol(0) - 1)
            one = bench.compare(burn_ns, blocks=8, seconds=1)
            differences["Assay"][burn_ns].append(one["ratio"]["estimate"] - 1)
            verdicts[burn_ns].append(one["verdict"])
    for name, of in differences.items():
        if name == "Assay":
            three = sum(v in ("faster", "slower") and abs(d) >= 0.03 for v, d in zip(verdicts[0], of[0]))
            one = sum(v in ("faster", "slower") for v in verdicts[0])
            missed = sum(v != "slower" for v in verdicts[added_ns])
        else:
            three, one = (sum(abs(d) >= limit for d in of[0]) for limit in (0.03, 0.01))
            missed = sum(d < 0.01 for d in of[added_ns])
        spread = 100 * statistics.stdev(of[0]) if options.campaigns > 1 else float("nan")
        print(f"| {name} | {three} of {options.campaigns} | {one} of {options.campaigns} | {missed} of {options.campaigns} | "
              f"{spread:.1f} % |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"simulate": "judge simulated campaigns", "live": "measure servers with a known difference",
             "designs": "compare the designs", "protocols": "compare with other protocols"}
    for name, what in parts.items():
        parser.add_argument(f"--{name}", action="store_true", help=what)
    parser.add_argument("--campaigns", type=int, help="campaigns of each row (default: 2000 simulated or 5 live ones)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulation (default: 1)")
    parser.add_argument("--blocks", type=int, default=10, help="blocks of a live campaign (default: 10)")
    parser.add_argument("--seconds", type=float, default=2, help="load of each target in each block (default: 2)")
    parser.add_argument("--added", type=float, nargs="*", default=[0, 2, 5], help="CPU time to add, in %% (default: 0 2 5)")
    options = parser.parse_args()
    chosen = [name for name in parts if getattr(options, name)] or list(parts)
    print(heading() + "\n", flush=True)
    if "simulate" in chosen:
        subprocess.run([file("bench/believe_simulation"), f"--campaigns={options.campaigns or 2000}", f"--seed={options.seed}"],
                       check=True)
    options.campaigns = options.campaigns or 5
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    try:
        for name, run in (("live", live), ("designs", designs), ("protocols", protocols)):
            if name in chosen:
                run(Bench(folder), options)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    run_main(main)
