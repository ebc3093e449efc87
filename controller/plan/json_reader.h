#ifndef ASSAY_CONTROLLER_PLAN_JSON_READER_H_
#define ASSAY_CONTROLLER_PLAN_JSON_READER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Reads JSON into `message`, which is cleared first. The format is the JSON mapping of proto3; field
// names are as in the .proto file or in lowerCamelCase. Unlike protobuf's own reader, it reports the
// position of an error, reports several errors, and rejects duplicate keys.
//
// kInvalidArgument has one line for each error, at most ten: "FILE:LINE:COLUMN: what is wrong, and what
// was expected". Sets `origins` to the "FILE:LINE:COLUMN" of every field that was read, by its path
// ("targets[1].label").
absl::Status ReadJson(std::string_view text, std::string_view file_name,
                      google::protobuf::Message* message,
                      std::map<std::string, std::string>* origins);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_JSON_READER_H_
