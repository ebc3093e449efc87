#ifndef ASSAY_AGENT_LOADGEN_TEST_FRAMES_H_
#define ASSAY_AGENT_LOADGEN_TEST_FRAMES_H_

#include <cstdint>
#include <string>

namespace assay::loadgen {

// The byte of HPACK that says ":status: 200".
inline constexpr char kStatusOk[] = "\x88";

// In four bytes.
inline std::string FrameNumber(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// A frame of HTTP/2 (RFC 9113, 4.1), for servers that say what no library would.
inline std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame = FrameNumber(static_cast<uint32_t>(payload.size())).substr(1);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  return frame + FrameNumber(stream) + payload;
}

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TEST_FRAMES_H_
