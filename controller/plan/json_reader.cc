#include "controller/plan/json_reader.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/counting_iterator.h"
#include "common/message_text.h"
#include "controller/plan/field_value.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json.hpp"
#include "proto/text/field_hints.h"

namespace assay::controller {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

constexpr size_t kMaxErrors = 10;

enum class Token { kNull, kBool, kNumber, kString };

// The content of an open bracket or brace.
struct Frame {
  enum Kind { kMessage, kMap, kList };
  Kind kind;
  // The message itself; for a map or a list, the message that contains it.
  Message* message;
  // For a map or a list, its field. For a message, the field of the last key, or null if there is no
  // such field.
  const FieldDescriptor* field;
  // Path of the message, map or list.
  std::string path;
  // The last key.
  std::string key;
  std::set<std::string> seen;
  int index = 0;
};

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(std::string_view text, std::string_view file_name, Message* root,
         std::map<std::string, std::string>* origins)
      : text_(text), file_name_(file_name), root_(root), origins_(origins) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
  }

  size_t* taken() { return &taken_; }
  absl::Status status() const {
    if (errors_.empty()) return absl::OkStatus();
    return StatusOfLines(absl::StatusCode::kInvalidArgument, errors_);
  }

  bool null() override { return Scalar(Token::kNull, "null", taken_ - 4); }
  bool boolean(bool value) override {
    return Scalar(Token::kBool, value ? "true" : "false", taken_ - (value ? 4 : 5));
  }
  bool number_integer(number_integer_t value) override {
    return Scalar(Token::kNumber, absl::StrCat(value), NumberStart());
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Scalar(Token::kNumber, absl::StrCat(value), NumberStart());
  }
  bool number_float(number_float_t value, const string_t& written) override {
    // 1e3 is a whole number too. A number that a double cannot represent exactly keeps its text.
    const bool whole = std::floor(value) == value && std::abs(value) < 9e15;
    return Scalar(Token::kNumber, whole ? absl::StrCat(static_cast<int64_t>(value)) : written,
                  NumberStart());
  }
  bool string(string_t& value) override { return Scalar(Token::kString, value, StringStart()); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override;
  bool key(string_t& name) override;
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override;
  bool end_array() override { return Leave(); }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override;

 private:
  // The start of the token that ends at the position of the parser.
  size_t StringStart() const;
  size_t NumberStart() const;
  std::string Place(size_t offset) const;

  void AddError(size_t offset, std::string_view what) {
    if (errors_.size() < kMaxErrors) {
      errors_.push_back(absl::StrCat(Place(offset), ": ", std::string(what)));
    }
  }
  // The path of the next value.
  std::string ValuePath() const;
  bool Scalar(Token token, const std::string& literal, size_t offset);
  absl::Status SetValue(Frame* frame, Token token, const std::string& literal);
  bool SkipOpened() {
    ++skipped_;
    return true;
  }
  bool Leave();
  void EnterMessage(Message* message, std::string path) {
    frames_.push_back({Frame::kMessage, message, nullptr, std::move(path), "", {}, 0});
  }

  const std::string_view text_;
  const std::string_view file_name_;
  Message* const root_;
  std::map<std::string, std::string>* const origins_;
  std::vector<size_t> line_starts_ = {0};
  size_t taken_ = 0;
  std::vector<Frame> frames_;
  // The depth of brackets and braces inside a value that does not fit into the message.
  int64_t skipped_ = 0;
  std::vector<std::string> errors_;
};

size_t Reader::StringStart() const {
  // All quotes inside a string are escaped, so the last quote that is not escaped opens the string.
  for (size_t at = taken_ - 1; at-- > 0;) {
    if (text_[at] != '"') continue;
    size_t slashes = 0;
    while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return at;
  }
  return 0;
}

size_t Reader::NumberStart() const {
  const auto in_number = [this](size_t at) {
    return std::string_view("+-.eE0123456789").find(text_[at]) != std::string_view::npos;
  };
  size_t begin = std::min(taken_, text_.size());
  // The parser reads one character beyond a number to find its end.
  if (begin > 0 && !in_number(begin - 1)) --begin;
  while (begin > 0 && in_number(begin - 1)) --begin;
  return begin;
}

std::string Reader::Place(size_t offset) const {
  const auto next_line = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const size_t line = next_line - line_starts_.begin();
  return absl::StrCat(std::string(file_name_), ":", line, ":", offset - *(next_line - 1) + 1);
}

std::string Reader::ValuePath() const {
  const Frame& frame = frames_.back();
  if (frame.kind == Frame::kList) return absl::StrCat(frame.path, "[", frame.index, "]");
  const std::string& name = frame.kind == Frame::kMap ? frame.key : frame.field->name();
  return frame.path.empty() ? name : absl::StrCat(frame.path, ".", name);
}

bool Reader::key(string_t& name) {
  if (skipped_ > 0) return true;
  Frame& frame = frames_.back();
  const size_t offset = StringStart();
  frame.key = name;
  if (frame.kind == Frame::kMessage) {
    const Descriptor* type = frame.message->GetDescriptor();
    frame.field = type->FindFieldByName(name);
    if (frame.field == nullptr) frame.field = type->FindFieldByCamelcaseName(name);
    if (frame.field == nullptr) {
      AddError(offset, UnknownFieldHint(*type, name));
      return true;
    }
    const OneofDescriptor* oneof = frame.field->real_containing_oneof();
    if (oneof != nullptr && frame.message->GetReflection()->HasOneof(*frame.message, oneof)) {
      const FieldDescriptor* other =
          frame.message->GetReflection()->GetOneofFieldDescriptor(*frame.message, oneof);
      if (other != frame.field) {
        AddError(offset, absl::StrCat("\"", name, "\" and \"", other->name(),
                                      "\" exclude each other; remove one of them"));
      }
    }
    frame.key = frame.field->name();
  }
  if (!frame.seen.insert(frame.key).second) {
    AddError(offset, absl::StrCat("\"", name, "\" appears twice; remove one of them"));
  }
  (*origins_)[ValuePath()] = Place(offset);
  return true;
}

bool Reader::Scalar(Token token, const std::string& literal, size_t offset) {
  if (skipped_ > 0) return true;
  if (frames_.empty()) {
    AddError(offset, absl::StrCat("expected an object, {...}, not ", literal));
    return true;
  }
  Frame& frame = frames_.back();
  // The key is unknown, which key() reported.
  if (frame.field == nullptr) return true;
  if (frame.kind == Frame::kList) (*origins_)[ValuePath()] = Place(offset);
  const absl::Status set = SetValue(&frame, token, literal);
  if (!set.ok()) AddError(offset, std::string(set.message()));
  if (frame.kind == Frame::kList) ++frame.index;
  return true;
}

absl::Status Reader::SetValue(Frame* frame, Token token, const std::string& literal) {
  // null leaves a field unset. An element of a list or a map cannot be unset.
  if (token == Token::kNull && frame->kind == Frame::kMessage) return absl::OkStatus();
  Message* message = frame->message;
  const FieldDescriptor* field = frame->field;
  if (frame->kind == Frame::kMessage && field->is_repeated()) {
    return absl::InvalidArgumentError(absl::StrCat(
        field->name(),
        field->is_map() ? " takes an object, {...}, not \"" : " takes a list, [...], not \"",
        literal, "\""));
  }
  if (frame->kind == Frame::kMap) {
    Message* entry = message->GetReflection()->AddMessage(message, field);
    const absl::Status key = SetFieldFromText(entry, field->message_type()->map_key(), frame->key);
    if (!key.ok()) return key;
    message = entry;
    field = field->message_type()->map_value();
  }
  const bool textual = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const bool logical = field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL;
  // Numbers may be in quotes, as 64-bit numbers are in the JSON mapping. No other type may.
  const bool fits = field->message_type() == nullptr && token != Token::kNull &&
                    (textual   ? token == Token::kString
                     : logical ? token == Token::kBool
                               : token == Token::kNumber || token == Token::kString);
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat(field->name(), " cannot be ", literal, ": it takes ", ExpectedValue(*field)));
  }
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    std::string bytes;
    if (!absl::Base64Unescape(literal, &bytes) && !absl::WebSafeBase64Unescape(literal, &bytes)) {
      return absl::InvalidArgumentError(absl::StrCat(
          field->name(), " takes bytes in base64; to read the bytes from a file, use body_file"));
    }
    return SetFieldFromText(message, field, bytes);
  }
  return SetFieldFromText(message, field, literal);
}

bool Reader::start_object(std::size_t) {
  if (skipped_ > 0) return SkipOpened();
  if (frames_.empty()) {
    EnterMessage(root_, "");
    return true;
  }
  Frame& frame = frames_.back();
  const FieldDescriptor* field = frame.field;
  if (field == nullptr) return SkipOpened();
  const std::string path = ValuePath();
  const bool is_map = frame.kind == Frame::kMessage && field->is_map();
  const bool is_element = frame.kind == Frame::kList && field->message_type() != nullptr;
  const bool is_message =
      frame.kind == Frame::kMessage && !field->is_repeated() && field->message_type() != nullptr;
  Message* message = frame.message;
  if (is_map) {
    frames_.push_back({Frame::kMap, message, field, path, "", {}, 0});
  } else if (is_element) {
    (*origins_)[path] = Place(taken_ - 1);
    ++frame.index;
    EnterMessage(message->GetReflection()->AddMessage(message, field), path);
  } else if (is_message) {
    EnterMessage(message->GetReflection()->MutableMessage(message, field), path);
  } else {
    AddError(taken_ - 1, absl::StrCat(path, " cannot be an object: it takes ",
                                      field->is_repeated() && frame.kind == Frame::kMessage
                                          ? "a list, [...]"
                                          : ExpectedValue(*field)));
    return SkipOpened();
  }
  return true;
}

bool Reader::start_array(std::size_t) {
  if (skipped_ > 0) return SkipOpened();
  if (frames_.empty()) {
    AddError(taken_ - 1, "expected an object, {...}, not a list");
    return SkipOpened();
  }
  Frame& frame = frames_.back();
  const FieldDescriptor* field = frame.field;
  if (field == nullptr) return SkipOpened();
  if (frame.kind != Frame::kMessage || !field->is_repeated() || field->is_map()) {
    AddError(taken_ - 1,
             absl::StrCat(ValuePath(), " is not a list: it takes ", ExpectedValue(*field)));
    return SkipOpened();
  }
  frames_.push_back({Frame::kList, frame.message, field, ValuePath(), "", {}, 0});
  return true;
}

bool Reader::Leave() {
  if (skipped_ > 0) {
    --skipped_;
  } else {
    frames_.pop_back();
  }
  return true;
}

bool Reader::parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
  std::string_view what = error.what();
  for (const std::string_view prefix : {"] ", "parse error", ": "}) {
    const size_t at = what.find(prefix);
    if (at != std::string_view::npos) what.remove_prefix(at + prefix.size());
  }
  AddError(taken_ == 0 ? 0 : taken_ - 1, what);
  return false;
}

}  // namespace

absl::Status ReadJson(std::string_view text, std::string_view file_name, Message* message,
                      std::map<std::string, std::string>* origins) {
  message->Clear();
  Reader reader(text, file_name, message, origins);
  nlohmann::json::sax_parse(CountingIterator(text.data(), reader.taken()),
                            CountingIterator(text.data() + text.size(), reader.taken()), &reader);
  return reader.status();
}

}  // namespace assay::controller
