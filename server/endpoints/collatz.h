#ifndef ASSAY_SERVER_ENDPOINTS_COLLATZ_H_
#define ASSAY_SERVER_ENDPOINTS_COLLATZ_H_

#include <cstdint>
#include <string>

#include "server/net/http_message.h"

namespace assay::server {

struct CollatzChain {
  int64_t start = 0;
  int64_t steps = 0;
};

// The longest of the chains (n even: n/2, odd: 3n+1, until 1) that start below n; among equally long ones the one with
// the smallest start. Follows every chain step by step, because the work is the purpose. Cost: 1.1 million steps for n
// = 10,000, 1.5 thousand million for 10,000,000.
// REQUIRES: 2 <= n <= kMaxCollatz.
CollatzChain LongestCollatzChain(int64_t n);

inline constexpr int64_t kMaxCollatz = 10'000'000;

// GET /cpu?n=10000: {"n":10000,"start":6171,"steps":261}; 400 if n is missing or out of range.
class CollatzEndpoint {
 public:
  void Respond(const HttpRequest& request, HttpResponse& response);

 private:
  std::string text_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_COLLATZ_H_
