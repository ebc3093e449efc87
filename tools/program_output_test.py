"""Tests of tools/program_output.py."""

import os
import subprocess
import sys
import unittest

from tools import program_output

FOLDER = os.path.dirname(os.path.realpath(program_output.__file__))


def ended(body, stdout):
    """How a program with the given body of main() ends."""
    code = f"import program_output, sys\ndef main():\n    {body}\nprogram_output.run('name', main)\n"
    return subprocess.run([sys.executable, "-B", "-c", code], env={"PYTHONPATH": FOLDER}, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, check=False)


class ProgramOutputTest(unittest.TestCase):
    """A program with each kind of standard output."""

    def test_returns_the_status_of_main(self):
        for body, status in (("print('x')", 0), ("print('x'); return 0", 0), ("return 3", 3), ("sys.exit(2)", 2)):
            program = ended(body, subprocess.PIPE)
            self.assertEqual((program.returncode, program.stderr), (status, ""), body)
        self.assertEqual(ended("print('x')", subprocess.PIPE).stdout, "x\n")

    def test_lost_output_is_a_failure_with_a_message(self):
        message = "name: cannot write to standard output: No space left on device\n"
        for body in ("print('x')", "print('x', flush=True)", "print('x' * 1000000)", "print('x'); sys.exit(0)"):
            with self.subTest(body=body), open("/dev/full", "wb") as full:
                program = ended(body, full)
                self.assertEqual((program.returncode, program.stderr), (1, message))

    def test_keeps_a_worse_status_and_another_error(self):
        with open("/dev/full", "wb") as full:
            program = ended("print('x'); sys.exit(3)", full)
            self.assertEqual(program.returncode, 3)
            self.assertIn("No space left on device", program.stderr)
            program = ended("print('x'); open('/no/such/file')", full)
        self.assertEqual(program.returncode, 1)
        self.assertIn("No space left on device", program.stderr)
        self.assertIn("/no/such/file", program.stderr)

    def test_reports_a_closed_descriptor_before_it_begins(self):
        code = "import program_output; program_output.run('name', lambda: open('begun', 'w'))"
        program = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-B", "-c", code], env={"PYTHONPATH": FOLDER},
            cwd=os.environ.get("TEST_TMPDIR"), stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((program.returncode, program.stderr), (1, "name: cannot write to standard output: it is closed\n"))
        self.assertFalse(os.path.exists(os.path.join(os.environ.get("TEST_TMPDIR", "."), "begun")))

    def test_does_not_report_a_reader_that_stops_early(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        try:
            program = ended("print('x')", write_end)
        finally:
            os.close(write_end)
        self.assertEqual((program.returncode, program.stderr), (1, ""))


if __name__ == "__main__":
    unittest.main()
