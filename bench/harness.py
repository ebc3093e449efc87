"""Shared by the benchmarks: starting programs, and pinning them to CPUs."""

import contextlib
import datetime
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "tools"))
import program_output  # noqa: E402 pylint: disable=wrong-import-position

# Works for `bazel run` and for `bazel-bin/bench/NAME`; does not follow symbolic links.
_PROGRAM = os.path.abspath(sys.argv[0])
_BASES = (_PROGRAM + ".runfiles/assay", os.path.join(os.environ.get("RUNFILES_DIR", ""), "assay"),
          os.path.dirname(os.path.dirname(_PROGRAM)))


def run_main(main):
    """Calls main() and ends the program. Lost output ends it with status 1 and a message."""
    program_output.run("bench", main)


def file(path):
    """A file of the project, given by its path from the root."""
    for base in _BASES:
        if os.path.exists(os.path.join(base, path)):
            return os.path.join(base, path)
    name = os.path.basename(_PROGRAM).removesuffix(".py")
    sys.exit(f"bench: {path} is not built; use `bazel run //bench:{name}`")


def heading():
    """A line with the date and the machine of the figures, to be copied with them."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            model = next(line.split(":", 1)[1].strip() for line in cpuinfo if line.startswith("model name"))
    except (OSError, StopIteration):
        model = "CPU of an unknown model"
    return (f"{datetime.date.today().isoformat()}, {os.cpu_count()} CPUs ({model}), Linux {platform.release()}, "
            f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'an unknown system')}")


def run(command, cpu, timeout_s=120):
    """Runs a command on that CPU. Returns its output and its CPU seconds. Ends the benchmark if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", str(cpu)] + command, capture_output=True, text=True, timeout=timeout_s)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr, sum(
        getattr(after, k) - getattr(before, k) for k in ("ru_utime", "ru_stime"))


def first_line_with_port(process):
    """The port in "listening on HOST:PORT", which a server prints first."""
    line = process.stdout.readline()
    try:
        return int(line.rsplit(":", 1)[1])
    except (IndexError, ValueError):
        sys.exit(f"bench: {process.args[0]} did not print its address, but: {line!r}")


@contextlib.contextmanager
def agent_and_campaign(plan):
    """A new agent, the arguments that run `plan` (a text) on it and print JSON, and the store for the results.

    Both agent and store are removed afterwards."""
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    agent = subprocess.Popen([file("agent/agent"), "--listen=127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        path, store = os.path.join(folder, "plan.textproto"), os.path.join(folder, "store.db")
        with open(path, "w", encoding="utf-8") as out:
            out.write(plan)
        yield agent, [file("controller/controller"), "run", path, f"--agents=127.0.0.1:{first_line_with_port(agent)}",
                      f"--store={store}", "--format=json"], store
    finally:
        agent.terminate()
        agent.wait()
        shutil.rmtree(folder)


def peak_megabytes(pid):
    """The peak resident memory of a process so far."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1e3
    return float("nan")
