"""The output of programs: it arrives or the program fails, it goes to the given file, and it cannot control a terminal."""

import os
import pty
import subprocess
import unittest

from e2e.harness import QUICK_PLAN, EndToEndTest, program

# An escape sequence for a terminal, and a line break that forges a line of the program.
HOSTILE = "x\ncontroller: forged\x1b[31m"
TIMEOUT_S = 120


def closing(fd, arguments):
    """The arguments of a shell that starts a program with a descriptor closed."""
    return ["/bin/sh", "-c", f'exec "$@" {fd}>&-', "sh", *arguments]


class OutputTest(EndToEndTest):
    """Runs programs with the standard output of each test."""

    PROGRAMS = {
        "controller": "controller/controller", "agent": "agent/agent", "server": "server/server",
        "loadgen": "agent/loadgen/loadgen", "profile": "agent/profiler/profile", "launch": "agent/launch/launch"}

    def run_words(self, arguments, stdout=subprocess.PIPE, **kwargs):
        return subprocess.run(
            arguments, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
            timeout=TIMEOUT_S, check=False, **kwargs)

    def arguments(self, name, *arguments):
        return [program(self.PROGRAMS[name]), *arguments]

    def server(self):
        """The address of a server that runs until the test ends."""
        # pylint: disable=consider-using-with
        running = subprocess.Popen(
            self.arguments("server", "--listen=127.0.0.1:0"), env=self.env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.wait, TIMEOUT_S)
        self.addCleanup(running.terminate)
        return running.stdout.readline().split()[-1]

    def campaign(self):
        self.assert_measured(self.controller("run", self.write("plan.textproto", QUICK_PLAN), "--quiet"))

    def commands(self):
        """Arguments of every program and every command that print something."""
        target = f"--target={self.server()}"
        self.campaign()
        plan = self.path("plan.textproto")
        load = ("loadgen", target, "--path=/plaintext", "--requests=10")
        return [
            *[(name, flag) for name in self.PROGRAMS for flag in ("--help", "--version")],
            ("controller", "run", "--help"),
            ("controller", "list"), ("controller", "list", "--format=json"), ("controller", "list", "--format=csv"),
            ("controller", "show", "latest"), ("controller", "show", "latest", "--format=json"),
            ("controller", "show", "latest", "--format=csv"),
            ("controller", "check", plan), ("controller", "check", plan, "--format=json"),
            ("controller", "agents"), ("controller", "agents", "--format=json"),
            ("controller", "report", "latest", "-o", "report.html"),
            ("controller", "export", "latest", "-o", "exports"),
            load, (*load, "--format=json"), (*load, "--format=csv"),
            ("agent", "--listen=127.0.0.1:0", f"--spool={self.path('spool')}"),
            ("server", "--listen=127.0.0.1:0"),
            ("profile", f"--pid={os.getpid()}", "--seconds=0.1", "--format=proto"),
        ]


class LostOutputTest(OutputTest):
    def assert_lost(self, arguments, ended, reason):
        self.assertEqual(ended.returncode, 1, f"{arguments}: {ended}")
        self.assertIn(f"{arguments[0]}: cannot write to standard output: {reason}".encode(), ended.stderr, f"{arguments}")

    def test_every_program_reports_lost_output_and_fails(self):
        for arguments in self.commands():
            if arguments[0] == "profile" and "--pid" in arguments[1] and self.run_words(self.arguments(*arguments)).returncode != 0:
                continue  # This system does not allow profiling.
            with self.subTest(arguments=arguments, output="/dev/full"), open("/dev/full", "wb") as full:
                self.assert_lost(arguments, self.run_words(self.arguments(*arguments), stdout=full), "No space left on device")
            with self.subTest(arguments=arguments, output="closed"):
                self.assert_lost(arguments, self.run_words(closing(1, self.arguments(*arguments))), "Bad file descriptor")

    def test_keeps_a_worse_status(self):
        for arguments in (("controller", "--no-such-flag"), ("loadgen",), ("server", "--cpu=x")):
            ended = self.run_words(closing(1, self.arguments(*arguments)))
            self.assertEqual(ended.returncode, 2, f"{arguments}: {ended}")

    def test_a_program_without_output_needs_no_standard_output(self):
        ended = self.run_words(closing(1, self.arguments(
            "loadgen", f"--target={self.server()}", "--path=/plaintext", "--requests=10", "--output=result.json",
            "--format=csv")))
        self.assertEqual(ended.returncode, 1, "it prints its CSV")
        self.assertIn('"ok"', self.read(self.path("result.json")), "and has written its file")

    def test_no_file_takes_a_closed_descriptor(self):
        # Otherwise the store could become descriptor 1 or 2, and get the output.
        self.campaign()
        for fd in (0, 1, 2):
            self.run_words(closing(fd, self.arguments("controller", "show", "latest")))
            self.run_words(closing(fd, self.arguments("controller", "show", "no-such-campaign")))
        self.assert_status(self.controller("show", "latest"), 0)

    def test_does_not_report_a_reader_that_stops_early(self):
        arguments = self.arguments("loadgen", f"--target={self.server()}", "--path=/plaintext", "--requests=10",
                                   "--output=result.json")
        read_end, write_end = os.pipe()
        os.close(read_end)
        try:
            ended = self.run_words(arguments, stdout=write_end)
        finally:
            os.close(write_end)
        self.assertEqual((ended.returncode, ended.stderr), (1, b""))
        self.assertIn('"ok"', self.read(self.path("result.json")))


class OutputPathTest(OutputTest):
    def appended(self, arguments, path, fd=1):
        """The contents of a log after its first line when a program writes to `path` with `>> log`."""
        log = self.write("log", "old\n")
        shell = ["/bin/sh", "-c", f'exec "$@" {fd}>>"$0"', log, *arguments, path]
        ended = self.run_words(shell)
        self.assertEqual(ended.returncode, 0, f"{arguments}: {ended}")
        with open(log, "rb") as file:
            first, rest = file.readline(), file.read()
        self.assertEqual(first, b"old\n", f"{arguments} {path}")
        return rest

    def test_appending_does_not_replace_a_file(self):
        load = self.arguments("loadgen", f"--target={self.server()}", "--path=/plaintext", "--requests=10")
        self.campaign()
        writers = [
            (self.arguments("controller", "report", "latest", "-o"), "", b"<!DOCTYPE html>"),
            (self.arguments("controller", "export", "latest", "--format=csv", "-o"), "", b"campaign,"),
            (self.arguments("controller", "export", "latest", "--format=json", "-o"), "", b"{"),
            (load, "--output=", b'"ok"'), (load, "--hdr=", b"Histogram log format"), (load, "--samples=", b""),
        ]
        for arguments, flag, part in writers:
            for path, fd in (("/dev/stdout", 1), ("/dev/fd/3", 3), ("/proc/self/fd/3", 3)):
                with self.subTest(arguments=arguments, flag=flag, path=path):
                    written = self.appended(arguments, flag + path, fd)
                    self.assertIn(part, written)
                    self.assertNotEqual(written, b"")
                    self.assertNotIn(path.encode() + b"\n", written)

    def test_does_not_replace_devices_and_pipes(self):
        self.campaign()
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        for path in ("/dev/null", fifo):
            for arguments in (("report", "latest", "-o", path), ("export", "latest", "--format=csv", "-o", path)):
                before = os.stat(path)
                # The capacity of a pipe is limited.
                with subprocess.Popen(["/bin/cat", fifo], stdout=subprocess.DEVNULL) as cat:
                    self.assert_status(self.controller(*arguments), 0)
                    after = os.stat(path)
                    cat.terminate()
                self.assertEqual((before.st_ino, before.st_mode), (after.st_ino, after.st_mode), path)

    def test_several_files_need_a_folder(self):
        plan = self.write("plan.textproto", QUICK_PLAN.replace("[4]", "[4, 8]"))
        self.assert_measured(self.controller("run", plan, "--quiet"))
        ended = self.controller("export", "latest", "--format=hdr", "-o", "/dev/null")
        self.assert_status(ended, 2)
        self.assert_says(ended, "/dev/null", "folder")


class HostileTextTest(OutputTest):
    def assert_clean(self, ended, arguments):
        for name, text in (("standard output", ended.stdout), ("standard error", ended.stderr)):
            self.assertNotIn(b"\x1b", text, f"{arguments}: {name}")
            self.assertNotIn(b"\ncontroller: forged", text, f"{arguments}: {name}")

    def test_escapes_control_characters_of_arguments(self):
        address = f"http://{self.server()}"
        hostile = [
            *[(name, word) for name in self.PROGRAMS for word in (HOSTILE, f"--{HOSTILE}", f"--{HOSTILE}=1")],
            ("controller", "show", HOSTILE), ("controller", "report", HOSTILE), ("controller", "cancel", HOSTILE),
            ("controller", "export", HOSTILE, "-o", "out"), ("controller", "export", "latest", f"--format={HOSTILE}"),
            ("controller", "run", HOSTILE), ("controller", "check", HOSTILE), ("controller", "resume", HOSTILE),
            ("controller", "list", f"--store={HOSTILE}"), ("controller", "agents", f"--agents={HOSTILE}"),
            ("controller", "agents", f"--agents=127.0.0.1:1,{HOSTILE}"),
            ("controller", "agents", "--agents=127.0.0.1:1", f"--tls-ca={HOSTILE}"), ("controller", "measure", HOSTILE),
            ("controller", "measure", f"http://{HOSTILE}"), ("controller", "measure", "epoll", f"--path={HOSTILE}"),
            ("controller", "measure", "epoll", f"--header={HOSTILE}"), ("controller", "demo", f"--set={HOSTILE}=1"),
            ("controller", "demo", "--set", f"name={HOSTILE}", "--set", "blocks=x"),
            ("controller", "demo", f"--label={HOSTILE}"), ("controller", "import", HOSTILE, "--execution=1"),
            ("controller", "import", "-", f"--execution={HOSTILE}"),
            ("agent", f"--listen={HOSTILE}"), ("agent", f"--listen={HOSTILE}:1"), ("agent", f"--catalogue={HOSTILE}"),
            ("agent", "--listen=127.0.0.1:0", f"--spool=/dev/null/{HOSTILE}"), ("agent", f"--allow-destination={HOSTILE}"),
            ("server", f"--listen={HOSTILE}"), ("server", f"--cpu={HOSTILE}"), ("server", f"--idle-timeout={HOSTILE}"),
            ("loadgen", f"--target={HOSTILE}"), ("loadgen", f"http://{HOSTILE}"), ("loadgen", address, f"--path={HOSTILE}"),
            ("loadgen", address, "-H", HOSTILE), ("loadgen", address, f"--body-file={HOSTILE}"),
            ("loadgen", address, "-n", "1", f"--output=/dev/null/{HOSTILE}"),
            ("loadgen", address, "-n", "1", f"--samples=/dev/null/{HOSTILE}"),
            ("loadgen", address, f"--compare-to={HOSTILE}"),
            ("profile", f"--pid={HOSTILE}"), ("profile", "--pid=1", f"--cpus={HOSTILE}"),
            ("launch", f"--cpus={HOSTILE}", "--", "true"), ("launch", "--", f"/no/such/{HOSTILE}"),
        ]
        for arguments in hostile:
            with self.subTest(arguments=arguments):
                ended = self.run_words(self.arguments(*arguments))
                self.assertNotEqual(ended.returncode, 0, f"{ended}")
                self.assertNotEqual(ended.stderr, b"")
                self.assert_clean(ended, arguments)

    def test_escapes_control_characters_of_a_plan(self):
        written = HOSTILE.replace("\n", "\\n").replace("\x1b", "\\033")
        plans = [
            QUICK_PLAN.replace('"quick"', f'"{written}"'),
            QUICK_PLAN.replace('name: "plaintext"', f'name: "{written}"'),
            QUICK_PLAN.replace('"epoll"', f'"epoll" label: "{written}"'),
            QUICK_PLAN.replace('"epoll"', f'"{written}"'),
            QUICK_PLAN.replace('"epoll"', f'"epoll" options {{ key: "{written}" value: "1" }}'),
            QUICK_PLAN.replace('"/plaintext"', f'"{written}"'),
            QUICK_PLAN.replace('"/plaintext"', f'"/" body_file: "{written}"'),
            QUICK_PLAN + f'placement {{ server_cpus: "{written}" }}\n',
            QUICK_PLAN + f'thresholds {{ metric: "{written}" max: 1 }}\n',
            QUICK_PLAN + HOSTILE,
        ]
        for text in plans:
            plan = self.write(f"plan{HOSTILE}.textproto".replace("/", ""), text)
            for arguments in (("controller", "check", plan), ("controller", "check", plan, "--wide")):
                with self.subTest(text=text, arguments=arguments):
                    self.assert_clean(self.run_words(self.arguments(*arguments)), arguments)

    def test_escapes_control_characters_of_an_imported_files_name(self):
        self.campaign()
        execution = self.show()["cells"][0]["executions"][0]
        identity = execution["id"] if isinstance(execution, dict) else execution
        perf = ("epoll 41 1.000001: 10000000 cpu-clock:u: \n\t ffff work+0x1 (/bin/x\x1b[31m)\n\t fffe _start+0x1 (/bin/x)\n\n")
        named = self.write(f"perf{HOSTILE}", perf)
        empty = self.write(f"none{HOSTILE}", "nothing\n")
        refused = self.run_words(self.arguments("controller", "import", empty, f"--execution={identity}"))
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(b"\\x0acontroller: forged\\x1b[31m", refused.stderr)
        self.assert_clean(refused, "import")
        for arguments in (("import", named, f"--execution={identity}"), ("show", "latest"), ("show", "latest", "--wide"),
                      ("report", "latest", "-o", f"page{HOSTILE}.html"),
                      ("export", "latest", "--format=folded", "-o", f"out{HOSTILE}")):
            with self.subTest(arguments=arguments):
                ended = self.run_words(self.arguments("controller", *arguments))
                self.assertEqual(ended.returncode, 0, f"{ended}")
                self.assert_clean(ended, arguments)

    def test_escapes_control_characters_for_a_terminal_in_every_format(self):
        # A C1 control, which JSON does not escape. A file gets the bytes, a terminal the escapes.
        csi = "\u009b31m"
        text = QUICK_PLAN.replace('"quick"', f'"quick {csi}"')
        self.write("plan.textproto", text)
        arguments = self.arguments("controller", "check", self.path("plan.textproto"), "--format=json")
        self.assertIn(csi.encode(), self.run_words(arguments).stdout)
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        try:
            self.assertEqual(self.run_words(arguments, stdout=theirs).returncode, 0)
        finally:
            os.close(theirs)
        shown = b""
        while b"total_s" not in shown:
            shown += os.read(ours, 1 << 16)
        self.assertNotIn(csi.encode(), shown)
        self.assertIn(b"\\x9b31m", shown)


if __name__ == "__main__":
    unittest.main()
