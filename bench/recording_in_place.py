"""The cost of recording for a load thread during a load: the share of profile samples in the recorder's lines.

The drift of the machine hides the difference between runs with and without a recorder. Therefore perf samples the load
threads by their CPU clock, and a sample counts as recording if its address lies in code of the recorder, the ring or the
histogram, inlined or not, according to the debug information. Needs perf and addr2line."""

import collections
import json
import os
import re
import shutil
import subprocess
import tempfile

# The source files of recording.
RECORDING = ("agent/loadgen/recorder.", "agent/load_protocol/sample_ring.", "agent/loadgen/interval_book.",
             "analysis/latency_histogram.")
SAMPLES_A_SECOND = 15_000


def table(loadgen, target, cpu, connections, seconds=8):
    """Prints the table."""
    missing = [tool for tool in ("perf", "addr2line", "readelf") if shutil.which(tool) is None]
    if missing:
        print(f"\nrecording in place: skipped, {', '.join(missing)} is not installed")
        return
    print("\n| connections | CPU us/request | profile samples | share in recording | recording, ns/request |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        for count in connections:
            row(loadgen, target, cpu, count, seconds, os.path.join(folder, "perf.data"))


def row(loadgen, target, cpu, connections, seconds, data):
    """The row for one number of connections."""
    done = subprocess.run(
        ["perf", "record", "-q", "-F", str(SAMPLES_A_SECOND), "-e", "cpu-clock", "-o", data, loadgen, f"--target={target}",
         "--path=/json", f"--connections={connections}", f"--duration={seconds}s", f"--cpu={cpu}", "--idle-gaps=0",
         "--format=json", "--quiet"], capture_output=True, text=True, timeout=60 + seconds)
    if done.returncode != 0:
        print(f"| {connections} | perf: {done.stderr.strip().splitlines()[-1:]} | | | |")
        return
    cpu_us = json.loads(done.stdout)["cpu_us_per_request"]
    total, addresses = samples(data)
    recording = sum(count for address, count in addresses.items() if any(part in address for part in RECORDING))
    print(f"| {connections} | {cpu_us:.2f} | {total:,} | {recording / total:.2%} | {recording / total * cpu_us * 1e3:.0f} |",
          flush=True)


def samples(data):
    """The number of samples of the load threads, and the samples in the program by source line."""
    script = subprocess.run(["perf", "script", "-i", data, "-F", "comm,ip,dso", "--show-mmap-events"], capture_output=True,
                            text=True, timeout=120).stdout
    total, by_ip, program, base = 0, collections.Counter(), None, 0
    for line in script.splitlines():
        mapped = re.search(r"MMAP2? .*\[0x([0-9a-f]+)\(0x[0-9a-f]+\) @ (0x[0-9a-f]+|0) .*r-xp (\S*/loadgen)$", line)
        if mapped:
            base, program = int(mapped[1], 16) - int(mapped[2], 16), mapped[3]
            continue
        sample = re.match(r"\s*load-\d+\s+([0-9a-f]+)\s+.*\((.*)\)$", line)
        if not sample:
            continue
        total += 1
        if sample[2].endswith("/loadgen"):
            by_ip[int(sample[1], 16)] += 1
    return total, lines_of(program, base, by_ip)


def lines_of(program, base, by_ip):
    """Counts by "file:line file:line ...", from the innermost inlined function to the outermost."""
    headers = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, timeout=60).stdout
    code = re.search(r"LOAD\s+(0x[0-9a-f]+)\s+(0x[0-9a-f]+)(?:\s+0x[0-9a-f]+){3}\s+R E", headers)
    # From the address of the mapping to the address in the program's own tables.
    shift = int(code[2], 16) - int(code[1], 16) - base
    order = list(by_ip)
    told = subprocess.run(["addr2line", "-e", program, "-i", "-a"], text=True, capture_output=True, timeout=120,
                          input="".join(f"{hex(ip + shift)}\n" for ip in order)).stdout
    lines = collections.Counter()
    for ip, words in zip(order, re.split(r"^0x[0-9a-f]+\n", told, flags=re.MULTILINE)[1:]):
        lines[words.replace("\n", " ")] += by_ip[ip]
    return lines
