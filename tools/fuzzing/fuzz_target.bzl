"""fuzz_target: one file that is a test in every build, and a libFuzzer binary for tools/fuzz."""

def fuzz_target(name, srcs, deps, size = "small", rounds = 8000):
    """Defines NAME_test, which runs the same invalid inputs each time, and NAME, which searches for inputs.

    Args:
      name: of the binary; ends with _fuzz.
      srcs: the file that defines the two functions of analysis/fuzz_driver.h.
      deps: libraries under test.
      size: of the test.
      rounds: number of invalid inputs in the test, plus a quarter of that of random bytes; lower it for slow inputs.
    """
    native.cc_test(
        name = name + "_test",
        size = size,
        srcs = srcs,
        env = {"ASSAY_FUZZ_ROUNDS": str(rounds)},
        deps = deps + ["//analysis:fuzz_driver"],
    )

    # Only --config=fuzz can link it. The corpus, if any, is an archive in the same folder.
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = srcs,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps + ["//tools/fuzzing:write_seeds"],
    )
