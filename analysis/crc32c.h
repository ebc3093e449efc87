#ifndef ASSAY_ANALYSIS_CRC32C_H_
#define ASSAY_ANALYSIS_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace assay {

// CRC-32C (Castagnoli), as RFC 3720 B.4 has it: Crc32c("123456789") is 0xE3069283.
// Uses the SSE 4.2 instruction where the CPU has it (about 8 GB/s), a table elsewhere (about 1
// GB/s). Any thread.
uint32_t Crc32c(std::string_view data);

// Of the concatenation: ExtendCrc32c(Crc32c(a), b) == Crc32c(a + b). Crc32c("") is 0.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view data);

// The table variant on every CPU, for tests of its agreement with the other.
uint32_t ExtendCrc32cPortably(uint32_t crc, std::string_view data);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_CRC32C_H_
