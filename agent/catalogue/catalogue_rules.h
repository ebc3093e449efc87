#ifndef ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_
#define ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/catalogue.pb.h"
#include "proto/text/text_proto.h"

namespace assay::agent {

// Whether every entry of a catalogue makes sense; what "sense" is stands in proto/catalogue.proto.
// kInvalidArgument has one line per mistake (the first ten), each with its place in the text. Looks
// at no file.
absl::Status CheckCatalogue(const CatalogueFile& file, const TextLocations& locations);

// Whether an option takes a value. kInvalidArgument says which values it takes.
absl::Status CheckOptionValue(const CatalogueTarget::Option& option, std::string_view value);

// The number of a signal that may stop a target, by its name: "SIGTERM". The empty name is SIGTERM.
std::optional<int> StopSignal(std::string_view name);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_
