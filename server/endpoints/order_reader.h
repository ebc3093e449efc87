#ifndef ASSAY_SERVER_ENDPOINTS_ORDER_READER_H_
#define ASSAY_SERVER_ENDPOINTS_ORDER_READER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "server/endpoints/order_totals.h"
#include "simdjson.h"

namespace assay::server {

// Reads the body of POST /json, and writes its totals between OrderTotals::Begin() and End().
//
// simdjson reads valid bodies. ReadOrderBySax() reads all others again: it reports what is wrong and where, and accepts
// what simdjson does not, which is integers of any size under unknown keys and nesting deeper than 1,024. The two must
// agree; order_fuzz.cc checks that.
//
// Keeps its memory for the next body, unless the body was large. Threads: none.
class OrderReader {
 public:
  // Returns the error in the body as a sentence; empty if the body is valid.
  // REQUIRES: HttpRequest::kReadableBehindBody bytes behind the body may be read.
  std::string Read(std::string_view json, OrderTotals& totals);

  // The size of the largest body that the reader has memory for.
  size_t capacity() const { return parser_.capacity(); }

 private:
  // True: the body is valid. False: it may be valid.
  bool ReadFast(std::string_view json, OrderTotals& totals);

  simdjson::dom::parser parser_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ORDER_READER_H_
