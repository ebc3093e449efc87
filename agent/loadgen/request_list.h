#ifndef ASSAY_AGENT_LOADGEN_REQUEST_LIST_H_
#define ASSAY_AGENT_LOADGEN_REQUEST_LIST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/request.h"

namespace assay::loadgen {

// Reads a list of requests: a JSON array of objects such as
//   {"weight": 3, "method": "POST", "path": "/echo", "headers": {"Content-Type": "text/plain"},
//    "body": "hello", "expect": {"status": 200, "length": 5, "body": "hello"}}
// of which only "path" is required; "body_file" names a file in place of "body", relative to `folder`.
// kInvalidArgument names the entry and what is wrong with it.
absl::StatusOr<std::vector<RequestSpec>> ParseRequestList(std::string_view json,
                                                          const std::string& folder);

// POST `path` with bodies of that many items as POST /json of the endpoint contract takes them, drawn
// from the seed, each with the response that is right. `count` different ones.
std::vector<RequestSpec> RandomItemRequests(const RequestSpec& like, int items, int count,
                                            uint64_t seed);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REQUEST_LIST_H_
