"""python_test: a Bazel test of Python unit tests."""

def python_test(name, src, deps = [], data = [], **kwargs):
    """Runs `src` (a unittest of the standard library) with the system's python3.

    Replaces py_test, whose launcher in Bazel 4 needs a `python` that Debian does not have.

    Args:
      name: of the test.
      src: the file with the tests; modules are imported from the workspace root.
      deps: other Python files.
      data: files that the tests open, below the workspace root.
      **kwargs: passed to sh_test.
    """
    native.sh_test(
        name = name,
        srcs = ["//tools:python_test.sh"],
        args = ["$(location %s)" % src],
        data = [src] + deps + data,
        **kwargs
    )
