#ifndef ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_
#define ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/http_message.h"
#include "server/net/server_options.h"

namespace assay::server {

// Shared by the fuzz targets of sessions and connections: limits that are small enough to reach, a handler whose
// responses show what it received, and the expected responses to given bytes.
struct FuzzConversation {
  static HttpLimits Limits();

  // A handler. Its responses live in `text`, which must outlive it; some are large enough to be borrowed.
  static HttpHandler Handler(std::string& text);

  // The responses of a session when `input` arrives in pieces of the sizes that `piece_size` gives (at least 1 each)
  // and then ends. Without "100 Continue", which depends on the pieces.
  static std::string Responses(std::string_view input, const std::function<size_t()>& piece_size);

  static std::string WithoutContinue(std::string responses);

  // Prints the difference and aborts.
  [[noreturn]] static void Fail(std::string_view what, std::string_view expected,
                                std::string_view actual);

  // Seed inputs.
  static std::vector<std::string> Seeds();
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_FUZZ_CONVERSATION_H_
