#ifndef ASSAY_ANALYSIS_RANDOM_STREAM_H_
#define ASSAY_ANALYSIS_RANDOM_STREAM_H_

#include <cstdint>

namespace assay {

// Random numbers from a seed, the same on every platform, compiler and version of Assay. A stored seed must always
// give the same order, which the standard library's distributions do not guarantee.
//
// The generator is SplitMix64 (Steele, Lea, Flood 2014): state += 0x9E3779B97F4A7C15, then two xor-multiply rounds.
// The state of a stream begins as Mix(Mix(seed) + stream), so that streams of one seed are unrelated.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed, uint64_t stream = 0) : state_(Mix(Mix(seed) + stream)) {}

  uint64_t Next() {
    state_ += kIncrement;
    return Finish(state_);
  }
  // Uniform in [0, bound), without bias: draws below 2^64 mod bound are drawn again. REQUIRES:
  // bound >= 1.
  uint64_t Below(uint64_t bound) {
    const uint64_t first_fair = (0 - bound) % bound;
    for (;;) {
      const uint64_t draw = Next();
      if (draw >= first_fair) return draw % bound;
    }
  }
  // Uniform in [0, 1): the top 53 bits over 2^53.
  double NextDouble() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

 private:
  static constexpr uint64_t kIncrement = 0x9E3779B97F4A7C15;
  static uint64_t Finish(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  static uint64_t Mix(uint64_t x) { return Finish(x + kIncrement); }

  uint64_t state_;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_RANDOM_STREAM_H_
