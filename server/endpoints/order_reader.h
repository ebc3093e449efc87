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
// simdjson reads what is right; all else is read again by ReadOrderBySax(), which knows best what
// is wrong, and where, and takes what simdjson does not: integers of any size under keys that nobody
// asks for, nesting deeper than 1,024. So the two must agree, and order_fuzz.cc holds them to it.
//
// Keeps its memory for the next body, unless it was a large one. Threads: none.
class OrderReader {
 public:
  // Returns what is wrong with the body, in words; empty when nothing is.
  // REQUIRES: HttpRequest::kReadableBehindBody bytes behind the body may be read.
  std::string Read(std::string_view json, OrderTotals& totals);

  // The largest body that there is memory for.
  size_t capacity() const { return parser_.capacity(); }

 private:
  // True: it was all right. False: it may be.
  bool ReadFast(std::string_view json, OrderTotals& totals);

  simdjson::dom::parser parser_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ORDER_READER_H_
