#ifndef ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_
#define ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Sets a scalar field of `message` from a word: a whole number, a number, "true" or "false", the
// name of an enum's value, or the text itself. A repeated field gets one value more; with `index`
// given, that value is replaced. kInvalidArgument says what the field takes. REQUIRES: `field` is
// of `message` and is no message.
absl::Status SetFieldFromText(google::protobuf::Message* message,
                              const google::protobuf::FieldDescriptor* field, std::string_view text,
                              int index = -1);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_FIELD_VALUE_H_
