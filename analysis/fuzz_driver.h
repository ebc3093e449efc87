#ifndef ASSAY_ANALYSIS_FUZZ_DRIVER_H_
#define ASSAY_ANALYSIS_FUZZ_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// A fuzz target is one file, x_fuzz.cc, that defines both functions below. fuzz_target()
// (tools/fuzzing/fuzz_target.bzl) builds it twice: with this driver as a test that every build runs,
// the same inputs each time; and with libFuzzer, which looks for inputs on its own (tools/fuzz).

// libFuzzer's entry: must return 0 and neither crash nor leak, whatever the input. A response that
// is wrong is a crash: the target aborts.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace assay {

// Valid inputs, from which the driver makes broken ones: bits flipped, bytes set to extremes,
// pieces cut out, doubled and exchanged.
std::vector<std::string> FuzzSeeds();

}  // namespace assay

#endif  // ASSAY_ANALYSIS_FUZZ_DRIVER_H_
