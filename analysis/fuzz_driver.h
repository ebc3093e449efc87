#ifndef ASSAY_ANALYSIS_FUZZ_DRIVER_H_
#define ASSAY_ANALYSIS_FUZZ_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// A fuzz target is one file, x_fuzz.cc, that defines both functions below. fuzz_target()
// (tools/fuzzing/fuzz_target.bzl) builds it twice: with this driver, as a test with the same inputs in every build;
// and with libFuzzer, which searches for inputs (tools/fuzz).

// libFuzzer's entry point. It must return 0 and must not crash or leak for any input. The target aborts on a wrong
// result, so that it counts as a crash.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace assay {

// Valid inputs. The driver derives broken inputs from them: it flips bits, sets bytes to extremes, and removes,
// duplicates and swaps ranges of bytes.
std::vector<std::string> FuzzSeeds();

}  // namespace assay

#endif  // ASSAY_ANALYSIS_FUZZ_DRIVER_H_
