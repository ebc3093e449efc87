#ifndef ASSAY_ANALYSIS_SLOT_ORDER_H_
#define ASSAY_ANALYSIS_SLOT_ORDER_H_

#include <cstdint>
#include <vector>

namespace assay {

// The order in which the slots of an interleaved start go round its targets. Returns rounds * targets target indexes:
// slot i belongs to target SlotOrder()[i], and slots r * targets ... (r + 1) * targets - 1 are round r, in which each
// target occurs once. The order depends only on the arguments, on every platform. It draws from
// RandomStream(seed, 0), RandomStream(seed, 1) and so on, so the seed must differ between starts and must not be a
// seed that BlockOrder() uses.
//
// Two targets: each two rounds are ABBA or BAAB, drawn anew. A linear drift of the machine cancels within each.
// Three or more: Williams designs ("Experimental designs balanced for the estimation of residual effects of
// treatments", Australian Journal of Scientific Research A2, 1949), one after the other until all rounds are filled.
// A design has `targets` rounds for an even number of targets and twice as many for an odd number. Within a design,
// each target is equally often at each position of a round, and is preceded equally often by each other target in its
// round. Each design has its rounds in random order and its targets relabelled at random. The last design, and a last
// ABBA, may be cut off.
std::vector<uint32_t> SlotOrder(uint32_t targets, uint32_t rounds, uint64_t seed);

// The number of rounds after which positions and predecessors are balanced: 1 below two targets, 2 for two, and the
// rounds of a Williams design for more.
uint32_t BalancedRounds(uint32_t targets);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SLOT_ORDER_H_
