#ifndef ASSAY_CONTROLLER_PLAN_OVERRIDE_H_
#define ASSAY_CONTROLLER_PLAN_OVERRIDE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Applies one "key=value" of the flag --set to a message:
//
//   blocks=3                            sets a field
//   load.closed.duration.seconds=0.4    sets a field of a nested message; creates missing messages
//   load.closed.connections=64,250      sets all values of a repeated field
//   load.closed.connections[1]=300      sets one value of a repeated field; indices start at 0
//   targets[0].label=x                  sets a field of an element; the first index past the end adds an element
//   targets[0].options.threads=4        sets a value of a map
//   thresholds=                         clears a field
//
// Returns the path that was set, in the form in which plan_loader.h names fields
// ("targets[0].label"). kInvalidArgument names the error in the key (with the nearest known name) or
// the values that the field takes; the message is then unchanged.
absl::StatusOr<std::string> ApplyOverride(std::string_view assignment,
                                          google::protobuf::Message* message);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_OVERRIDE_H_
