#include "agent/verify/endpoint_work.h"

#include <zlib.h>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/json_text.h"
#include "nlohmann/json.hpp"

namespace assay::agent {
namespace {

using Json = nlohmann::json;

// The member `key` of an item as a signed 64-bit integer.
std::optional<int64_t> Integer(const Json& item, const char* key) {
  const auto member = item.find(key);
  if (member == item.end() || !member->is_number_integer()) return std::nullopt;
  // The library stores nonnegative numbers as unsigned.
  if (member->is_number_unsigned() &&
      member->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return member->get<int64_t>();
}

// Looks for a member "error" that is a string and stores nothing else. As a tree, 64 MiB of "[[[[" would take
// gigabytes.
class ErrorObjectReader : public Json::json_sax_t {
 public:
  bool is_error_object() const { return has_error_; }

  bool null() override { return Value(false); }
  bool boolean(bool) override { return Value(false); }
  bool number_integer(number_integer_t) override { return Value(false); }
  bool number_unsigned(number_unsigned_t) override { return Value(false); }
  bool number_float(number_float_t, const string_t&) override { return Value(false); }
  bool string(string_t&) override { return Value(true); }
  bool binary(binary_t&) override { return Value(false); }
  bool start_object(size_t) override { return Open(); }
  bool key(string_t& name) override {
    if (depth_ == 1) is_error_ = name == "error";
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override {
    // The root must be an object.
    return depth_ > 0 && Open();
  }
  bool end_array() override { return Close(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool Value(bool is_string) {
    // If a key occurs twice, the last one counts.
    if (depth_ == 1 && is_error_) has_error_ = is_string;
    return depth_ > 0;
  }
  bool Open() {
    if (depth_ == 1 && is_error_) has_error_ = false;
    ++depth_;
    return true;
  }
  bool Close() {
    --depth_;
    return true;
  }

  size_t depth_ = 0;
  // Whether the last key of the root is "error", and whether the value of the last such key is a string.
  bool is_error_ = false;
  bool has_error_ = false;
};

}  // namespace

std::optional<std::string> ItemsResponse(std::string_view body) {
  const Json order = Json::parse(body, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!order.is_object()) return std::nullopt;
  const auto items = order.find("items");
  if (items == order.end() || !items->is_array()) return std::nullopt;

  std::string response = "{\"items\":[";
  int64_t sum = 0;
  for (const Json& item : *items) {
    if (!item.is_object()) return std::nullopt;
    const auto name = item.find("name");
    const std::optional<int64_t> id = Integer(item, "id");
    const std::optional<int64_t> price = Integer(item, "price");
    const std::optional<int64_t> quantity = Integer(item, "qty");
    if (name == item.end() || !name->is_string() || !id || !price || !quantity) return std::nullopt;
    int64_t total = 0;
    if (__builtin_mul_overflow(*price, *quantity, &total) ||
        __builtin_add_overflow(sum, total, &sum)) {
      return std::nullopt;
    }
    absl::StrAppend(&response, response.back() == '[' ? "" : ",", "{\"id\":", *id,
                    ",\"name\":", JsonText(*name), ",\"total\":", total, "}");
  }
  absl::StrAppend(&response, "],\"count\":", items->size(), ",\"total\":", sum, "}");
  return response;
}

bool IsErrorObject(std::string_view body) {
  ErrorObjectReader reader;
  return Json::sax_parse(body, &reader) && reader.is_error_object();
}

absl::StatusOr<std::string> Inflate(std::string_view compressed, size_t max_bytes) {
  z_stream stream = {};
  if (inflateInit(&stream) != Z_OK) return absl::InternalError("zlib cannot be initialised");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string inflated;
  std::vector<char> piece(1 << 16);
  int result = Z_OK;
  while (result == Z_OK && inflated.size() <= max_bytes) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    result = inflate(&stream, Z_NO_FLUSH);
    inflated.append(piece.data(), piece.size() - stream.avail_out);
  }
  const std::string reason = stream.msg == nullptr ? "it is truncated" : stream.msg;
  const uInt left = stream.avail_in;
  inflateEnd(&stream);
  if (inflated.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("inflates to more than ", max_bytes, " bytes"));
  }
  if (result != Z_STREAM_END) return absl::InvalidArgumentError(absl::StrCat("zlib: ", reason));
  if (left > 0) {
    return absl::InvalidArgumentError(absl::StrCat(left, " bytes follow the zlib stream"));
  }
  return inflated;
}

std::string Deflate(std::string_view bytes, int level) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string compressed(size, '\0');
  // It fails only if there is no memory or the level is out of range.
  if (compress2(reinterpret_cast<Bytef*>(compressed.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                level) != Z_OK) {
    return {};
  }
  compressed.resize(size);
  return compressed;
}

CollatzChain LongestCollatzChain(int64_t n) {
  CollatzChain longest{1, 0};
  std::vector<uint16_t> steps(static_cast<size_t>(n), 0);
  for (int64_t start = 2; start < n; ++start) {
    // Follow the chain to a smaller start, whose steps are known.
    int64_t value = start;
    uint16_t count = 0;
    while (value >= start) {
      value = value % 2 == 0 ? value / 2 : 3 * value + 1;
      ++count;
    }
    steps[start] = static_cast<uint16_t>(count + steps[value]);
    if (steps[start] > longest.steps) longest = {start, steps[start]};
  }
  return longest;
}

}  // namespace assay::agent
