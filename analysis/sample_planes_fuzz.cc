// Fuzzes DecodePlanes() with payloads of a broken store or file.
#include "analysis/fuzz_driver.h"
#include "analysis/sample_codec_fuzz.h"

namespace assay {
namespace {

std::string Encoded(absl::Span<const Sample> samples, int64_t base_ns) {
  return EncodePlanes(samples, base_ns).value();
}

}  // namespace

std::vector<std::string> FuzzSeeds() { return SampleCodecFuzz::Seeds(Encoded); }

}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::SampleCodecFuzz::Run(data, size, assay::Encoded, assay::DecodePlanes);
  return 0;
}
