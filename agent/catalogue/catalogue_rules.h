#ifndef ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_
#define ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/catalogue.pb.h"
#include "proto/text/text_proto.h"

namespace assay::agent {

// Checks every entry of a catalogue against the rules in proto/catalogue.proto. kInvalidArgument has one line for each
// of the first ten mistakes, with its place in the text. Does no I/O.
absl::Status CheckCatalogue(const CatalogueFile& file, const TextLocations& locations);

// Checks that an option accepts a value. kInvalidArgument says which values it accepts.
absl::Status CheckOptionValue(const CatalogueTarget::Option& option, std::string_view value);

// The number of a stop signal by its name, such as "SIGTERM". The empty name means SIGTERM. Nullopt: not a stop signal.
std::optional<int> StopSignal(std::string_view name);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_CATALOGUE_RULES_H_
