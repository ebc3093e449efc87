"""fuzz_target: one file that is a test in every build, and a libFuzzer binary for tools/fuzz."""

def fuzz_target(name, srcs, deps, size = "small", rounds = 8000):
    """Defines NAME_test, on the same broken inputs each time, and NAME, which looks for inputs on its own.

    Args:
      name: of the binary; ends with _fuzz.
      srcs: the file that defines the two functions of analysis/fuzz_driver.h.
      deps: what it tests.
      size: of the test.
      rounds: broken inputs that the test tries, and a quarter of it of noise; fewer where an input takes milliseconds.
    """
    native.cc_test(
        name = name + "_test",
        size = size,
        srcs = srcs,
        env = {"ASSAY_FUZZ_ROUNDS": str(rounds)},
        deps = deps + ["//analysis:fuzz_driver"],
    )

    # Only --config=fuzz can link it. Seeds lie beside it, in an archive, where there are any.
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = srcs,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps + ["//tools/fuzzing:write_seeds"],
    )
