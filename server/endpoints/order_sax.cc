#include "server/endpoints/order_sax.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kFieldNames = {"id", "name", "price", "qty"};
enum FieldIndex { kId, kName, kPrice, kQty, kOther };

// The value of a key of an item. A repeated key may still replace an invalid value.
enum class Came : uint8_t { kNothing, kRight, kWrong };

// Follows the nesting of the document: depth 1 is the order, 2 its items, 3 an item. Skips deeper values and values of
// unknown keys.
class OrderHandler {
 public:
  explicit OrderHandler(OrderTotals& totals) : totals_(totals) { totals_.Begin(); }

  // The error in a document that parsed.
  std::string Verdict() const {
    if (!is_object_) return "the body must be an object";
    if (!has_items_) return "items is missing";
    return error_;
  }
  // The error in a document that did not parse.
  const std::string& syntax_error() const { return syntax_error_; }

  bool null() { return Scalar(); }
  bool boolean(bool) { return Scalar(); }
  bool number_integer(json::number_integer_t number) { return Integer(number); }
  bool number_unsigned(json::number_unsigned_t number) {
    return number <= INT64_MAX ? Integer(static_cast<int64_t>(number)) : Scalar();
  }
  bool number_float(json::number_float_t, const std::string&) { return Scalar(); }
  bool string(std::string& text) {
    if (InField() && field_ == kName) {
      came_[kName] = Came::kRight;
      name_.swap(text);
      return true;
    }
    return Scalar();
  }
  bool binary(json::binary_t&) { return Scalar(); }

  bool start_object(size_t) {
    if (depth_ == 0) {
      is_object_ = true;
    } else if (depth_ == 2 && in_items_) {
      came_ = {};
      in_item_ = true;
      ++depth_;
      return true;
    } else {
      Unfit();
    }
    ++depth_;
    return true;
  }
  bool key(std::string& name) {
    if (depth_ == 1) {
      under_items_ = name == "items";
    } else if (depth_ == 3 && in_item_) {
      field_ = kId;
      while (field_ < kOther && name != kFieldNames[field_]) ++field_;
    }
    return true;
  }
  bool end_object() {
    --depth_;
    if (depth_ == 2 && in_item_) {
      in_item_ = false;
      EndItem();
    }
    return true;
  }
  bool start_array(size_t) {
    if (depth_ == 1 && under_items_) {
      // The last of repeated keys counts: forget the value of the earlier one, valid or not.
      totals_.Begin();
      index_ = 0;
      error_.clear();
      has_items_ = in_items_ = true;
    } else {
      Unfit();
    }
    ++depth_;
    return true;
  }
  bool end_array() {
    if (--depth_ == 1) in_items_ = false;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
    syntax_error_ = error.what();
    // nlohmann's message is "[json.exception.parse_error.101] parse error at line 1, column 5: ...": drop the tag.
    const size_t end_of_tag = syntax_error_.find("] ");
    if (end_of_tag != std::string::npos) syntax_error_.erase(0, end_of_tag + 2);
    // The rest quotes the body, whose bytes may not be UTF-8.
    syntax_error_.resize(std::min(syntax_error_.find("; last read"), syntax_error_.size()));
    return false;
  }

 private:
  bool InField() const { return depth_ == 3 && in_item_ && field_ < kOther; }

  bool Integer(int64_t number) {
    if (InField() && field_ != kName) {
      came_[field_] = Came::kRight;
      numbers_[field_] = number;
      return true;
    }
    return Scalar();
  }

  bool Scalar() {
    Unfit();
    return true;
  }

  // Handles a value of the wrong type, unless the key is unknown.
  void Unfit() {
    if (depth_ == 1 && under_items_) {
      has_items_ = true;
      error_ = "items must be an array";
    } else if (depth_ == 2 && in_items_) {
      SetError("must be an object");
      ++index_;
    } else if (InField()) {
      came_[field_] = Came::kWrong;
    }
  }

  void EndItem() {
    for (int field = kId; field < kOther; ++field) {
      if (came_[field] == Came::kRight) continue;
      const std::string_view what = came_[field] == Came::kNothing ? " is missing"
                                    : field == kName               ? " must be a string"
                                                     : " must be an integer in signed 64 bits";
      SetError(absl::StrCat(absl::string_view(kFieldNames[field].data(), kFieldNames[field].size()),
                            absl::string_view(what.data(), what.size())));
    }
    if (error_.empty()) {
      switch (totals_.Add(numbers_[kId], name_, numbers_[kPrice], numbers_[kQty])) {
        case OrderTotals::Added::kOk:
          break;
        case OrderTotals::Added::kProductOverflows:
          SetError("price times qty exceeds 64 bits");
          break;
        case OrderTotals::Added::kSumOverflows:
          SetError("the total up to here exceeds 64 bits");
          break;
      }
    }
    ++index_;
  }

  // Keeps the first error.
  void SetError(const std::string& what) {
    if (error_.empty()) error_ = absl::StrCat("items[", index_, "] ", what);
  }

  OrderTotals& totals_;
  int depth_ = 0;
  bool is_object_ = false;
  bool under_items_ = false;  // At depth 1: the key is "items".
  bool has_items_ = false;
  bool in_items_ = false;
  bool in_item_ = false;
  int field_ = kOther;
  int64_t index_ = 0;
  std::array<Came, 4> came_ = {};
  std::array<int64_t, 4> numbers_ = {};
  std::string name_;
  std::string error_;
  std::string syntax_error_;
};

}  // namespace

std::string ReadOrderBySax(std::string_view text, OrderTotals& totals) {
  // nlohmann would skip a byte order mark; our other readers do not, and RFC 8259, 8.1 allows both.
  if (text.starts_with("\xef\xbb\xbf")) return "the body begins with a byte order mark";
  OrderHandler handler(totals);
  if (!json::sax_parse(text.begin(), text.end(), &handler)) return handler.syntax_error();
  return handler.Verdict();
}

}  // namespace assay::server
