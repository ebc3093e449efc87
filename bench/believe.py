#!/usr/bin/env python3
"""Shows how far verdicts can be believed.

  bazel run //bench:believe -- --simulate                      campaigns with a known true ratio, a few minutes
  bazel run //bench:believe -- --simulate --campaigns=200      the same with less precision

--simulate draws campaigns from a model and judges them with the code that judges real ones: how often a verdict is
wrong, how often the intervals contain the true ratio, and what intervals for independent blocks would have said.
bench/believe_simulation.cc describes the model. docs/measurement.md shows the result.
"""

import argparse
import subprocess
import sys

import harness


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulate", action="store_true", required=True, help="judge simulated campaigns")
    parser.add_argument("--campaigns", type=int, default=2000, help="campaigns of each row (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default: 1)")
    options = parser.parse_args()
    print(harness.heading() + "\n", flush=True)
    command = [harness.file("bench/believe_simulation"), f"--campaigns={options.campaigns}", f"--seed={options.seed}"]
    sys.exit(subprocess.run(command, check=False).returncode)


main()
