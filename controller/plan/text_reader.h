#ifndef ASSAY_CONTROLLER_PLAN_TEXT_READER_H_
#define ASSAY_CONTROLLER_PLAN_TEXT_READER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Reads text protobuf into `message`, as ParseTextProto() does. Sets `origins` to the "FILE:LINE:COLUMN"
// of every field that was read, by its path ("targets[1].label"), except fields inside maps.
absl::Status ReadText(std::string_view text, std::string_view file_name,
                      google::protobuf::Message* message,
                      std::map<std::string, std::string>* origins);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_TEXT_READER_H_
