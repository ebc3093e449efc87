#include "proto/text/field_hints.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace assay {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// A longer name is not a misspelling of ours; the limit also bounds the work on hostile input.
constexpr size_t kLongestName = 64;

// The Damerau distance over adjacent letters: "nmae" is one edit away from "name".
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> older(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) next[j] = std::min(next[j], older[j - 2] + 1);
    }
    older.swap(row);
    row.swap(next);
  }
  return row.back();
}

std::vector<std::string> FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

// All message types that a `root` can contain, itself first.
std::vector<const Descriptor*> TypesBelow(const Descriptor& root) {
  std::vector<const Descriptor*> types = {&root};
  std::set<const Descriptor*> seen = {&root};
  for (size_t i = 0; i < types.size(); ++i) {
    for (int k = 0; k < types[i]->field_count(); ++k) {
      const Descriptor* type = types[i]->field(k)->message_type();
      if (type != nullptr && seen.insert(type).second) types.push_back(type);
    }
  }
  return types;
}

// The fields with this name in all message types of `root`.
std::vector<const FieldDescriptor*> FieldsNamed(const Descriptor& root, std::string_view name) {
  std::vector<const FieldDescriptor*> fields;
  for (const Descriptor* type : TypesBelow(root)) {
    const FieldDescriptor* field = type->FindFieldByName(std::string(name));
    if (field != nullptr) fields.push_back(field);
  }
  return fields;
}

// The values that all fields with this name accept; empty if they differ.
std::string ExpectedByName(const Descriptor& root, std::string_view name) {
  std::string expected;
  for (const FieldDescriptor* field : FieldsNamed(root, name)) {
    const std::string one = ExpectedValue(*field);
    if (!expected.empty() && one != expected) return "";
    expected = one;
  }
  return expected;
}

// The text between `before` and the next quote; nullopt if the error message does not contain it.
std::optional<std::string> Quoted(std::string_view complaint, std::string_view before) {
  const size_t start = complaint.find(before);
  if (start == std::string_view::npos) return std::nullopt;
  const size_t from = start + before.size();
  const size_t end = complaint.find('"', from);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(complaint.substr(from, end - from));
}

// The field whose value ends `before`: the last name followed by a colon.
std::string LastFieldIn(std::string_view before) {
  const size_t colon = before.rfind(':');
  if (colon == std::string_view::npos) return "";
  size_t end = colon;
  while (end > 0 && before[end - 1] == ' ') --end;
  size_t begin = end;
  const auto in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  while (begin > 0 && in_name(before[begin - 1])) --begin;
  return std::string(before.substr(begin, end - begin));
}

}  // namespace

std::string NearestName(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestName) return "";
  std::string nearest;
  // If more than half of its letters differ, a suggestion would only confuse.
  size_t least = std::max<size_t>(1, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string UnknownFieldHint(const Descriptor& type, std::string_view name) {
  const std::vector<std::string> names = FieldNames(type);
  const std::string nearest = NearestName(name, names);
  const std::string shown =
      absl::StrCat("no field \"", std::string(name.substr(0, kLongestName)), "\" in ", type.name());
  if (!nearest.empty()) return absl::StrCat(shown, "; did you mean \"", nearest, "\"?");
  return absl::StrCat(shown, "; its fields are: ", absl::StrJoin(names, ", "));
}

std::string EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

std::string ExpectedValue(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return "a whole number from 0 to 4294967295";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number from 0 to 18446744073709551615";
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return "a whole number";
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("one of ", EnumNames(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_STRING:
      return "text in quotes";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("fields in braces, of: ",
                          absl::StrJoin(FieldNames(*field.message_type()), ", "));
  }
  return "";
}

std::string ExplainComplaint(const Descriptor& root, std::string_view complaint,
                             std::string_view before) {
  // The text of protobuf's parser.
  const std::optional<std::string> type_name = Quoted(complaint, "Message type \"");
  const std::optional<std::string> unknown = Quoted(complaint, "has no field named \"");
  if (type_name.has_value() && unknown.has_value()) {
    for (const Descriptor* type : TypesBelow(root)) {
      if (type->full_name() == *type_name) return UnknownFieldHint(*type, *unknown);
    }
  }
  const std::optional<std::string> enum_value =
      Quoted(complaint, "Unknown enumeration value of \"");
  const std::optional<std::string> enum_field = Quoted(complaint, "for field \"");
  if (enum_value.has_value() && enum_field.has_value()) {
    for (const FieldDescriptor* field : FieldsNamed(root, *enum_field)) {
      if (field->enum_type() == nullptr) continue;
      return absl::StrCat(*enum_field, " cannot be \"", *enum_value, "\": it is one of ",
                          EnumNames(*field->enum_type()));
    }
  }
  const std::string field = LastFieldIn(before);
  const std::string expected = field.empty() ? "" : ExpectedByName(root, field);
  if (expected.empty()) return std::string(complaint);
  const std::string_view body = complaint.empty() || complaint.back() != '.'
                                    ? complaint
                                    : complaint.substr(0, complaint.size() - 1);
  return absl::StrCat(std::string(body), "; ", field, " takes ", expected);
}

}  // namespace assay
