"""Every benchmark reports lost output and fails."""

import glob
import os
import subprocess
import unittest

TIMEOUT_S = 120


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(arguments, stdout):
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                          timeout=TIMEOUT_S, check=False)


class LostOutputTest(unittest.TestCase):
    """Standard output is full or closed."""

    def assert_reported(self, arguments):
        with self.subTest(arguments=arguments, output="/dev/full"), open("/dev/full", "wb") as full:
            ended = run(arguments, full)
            self.assertEqual(ended.returncode, 1, ended)
            self.assertIn("cannot write to standard output: No space left on device", ended.stderr)
        with self.subTest(arguments=arguments, output="closed"):
            ended = run(["/bin/sh", "-c", 'exec "$@" >&-', "sh", *arguments], None)
            self.assertEqual(ended.returncode, 1, ended)
            self.assertIn("cannot write to standard output: ", ended.stderr)

    def port(self):
        """The port of a server that runs until the test ends."""
        # pylint: disable=consider-using-with
        server = subprocess.Popen(["bench/epoll_floor_server", "0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait, TIMEOUT_S)
        self.addCleanup(server.terminate)
        return server.stdout.readline().strip().rsplit(":", 1)[1]

    def test_programs(self):
        self.assert_reported(["bench/believe_simulation", "--campaigns=1"])
        self.assert_reported(["bench/epoll_floor_server", "0"])
        self.assert_reported(["bench/epoll_floor_client", self.port(), "1", "0.01"])

    def test_io_uring(self):
        arguments = ["bench/uring_floor_client", self.port(), "1", "0.01"]
        usual = run(arguments, subprocess.PIPE)
        if usual.returncode != 0:
            self.skipTest(f"this system has no io_uring: {usual.stderr}")
        self.assert_reported(arguments)

    def test_scripts(self):
        scripts = [path for path in glob.glob("bench/*.py") if "run_main(main)\n" in read(path)]
        self.assertGreaterEqual(len(scripts), 7)
        for path in scripts:
            self.assert_reported(["python3", "-B", path, "--help"])
            self.assertEqual(run(["python3", "-B", path, "--help"], subprocess.DEVNULL).returncode, 0, path)


if __name__ == "__main__":
    unittest.main()
