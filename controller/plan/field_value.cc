#include "controller/plan/field_value.h"

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/text/field_hints.h"

namespace assay::controller {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Sets, appends or replaces one value: reflection has one function for each of these, and for each type.
#define ASSAY_PUT(TYPE, value)                                          \
  (!field->is_repeated() ? reflection->Set##TYPE(message, field, value) \
   : index < 0           ? reflection->Add##TYPE(message, field, value) \
                         : reflection->SetRepeated##TYPE(message, field, index, value))

absl::Status NotTaken(const FieldDescriptor& field, std::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(field.name(), " cannot be \"",
                                                 std::string(text.substr(0, 64)), "\": it takes ",
                                                 ExpectedValue(field)));
}

}  // namespace

absl::Status SetFieldFromText(Message* message, const FieldDescriptor* field, std::string_view text,
                              int index) {
  const Reflection* reflection = message->GetReflection();
  const std::string string_value(text);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32: {
      uint32_t value = 0;
      if (!absl::SimpleAtoi(string_value, &value)) return NotTaken(*field, text);
      ASSAY_PUT(UInt32, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      uint64_t value = 0;
      if (!absl::SimpleAtoi(string_value, &value)) return NotTaken(*field, text);
      ASSAY_PUT(UInt64, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t value = 0;
      if (!absl::SimpleAtoi(string_value, &value)) return NotTaken(*field, text);
      ASSAY_PUT(Int32, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t value = 0;
      if (!absl::SimpleAtoi(string_value, &value)) return NotTaken(*field, text);
      ASSAY_PUT(Int64, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: {
      double value = 0;
      if (!absl::SimpleAtod(string_value, &value) || std::isnan(value))
        return NotTaken(*field, text);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        ASSAY_PUT(Double, value);
      } else {
        ASSAY_PUT(Float, static_cast<float>(value));
      }
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (string_value != "true" && string_value != "false") return NotTaken(*field, text);
      ASSAY_PUT(Bool, string_value == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = field->enum_type()->FindValueByName(string_value);
      if (value == nullptr) return NotTaken(*field, text);
      ASSAY_PUT(Enum, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      ASSAY_PUT(String, string_value);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return NotTaken(*field, text);
}

#undef ASSAY_PUT

}  // namespace assay::controller
