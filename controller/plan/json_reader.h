#ifndef ASSAY_CONTROLLER_PLAN_JSON_READER_H_
#define ASSAY_CONTROLLER_PLAN_JSON_READER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Reads JSON into `message`, which is cleared first: the JSON mapping of proto3, with field names
// as in the .proto or in lowerCamelCase. Beyond protobuf's own reader it says where a mistake
// stands, finds more than the first, and refuses a key that comes twice.
//
// kInvalidArgument has one line "FILE:LINE:COLUMN: what, and what was expected" a mistake, at most
// ten. `origins` gets "FILE:LINE:COLUMN" of every field that was read, by its path
// ("targets[1].label").
absl::Status ReadJson(std::string_view text, std::string_view file_name,
                      google::protobuf::Message* message,
                      std::map<std::string, std::string>* origins);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_JSON_READER_H_
