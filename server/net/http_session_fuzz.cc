// Parser and session on arbitrary bytes in arbitrary pieces: the responses must not depend on the pieces, and must be
// well-formed.

#include <cstdlib>
#include <string>
#include <string_view>

#include "analysis/fuzz_driver.h"
#include "analysis/random_stream.h"
#include "server/net/fuzz_conversation.h"

namespace assay::server {
namespace {

// Checks that every response has a head and as many bytes as its Content-Length, and that only the last one closes.
void CheckWellFormed(std::string_view responses) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  while (!responses.empty()) {
    const size_t head = responses.find("\r\n\r\n");
    const size_t length = responses.find(kLength);
    if (!responses.starts_with("HTTP/1.1 ") || length == responses.npos || length > head ||
        responses.find("\r\nDate: ") > head) {
      FuzzConversation::Fail("malformed", "a response", responses);
    }
    size_t size = std::strtoul(responses.data() + length + kLength.size(), nullptr, 10);
    const bool last = responses.find("\r\nConnection: close\r\n") < head;
    responses.remove_prefix(head + 4);
    // A response to HEAD has no body: the next response follows at once, or nothing does.
    if (responses.empty() || responses.starts_with("HTTP/1.1 ")) size = 0;
    if (size > responses.size()) FuzzConversation::Fail("cut short", "more", responses);
    responses.remove_prefix(size);
    if (last && !responses.empty()) FuzzConversation::Fail("goes on", "nothing", responses);
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = FuzzConversation::Seeds();
  for (size_t i = 0; i < seeds.size(); ++i) seeds[i].insert(0, 1, static_cast<char>(i));
  return seeds;
}

}  // namespace assay::server

std::vector<std::string> assay::FuzzSeeds() { return server::Seeds(); }

// The first byte is the seed of the piece sizes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using assay::server::FuzzConversation;
  if (size == 0) return 0;
  assay::RandomStream random(data[0]);
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = FuzzConversation::Responses(input, [size] { return size; });
  const std::string bytewise = FuzzConversation::Responses(input, [] { return size_t{1}; });
  const std::string pieces =
      FuzzConversation::Responses(input, [&random] { return 1 + random.Below(40); });
  if (whole != bytewise) FuzzConversation::Fail("sent bytewise", whole, bytewise);
  if (whole != pieces) FuzzConversation::Fail("sent in pieces", whole, pieces);
  assay::server::CheckWellFormed(whole);
  return 0;
}
