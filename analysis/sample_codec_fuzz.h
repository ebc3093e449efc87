#ifndef ASSAY_ANALYSIS_SAMPLE_CODEC_FUZZ_H_
#define ASSAY_ANALYSIS_SAMPLE_CODEC_FUZZ_H_

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "analysis/random_stream.h"
#include "analysis/sample_codec.h"
#include "analysis/sample_patterns.h"

namespace assay {

// Shared by the fuzz targets of both codecs. An input is the number of samples in two bytes, little-endian, then the
// payload.
class SampleCodecFuzz {
 public:
  using Encode = std::string (*)(absl::Span<const Sample>, int64_t base_ns);
  using Decode = absl::Status (*)(std::string_view, uint32_t count, int64_t base_ns,
                                  std::vector<Sample>*);

  // Decoded samples must survive another round of encoding and decoding unchanged.
  static void Run(const uint8_t* data, size_t size, Encode encode, Decode decode) {
    if (size < 2) return;
    const uint32_t count = data[0] | data[1] << 8;
    const std::string_view payload(reinterpret_cast<const char*>(data) + 2, size - 2);
    std::vector<Sample> samples;
    if (!decode(payload, count, kBase, &samples).ok()) {
      if (!samples.empty()) std::abort();
      return;
    }
    if (samples.size() != count) std::abort();
    std::vector<Sample> again;
    if (!decode(encode(samples, kBase), count, kBase, &again).ok()) std::abort();
    if (again != samples) std::abort();
  }

  static std::vector<std::string> Seeds(Encode encode) {
    RandomStream random(1);
    std::vector<std::string> seeds;
    for (const int count : {1, 2, 127, 128, 129, 300}) {
      for (const auto& samples :
           {ClosedLoopSamples(&random, count), OpenLoopSamples(&random, count),
            ArbitrarySamples(&random, count), std::vector<Sample>(count)}) {
        std::string seed = {static_cast<char>(count & 255), static_cast<char>(count >> 8)};
        seeds.push_back(seed + encode(samples, kBase));
      }
    }
    return seeds;
  }

 private:
  static constexpr int64_t kBase = 43'210'123'000'000;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SAMPLE_CODEC_FUZZ_H_
