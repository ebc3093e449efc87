#include "server/endpoints/order_totals.h"

#include "server/endpoints/json_text.h"

namespace assay::server {

namespace {

// The most memory to keep: a thousand items take about 50 KB.
constexpr size_t kKeptCapacity = 1 << 20;

}  // namespace

void OrderTotals::Begin() {
  if (text_.capacity() > kKeptCapacity) std::string().swap(text_);
  text_.assign("{\"items\":[");
  count_ = 0;
  total_ = 0;
}

OrderTotals::Added OrderTotals::Add(int64_t id, std::string_view name, int64_t price, int64_t qty) {
  int64_t total;
  if (__builtin_mul_overflow(price, qty, &total)) return Added::kProductOverflows;
  if (__builtin_add_overflow(total_, total, &total_)) return Added::kSumOverflows;
  text_.append(count_ == 0 ? "{\"id\":" : ",{\"id\":");
  AppendJsonNumber(id, text_);
  text_.append(",\"name\":");
  AppendJsonString(name, text_);
  text_.append(",\"total\":");
  AppendJsonNumber(total, text_);
  text_.push_back('}');
  ++count_;
  return Added::kOk;
}

std::string_view OrderTotals::End() {
  text_.append("],\"count\":");
  AppendJsonNumber(count_, text_);
  text_.append(",\"total\":");
  AppendJsonNumber(total_, text_);
  text_.push_back('}');
  return text_;
}

}  // namespace assay::server
