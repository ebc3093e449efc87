#include "controller/import/json_tree.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/counting_iterator.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

constexpr size_t kMostLevels = 64;

class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  size_t* taken() { return &taken_; }
  const std::string& error() const { return error_; }
  JsonTree Take() { return std::move(root_); }

  bool null() override { return Add(JsonTree::Kind::kNull, ""); }
  bool boolean(bool value) override { return Add(JsonTree::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return Add(JsonTree::Kind::kNumber, absl::StrCat(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Add(JsonTree::Kind::kNumber, absl::StrCat(value));
  }
  bool number_float(number_float_t, const string_t& written) override {
    return Add(JsonTree::Kind::kNumber, written);
  }
  bool string(string_t& value) override { return Add(JsonTree::Kind::kString, value); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(JsonTree::Kind::kObject); }
  bool start_array(std::size_t) override { return Open(JsonTree::Kind::kArray); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    key_ = name;
    key_line_ = LineNow();
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
    std::string_view what = error.what();
    for (const std::string_view prefix : {"] ", "parse error", ": "}) {
      const size_t at = what.find(prefix);
      if (at != std::string_view::npos) what.remove_prefix(at + prefix.size());
    }
    Fail(std::string(what));
    return false;
  }

 private:
  // The line of the last character that the parser took.
  size_t LineNow() {
    const size_t end = std::min(taken_ == 0 ? 0 : taken_ - 1, text_.size());
    line_ +=
        static_cast<size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                       text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    counted_ = end;
    return line_;
  }

  void Fail(const std::string& what) { error_ = absl::StrCat("line ", LineNow(), ": ", what); }

  JsonTree* Added(JsonTree::Kind kind, std::string text) {
    JsonTree* added = &root_;
    if (!open_.empty()) {
      JsonTree& parent = *open_.back();
      const bool named = parent.kind == JsonTree::Kind::kObject;
      parent.members.emplace_back(named ? std::move(key_) : std::string(), JsonTree());
      added = &parent.members.back().second;
      // The parser has read beyond a number, but not beyond its name.
      added->line = named ? key_line_ : LineNow();
    } else {
      added->line = LineNow();
    }
    added->kind = kind;
    added->text = std::move(text);
    return added;
  }

  bool Add(JsonTree::Kind kind, std::string text) {
    Added(kind, std::move(text));
    return true;
  }

  bool Open(JsonTree::Kind kind) {
    if (open_.size() == kMostLevels) {
      Fail(absl::StrCat("more than ", kMostLevels, " levels of nested values"));
      return false;
    }
    open_.push_back(Added(kind, ""));
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  const std::string_view text_;
  size_t taken_ = 0;
  // Characters whose line ends are part of line_.
  size_t counted_ = 0;
  size_t line_ = 1;
  std::string key_;
  size_t key_line_ = 1;
  std::string error_;
  JsonTree root_;
  // The open objects and arrays. Each is the last member of the one before, which does not grow while it is open.
  std::vector<JsonTree*> open_;
};

}  // namespace

const JsonTree* JsonTree::Find(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  const auto found = std::find_if(members.begin(), members.end(),
                                  [name](const auto& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

std::string KindText(JsonTree::Kind kind) {
  switch (kind) {
    case JsonTree::Kind::kNull:
      return "null";
    case JsonTree::Kind::kBool:
      return "a truth value";
    case JsonTree::Kind::kNumber:
      return "a number";
    case JsonTree::Kind::kString:
      return "a string";
    case JsonTree::Kind::kObject:
      return "an object";
    case JsonTree::Kind::kArray:
      return "an array";
  }
  return "";
}

absl::StatusOr<JsonTree> ParseJsonTree(std::string_view text) {
  Builder builder(text);
  const bool parsed = nlohmann::json::sax_parse(
      CountingIterator(text.data(), builder.taken()),
      CountingIterator(text.data() + text.size(), builder.taken()), &builder);
  if (parsed) return builder.Take();
  return absl::InvalidArgumentError(builder.error());
}

}  // namespace assay::controller
