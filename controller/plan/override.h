#ifndef ASSAY_CONTROLLER_PLAN_OVERRIDE_H_
#define ASSAY_CONTROLLER_PLAN_OVERRIDE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// Applies one "key=value" of the flag --set to a message, by its descriptor:
//
//   blocks=3                              a field
//   load.closed.duration.seconds=0.4      a field of a field; what is between is made where it is
//   missing load.closed.connections=64,250        all values of a repeated field
//   load.closed.connections[1]=300        one of them, from 0
//   targets[0].label=x                    a field of an element; the first index past the end adds
//   an element targets[0].options.threads=4          a value of a map thresholds= nothing: the
//   field is as if it had never been set
//
// Returns the path that was set, in the form in which plan_loader.h names fields
// ("targets[0].label"). kInvalidArgument names what is wrong in the key (with the nearest name
// there is) or what the field takes; the message is then unchanged.
absl::StatusOr<std::string> ApplyOverride(std::string_view assignment,
                                          google::protobuf::Message* message);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_OVERRIDE_H_
