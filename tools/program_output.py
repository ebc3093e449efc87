"""The end of a program that prints: its output arrives, or the program fails with a message.

  if __name__ == "__main__":
      program_output.run("tidy", main)
"""

import io
import os
import sys


class _Output(io.FileIO):
    """Standard output, which keeps the first error of its writes."""

    lost = None

    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            self.lost = self.lost or error
            raise


def run(name, main):
    """Calls main() and ends the program with its status. Lost output ends it with status 1 and a message.

    A worse status is kept. A pipe whose reader stops early (`| head`) gives no message.
    """
    if sys.stdout is None:  # Python ignores what is printed then.
        sys.exit(f"{name}: cannot write to standard output: it is closed")
    output = _Output(sys.stdout.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(output), sys.stdout.encoding, sys.stdout.errors,
                                  line_buffering=sys.stdout.line_buffering)
    try:
        sys.exit(main())
    finally:
        _check(name, output, sys.exc_info()[1])


def _check(name, output, ending):
    """Flushes. `ending` is the exception that ends the program."""
    try:
        sys.stdout.flush()
    except OSError:
        # Python would flush again, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
    if output.lost is None:
        return
    if not isinstance(output.lost, BrokenPipeError):
        print(f"{name}: cannot write to standard output: {output.lost.strerror}", file=sys.stderr)
    succeeded = isinstance(ending, SystemExit) and ending.code in (None, 0)
    if succeeded or ending is output.lost:
        sys.exit(1)
