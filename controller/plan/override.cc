#include "controller/plan/override.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/plan/field_value.h"
#include "google/protobuf/descriptor.h"
#include "proto/text/field_hints.h"

namespace assay::controller {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One component of a key, between dots: "targets[0]".
struct Step {
  std::string name;
  std::optional<int> index;
};

absl::StatusOr<Step> ParseStep(const std::string& part) {
  const size_t bracket = part.find('[');
  if (bracket == std::string::npos) return Step{part, std::nullopt};
  int index = 0;
  const bool closed = part.back() == ']';
  const std::string digits =
      closed ? part.substr(bracket + 1, part.size() - bracket - 2) : std::string();
  if (!closed || !absl::SimpleAtoi(digits, &index) || index < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", part, "\" is not an element of a list: write NAME[0], NAME[1], ..."));
  }
  return Step{part.substr(0, bracket), index};
}

std::string Text(const Step& step) {
  return step.index.has_value() ? absl::StrCat(step.name, "[", *step.index, "]") : step.name;
}

// The current position of a walk along a key.
struct Place {
  Message* message;
  std::string path;
};

std::string Joined(const std::string& path, const std::string& step) {
  return path.empty() ? step : absl::StrCat(path, ".", step);
}

absl::StatusOr<const FieldDescriptor*> FieldOf(const Place& place, const std::string& name) {
  const Descriptor* type = place.message->GetDescriptor();
  const FieldDescriptor* field = type->FindFieldByName(name);
  if (field == nullptr) return absl::InvalidArgumentError(UnknownFieldHint(*type, name));
  return field;
}

// Rejects an index of a field that is not a list, and an index beyond the first free one.
absl::Status CheckIndex(const Place& place, const FieldDescriptor& field, const Step& step) {
  if (!step.index.has_value()) return absl::OkStatus();
  if (!field.is_repeated() || field.is_map()) {
    return absl::InvalidArgumentError(
        absl::StrCat(step.name, " is not a list: remove [", *step.index, "]"));
  }
  const int size = place.message->GetReflection()->FieldSize(*place.message, &field);
  if (*step.index > size) {
    return absl::InvalidArgumentError(absl::StrCat(
        Joined(place.path, step.name), " has ", CountText(static_cast<uint64_t>(size), "element"),
        "; the next new element is ", step.name, "[", size, "]"));
  }
  return absl::OkStatus();
}

// Steps from `place` into the message that `step` names. Creates the message if it is missing.
absl::StatusOr<Place> Enter(const Place& place, const Step& step) {
  ASSAY_ASSIGN_OR_RETURN(const FieldDescriptor* field, FieldOf(place, step.name));
  ASSAY_RETURN_IF_ERROR(CheckIndex(place, *field, step));
  const Reflection* reflection = place.message->GetReflection();
  if (field->message_type() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        Joined(place.path, step.name), " has no fields: it takes ", ExpectedValue(*field)));
  }
  const Place below{nullptr, Joined(place.path, Text(step))};
  if (!field->is_repeated())
    return Place{reflection->MutableMessage(place.message, field), below.path};
  if (!step.index.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Joined(place.path, step.name), " is a list: name an element, such as ", step.name, "[0]"));
  }
  const int size = reflection->FieldSize(*place.message, field);
  return Place{*step.index == size
                   ? reflection->AddMessage(place.message, field)
                   : reflection->MutableRepeatedMessage(place.message, field, *step.index),
               below.path};
}

// Sets the value of one key in a map with string keys. Adds the key if it is missing.
absl::Status SetMapValue(Message* message, const FieldDescriptor* field, const std::string& key,
                         std::string_view value) {
  const Reflection* reflection = message->GetReflection();
  const FieldDescriptor* key_field = field->message_type()->map_key();
  const FieldDescriptor* value_field = field->message_type()->map_value();
  for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
    Message* entry = reflection->MutableRepeatedMessage(message, field, i);
    if (entry->GetReflection()->GetString(*entry, key_field) == key) {
      return SetFieldFromText(entry, value_field, value);
    }
  }
  Message* entry = reflection->AddMessage(message, field);
  ASSAY_RETURN_IF_ERROR(SetFieldFromText(entry, key_field, key));
  return SetFieldFromText(entry, value_field, value);
}

// Replaces all values of a repeated scalar field with comma-separated values.
absl::Status SetList(Message* message, const FieldDescriptor* field, std::string_view value) {
  message->GetReflection()->ClearField(message, field);
  for (const std::string& item :
       std::vector<std::string>(absl::StrSplit(std::string(value), ','))) {
    ASSAY_RETURN_IF_ERROR(SetFieldFromText(message, field, item));
  }
  return absl::OkStatus();
}

// Sets the field that the last step of a key names. An empty value clears the field.
absl::Status SetLast(const Place& place, const Step& step, std::string_view value) {
  ASSAY_ASSIGN_OR_RETURN(const FieldDescriptor* field, FieldOf(place, step.name));
  ASSAY_RETURN_IF_ERROR(CheckIndex(place, *field, step));
  const Reflection* reflection = place.message->GetReflection();
  if (value.empty() && !step.index.has_value()) {
    reflection->ClearField(place.message, field);
    return absl::OkStatus();
  }
  if (field->is_map()) {
    return absl::InvalidArgumentError(absl::StrCat(
        Joined(place.path, step.name), " is a map: name a key, such as ", step.name, ".KEY"));
  }
  if (field->message_type() != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(Joined(place.path, Text(step)),
                                                   " cannot be set as a whole: it has ",
                                                   ExpectedValue(*field)));
  }
  if (!field->is_repeated()) return SetFieldFromText(place.message, field, value);
  if (!step.index.has_value()) return SetList(place.message, field, value);
  const bool adds = *step.index == reflection->FieldSize(*place.message, field);
  return SetFieldFromText(place.message, field, value, adds ? -1 : *step.index);
}

absl::StatusOr<std::string> Apply(const std::vector<std::string>& parts, std::string_view value,
                                  Message* message) {
  Place place{message, ""};
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const Step step, ParseStep(parts[i]));
    ASSAY_ASSIGN_OR_RETURN(const FieldDescriptor* field, FieldOf(place, step.name));
    if (field->is_map()) {
      ASSAY_RETURN_IF_ERROR(CheckIndex(place, *field, step));
      // A map key may contain dots.
      const std::string key = absl::StrJoin(parts.begin() + i + 1, parts.end(), ".");
      ASSAY_RETURN_IF_ERROR(SetMapValue(place.message, field, key, value));
      return Joined(place.path, absl::StrCat(step.name, ".", key));
    }
    ASSAY_ASSIGN_OR_RETURN(place, Enter(place, step));
  }
  ASSAY_ASSIGN_OR_RETURN(const Step last, ParseStep(parts.back()));
  ASSAY_RETURN_IF_ERROR(SetLast(place, last, value));
  return Joined(place.path, Text(last));
}

}  // namespace

absl::StatusOr<std::string> ApplyOverride(std::string_view assignment, Message* message) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(
        "expected KEY=VALUE, such as blocks=3 or load.closed.connections=64,250");
  }
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(assignment.substr(0, equals)), '.');
  // Apply it to a copy, so that an invalid key leaves the message unchanged.
  const std::unique_ptr<Message> changed(message->New());
  changed->CopyFrom(*message);
  ASSAY_ASSIGN_OR_RETURN(std::string path,
                         Apply(parts, assignment.substr(equals + 1), changed.get()));
  message->GetReflection()->Swap(message, changed.get());
  return path;
}

}  // namespace assay::controller
