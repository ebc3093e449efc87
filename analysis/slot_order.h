#ifndef X
#define X
#include <cstdint>
#include <vector>
namespace assay {
std::vector<uint32_t> SlotOrder(uint32_t targets, uint32_t rounds, uint64_t seed);
}
#endif
