#ifndef ASSAY_ANALYSIS_CRC32C_H_
#define ASSAY_ANALYSIS_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace assay {

// CRC-32C (Castagnoli) as in RFC 3720 B.4: Crc32c("123456789") is 0xE3069283. Uses the SSE 4.2 instruction if the CPU
// has it (about 8 GB/s), otherwise a table (about 1 GB/s). Threads: safe.
uint32_t Crc32c(std::string_view data);

// The CRC of a concatenation: ExtendCrc32c(Crc32c(a), b) == Crc32c(a + b). Crc32c("") is 0.
uint32_t ExtendCrc32c(uint32_t crc, std::string_view data);

// The table variant on every CPU, so that tests can compare both variants.
uint32_t ExtendCrc32cPortably(uint32_t crc, std::string_view data);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_CRC32C_H_
