// The parser on whatever a server may send, cut into whatever pieces: the result must not depend on the pieces, nor on
// what head it knows.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/loadgen/response_parser.h"
#include "analysis/fuzz_driver.h"
#include "analysis/random_stream.h"

namespace assay::loadgen {
namespace {

using Result = ResponseParser::Result;

struct Outcome {
  Result result = Result::kNeedMore;
  uint64_t consumed = 0;
  uint64_t body_bytes = 0;
  int status = 0;
  bool keep_alive = false;
  bool matches = false;
};

const std::string& Expected() {
  static const std::string* const expected = new std::string("hello");
  return *expected;
}

// Pieces of 1 to `most` bytes.
Outcome Parse(std::string_view bytes, bool head, size_t most, RandomStream& random,
              KnownHead* known = nullptr) {
  ResponseParser parser;
  parser.set_known_head(known);
  parser.Begin(head, &Expected());
  Outcome outcome;
  while (!bytes.empty() && outcome.result == Result::kNeedMore) {
    const size_t size = std::min(bytes.size(), 1 + random.Below(most));
    // A copy of its own size, so that a read beyond it is seen.
    const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    const ResponseParser::Progress progress = parser.Feed(piece.data(), size);
    if (progress.consumed > size) std::abort();
    if (progress.result == Result::kNeedMore && progress.consumed != size) std::abort();
    outcome.result = progress.result;
    outcome.consumed += progress.consumed;
    bytes.remove_prefix(progress.consumed);
  }
  if (outcome.result == Result::kNeedMore) outcome.result = parser.FeedEnd();
  if (outcome.result == Result::kComplete && parser.response_bytes() != outcome.consumed)
    std::abort();
  outcome.body_bytes = parser.body_bytes();
  outcome.status = parser.status();
  outcome.keep_alive = parser.keep_alive();
  outcome.matches = parser.body_matches();
  return outcome;
}

bool Same(const Outcome& a, const Outcome& b) {
  return a.result == b.result &&
         (a.result != Result::kComplete ||
          (a.consumed == b.consumed && a.body_bytes == b.body_bytes && a.status == b.status &&
           a.keep_alive == b.keep_alive && a.matches == b.matches));
}

void Run(const uint8_t* data, size_t size) {
  if (size == 0) return;
  RandomStream random(data[0]);
  const bool head = data[0] % 8 == 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const Outcome whole = Parse(bytes, head, size_t{1} << 30, random);
  KnownHead known;
  for (const size_t most : {size_t{1}, size_t{7}, size_t{100}, size_t{1} << 30, size_t{1} << 30}) {
    const Outcome cut = Parse(bytes, head, most, random, &known);
    if (Same(cut, whole)) continue;
    std::fprintf(stderr, "in pieces of at most %zu bytes: result %d, whole: %d\n", most,
                 static_cast<int>(cut.result), static_cast<int>(whole.result));
    std::abort();
  }
  // Now it may know this head, of which the other kind of request makes something else.
  if (!Same(Parse(bytes, !head, size_t{1} << 30, random, &known),
            Parse(bytes, !head, size_t{1} << 30, random))) {
    std::fprintf(stderr, "a known head frames otherwise\n");
    std::abort();
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  return {
      "\x01HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello",
      "\x02HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
      "\x03HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nA: "
      "b\r\n\r\n",
      "\x04HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\n\r\nhello",
      "\x01HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length:\r\n\t5\r\nConnection: a,\r\n "
      "close\r\n\r\nhello",
      "\x05HTTP/1.1 304 Not Modified\nContent-Length: 7\n\n",
      "\x08HTTP/1.1 200 OK\r\nContent-Length: 500\r\nSet-Cookie: " + std::string(600, 'c') +
          "\r\n\r\n",
  };
}

}  // namespace assay::loadgen

std::vector<std::string> assay::FuzzSeeds() { return loadgen::Seeds(); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::loadgen::Run(data, size);
  return 0;
}
