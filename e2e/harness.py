"""Drives the real programs as a user does, and checks that they leave no process running.

A test gets a home of its own: no store, no agent and no process is shared with another test.
"""

import ctypes
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

# The longest wait for a program that should end by itself; generous, for slow machines.
TIMEOUT_S = 120
# The gates that a busy machine may fail. Assay then correctly ends with 3.
GATES_OF_THE_MACHINE = {"aa_control", "idle_gaps", "generator_saturated"}
# The same for tests that do not check the quality of the result: also gates for requests that a busy machine sends late or
# not at all. A busy machine never causes errors, wrong responses, lost samples or wrong counts.
GATES_OF_TIME = GATES_OF_THE_MACHINE | {"load_not_delivered", "profile_cost", "queue_overflow", "start_skew"}
_PR_SET_CHILD_SUBREAPER = 36


def program(path):
    """The absolute path of a program of the project. Tests run in the folder of its files."""
    return os.path.abspath(path)


def adopt_orphans():
    """Makes this process the parent of every orphan below it, so that all can be found."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def parents():
    """{pid: parent pid} of all processes that are not zombies."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            found[int(name)] = int(fields[1])
    return found


def descendants(root):
    """Living processes below `root`, as {pid: command line}."""
    tree = parents()
    found = {root}
    grew = True
    while grew:
        more = {pid for pid, parent in tree.items() if parent in found} - found
        found |= more
        grew = bool(more)
    commands = {}
    for pid in found - {root}:
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                commands[pid] = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
    return commands


def tried_twice(test):
    """For a test that depends on real time: if it fails, it runs once more, and prints that."""
    @functools.wraps(test)
    def attempt(self):
        try:
            test(self)
        except AssertionError as error:
            print(f"RETRY {self.id()}: {error}", file=sys.stderr, flush=True)
            test(self)
    return attempt


def eventually(condition, timeout_s=TIMEOUT_S, what="the condition"):
    """Waits until condition() is true and returns its value; raises an error after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)


class Ended:
    """The results of a program: exit status, standard output and standard error."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.status}\n--- standard output\n{self.out}\n--- standard error\n{self.err}"


class Running:
    """A running program. Two threads read its output, so that it never blocks."""

    def __init__(self, arguments, env, cwd, stdin=subprocess.DEVNULL):
        # In a new session, so that a signal reaches this program only, as from another terminal.
        self.process = subprocess.Popen(
            arguments, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", start_new_session=True)
        self.out = []
        self.err = []
        self._drains = [
            threading.Thread(target=self._drain, args=(self.process.stdout, self.out), daemon=True),
            threading.Thread(target=self._drain, args=(self.process.stderr, self.err), daemon=True)]
        for drain in self._drains:
            drain.start()

    @staticmethod
    def _drain(stream, lines):
        for line in stream:
            lines.append(line)
        stream.close()

    @property
    def pid(self):
        return self.process.pid

    def await_line(self, part, stream="out"):
        """The first line of a stream that contains `part`."""
        def found():
            line = next((line for line in list(getattr(self, stream)) if part in line), None)
            if line is None and self.process.poll() is not None:
                self.join()
                raise AssertionError(f"it ended before it printed '{part}':\n{self.ended()}")
            return line
        return eventually(found, what=f"a line with '{part}'")

    def send(self, number):
        self.process.send_signal(number)

    def join(self):
        for drain in self._drains:
            drain.join(TIMEOUT_S)

    def ended(self):
        return Ended(self.process.returncode, "".join(self.out), "".join(self.err))

    def wait(self, timeout_s=TIMEOUT_S):
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end within {timeout_s} s:\n{self.ended()}") from None
        self.join()
        return self.ended()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(TIMEOUT_S)
        self.join()


class Agent(Running):
    """A running agent that listens."""

    def __init__(self, arguments, env, cwd):
        super().__init__(arguments, env, cwd)
        self.address = self.await_line("listening on ").split()[-1]

    def stop(self):
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.wait()


class EndToEndTest(unittest.TestCase):
    """A home folder and the programs. Every test ends with a check that no process is left."""

    def setUp(self):
        adopt_orphans()
        folder = tempfile.TemporaryDirectory(prefix="assay-e2e-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.env = {
            "HOME": self.home, "XDG_DATA_HOME": os.path.join(self.home, "data"), "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TMPDIR": self.home,
            "TEST_SRCDIR": os.environ.get("TEST_SRCDIR", os.path.dirname(os.getcwd()))}
        self.store = os.path.join(self.home, "data/assay/assay.db")
        # Registered after the removal of the folder, so it runs before it: no process may hold files there.
        self.addCleanup(self.assert_nothing_runs)

    def assert_nothing_runs(self, timeout_s=60):
        """Every process that the test started, and every descendant, has ended."""
        try:
            eventually(lambda: not descendants(os.getpid()), timeout_s, "all processes gone")
        except AssertionError:
            left = descendants(os.getpid())
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            self.fail(f"left running: {left}")

    def path(self, name):
        return os.path.join(self.home, name)

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, *arguments, env=None, prefix=()):
        """A running controller, killed at the end of the test if it still runs."""
        running = Running([*prefix, program("controller/controller"), *arguments], {**self.env, **(env or {})}, self.home)
        self.addCleanup(running.kill)
        return running

    def controller(self, *arguments, env=None, prefix=(), timeout_s=TIMEOUT_S):
        return self.start(*arguments, env=env, prefix=prefix).wait(timeout_s)

    def agent(self, *arguments, listen="127.0.0.1:0"):
        """An agent, by default on its own port, stopped at the end of the test."""
        spool = self.path(f"spool-{uuid.uuid4().hex}")
        os.mkdir(spool)
        agent = Agent([program("agent/agent"), f"--listen={listen}", f"--spool={spool}", *arguments], self.env, self.home)
        self.addCleanup(agent.kill)
        return agent

    def assert_status(self, ended, status):
        self.assertEqual(ended.status, status, f"\n{ended}")

    def assert_measured(self, ended, identity="latest", also=()):
        """The program measured, and only gates that a busy machine may fail, and the gates in `also`, void the campaign. The
        exit status says whether it is void."""
        self.assertIn(ended.status, (0, 3), f"\n{ended}")
        invalid = self.invalid_gates(self.show(identity))
        self.assertLessEqual(invalid, GATES_OF_TIME | set(also), f"\n{ended}")
        self.assert_status(ended, 3 if invalid else 0)

    def assert_says(self, ended, *parts):
        """Standard error contains all the given texts, in any case."""
        for part in parts:
            self.assertIn(part.lower(), ended.err.lower(), f"\n{ended}")

    def show(self, identity="latest"):
        """The stored campaign as JSON."""
        shown = self.controller("show", identity, "--format=json")
        self.assert_status(shown, 0)
        return shown.json()

    def invalid_gates(self, shown):
        """The names of the gates that void the result of show(), for the campaign and for every cell."""
        of_cells = [gate for cell in shown["cells"] for gate in cell["gates"]]
        return {gate["name"] for gate in [*shown["gates"], *of_cells] if gate["verdict"] == "invalid"}

    def run_undisturbed(self, *arguments):
        """A campaign that a busy machine did not void: its end, and the result of show(). If the machine voids two campaigns
        in a row (each has waited for a quiet moment eight times), the test is skipped."""
        for _ in range(2):
            ended = self.controller(*arguments)
            shown = self.show()
            invalid = self.invalid_gates(shown)
            if not invalid or not invalid <= GATES_OF_THE_MACHINE:
                return ended, shown
            self.assert_status(ended, 3)
        self.skipTest(f"this machine is too busy: {invalid}")


# The smallest plan: one block of short windows. Tests add and replace fields with --set.
QUICK_PLAN = """
name: "quick"
targets { name: "epoll" }
workloads { name: "plaintext" path: "/plaintext" }
load {
  closed { connections: [4] duration { seconds: 0.3 } }
  warmup { seconds: 0.1 }
}
blocks: 1
verdict: NONE
"""
