// Parser and session on whatever a client may send, cut into whatever pieces: the answers must not depend on the
// pieces, and be well-formed.

#include <cstdlib>
#include <string>
#include <string_view>

#include "analysis/fuzz_driver.h"
#include "analysis/random_stream.h"
#include "server/net/fuzz_conversation.h"

namespace assay {
namespace {

// Every answer has its head, and the length that the head tells; none but the last closes.
void CheckWellFormed(std::string_view answers) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  while (!answers.empty()) {
    const size_t head = answers.find("\r\n\r\n");
    const size_t length = answers.find(kLength);
    if (!answers.starts_with("HTTP/1.1 ") || length == answers.npos || length > head ||
        answers.find("\r\nDate: ") > head) {
      FuzzConversation::Fail("malformed", "an answer", answers);
    }
    size_t size = std::strtoul(answers.data() + length + kLength.size(), nullptr, 10);
    const bool last = answers.find("\r\nConnection: close\r\n") < head;
    answers.remove_prefix(head + 4);
    // An answer to HEAD has no body: the next answer begins at once, or nothing follows.
    if (answers.empty() || answers.starts_with("HTTP/1.1 ")) size = 0;
    if (size > answers.size()) FuzzConversation::Fail("cut short", "more", answers);
    answers.remove_prefix(size);
    if (last && !answers.empty()) FuzzConversation::Fail("goes on", "nothing", answers);
  }
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  std::vector<std::string> seeds = FuzzConversation::Seeds();
  for (size_t i = 0; i < seeds.size(); ++i) seeds[i].insert(0, 1, static_cast<char>(i));
  return seeds;
}

}  // namespace assay

// The first byte is the seed of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using assay::FuzzConversation;
  if (size == 0) return 0;
  assay::RandomStream random(data[0]);
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = FuzzConversation::Answers(input, [size] { return size; });
  const std::string bytewise = FuzzConversation::Answers(input, [] { return size_t{1}; });
  const std::string pieces =
      FuzzConversation::Answers(input, [&random] { return 1 + random.Below(40); });
  if (whole != bytewise) FuzzConversation::Fail("sent bytewise", whole, bytewise);
  if (whole != pieces) FuzzConversation::Fail("sent in pieces", whole, pieces);
  assay::CheckWellFormed(whole);
  return 0;
}
