#ifndef ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_
#define ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace assay::targets {

// Request bodies that no server can have seen before. The same seed gives the same bodies.
class RandomBodies {
 public:
  explicit RandomBodies(uint64_t seed) : random_(seed) {}

  // From least to largest, both included.
  int64_t Number(int64_t least, int64_t largest);
  // Bytes of every value.
  std::string Bytes(size_t size);
  // Words that deflate well.
  std::string Words(size_t size);
  // A body for POST /json: items with names in all of Unicode, keys in any order, blanks, unknown and doubled keys.
  // About one in eight has a total beyond 64 bits.
  std::string Order(int items);

 private:
  std::string Blank();
  std::string Name();
  std::string Item(bool large);

  std::mt19937_64 random_;
};

}  // namespace assay::targets

#endif  // ASSAY_TARGETS_CONTRACT_RANDOM_BODIES_H_
