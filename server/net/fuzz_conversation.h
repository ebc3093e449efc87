#ifndef ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_
#define ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/http_message.h"
#include "server/net/server_options.h"

namespace assay::server {

// What the fuzz targets of sessions and of connections share: limits small enough to be met, a
// handler whose answers show what it saw, and what the responses to some bytes must be.
struct FuzzConversation {
  static HttpLimits Limits();

  // Its responses live in `text`, which must outlive it. Some are large enough to be borrowed.
  static HttpHandler Handler(std::string& text);

  // What a session answers when `input` comes in pieces of the sizes that `piece_size` gives (at
  // least 1 each) and ends there. Without "100 Continue", which does depend on the pieces.
  static std::string Answers(std::string_view input, const std::function<size_t()>& piece_size);

  static std::string WithoutContinue(std::string responses);

  // Prints what differs, and aborts.
  [[noreturn]] static void Fail(std::string_view what, std::string_view expected,
                                std::string_view actual);

  // Conversations to begin with.
  static std::vector<std::string> Seeds();
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_
