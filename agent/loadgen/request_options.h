#ifndef ASSAY_AGENT_LOADGEN_REQUEST_OPTIONS_H_
#define ASSAY_AGENT_LOADGEN_REQUEST_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/request.h"

namespace CLI {
class App;
}

namespace assay::loadgen {

// What a command line says of the requests, before it is checked.
struct RequestFlags {
  std::string path;
  std::vector<std::string> headers;
  std::optional<std::string> body;
  std::string body_file;
  std::optional<uint64_t> expect_length;
  std::string expect_body_file;
  std::string expect_sha256;
  std::string mix_file;
  int random_items = 0;
  RequestSpec spec;
};

// Adds the flags. `words` must outlive the parsing.
void DeclareRequests(CLI::App& app, RequestFlags& words);

// The requests that were asked for, read from their files; errors say what is wrong. `url_path`: path and query of the
// target's URL, or empty.
absl::StatusOr<std::vector<RequestSpec>> ReadRequests(const RequestFlags& words,
                                                      const std::string& url_path, uint64_t seed);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REQUEST_OPTIONS_H_
