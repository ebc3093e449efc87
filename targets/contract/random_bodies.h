#ifndef ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_
#define ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace assay::targets {

// Random request bodies. The same seed gives the same bodies.
class RandomBodies {
 public:
  explicit RandomBodies(uint64_t seed) : random_(seed) {}

  // From least to largest, inclusive.
  int64_t Number(int64_t least, int64_t largest);
  // Bytes of every value.
  std::string Bytes(size_t size);
  // Text of repeated words, which compresses well.
  std::string Words(size_t size);
  // A body for POST /json: items with names from all of Unicode, keys in any order, white space, unknown and repeated
  // keys. About one in eight has a total beyond 64 bits.
  std::string Order(int items);

 private:
  std::string Blank();
  std::string Name();
  std::string Item(bool large);

  std::mt19937_64 random_;
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_
