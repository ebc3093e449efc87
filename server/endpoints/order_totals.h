#ifndef ASSAY_SERVER_ENDPOINTS_ORDER_TOTALS_H_
#define ASSAY_SERVER_ENDPOINTS_ORDER_TOTALS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay::server {

// Writes the response of POST /json, item by item:
//   {"items":[{"id":1,"name":"a","total":500},...],"count":1,"total":500}
//
// Keeps its memory from one response to the next, unless a response was large. Threads: none.
class OrderTotals {
 public:
  enum class Added { kOk, kProductOverflows, kSumOverflows };

  void Begin();
  // `name` is UTF-8, without escapes. After an overflow only Begin() may follow.
  Added Add(int64_t id, std::string_view name, int64_t price, int64_t qty);
  // Ends the response; valid until Begin().
  std::string_view End();

  int64_t count() const { return count_; }
  // Bytes held for responses.
  size_t capacity() const { return text_.capacity(); }

 private:
  std::string text_;
  int64_t count_ = 0;
  int64_t total_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_ENDPOINTS_ORDER_TOTALS_H_
