#ifndef ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_
#define ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Sets a scalar field of `message` from text. By the type of the field, the text is a whole number, a
// number, "true" or "false", the name of an enum value, or a string. For a repeated field, appends the
// value, or replaces the value at `index` if that is given. kInvalidArgument says which values the field
// takes. REQUIRES: `field` is a field of `message`, and its type is not a message.
absl::Status SetFieldFromText(google::protobuf::Message* message,
                              const google::protobuf::FieldDescriptor* field, std::string_view text,
                              int index = -1);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_
