// Fuzzes DecodeBlocks() with payloads of a broken agent or file.
#include "analysis/fuzz_driver.h"
#include "analysis/sample_codec_fuzz.h"

namespace assay {
namespace {

std::string Encoded(absl::Span<const Sample> samples, int64_t base_ns) {
  std::string payload;
  for (size_t begin = 0; begin < samples.size(); begin += kBlockSamples) {
    uint8_t block[kMaxBlockBytes];
    const size_t length = EncodeBlock(samples.subspan(begin, kBlockSamples), base_ns, block);
    payload.append(reinterpret_cast<const char*>(block), length);
  }
  return payload;
}

}  // namespace

std::vector<std::string> FuzzSeeds() { return SampleCodecFuzz::Seeds(Encoded); }

}  // namespace assay

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::SampleCodecFuzz::Run(data, size, assay::Encoded, assay::DecodeBlocks);
  return 0;
}
