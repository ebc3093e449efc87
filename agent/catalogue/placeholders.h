#ifndef ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_
#define ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::agent {

// A placeholder is a name in braces: {port}, {option.threads}. A name consists of lower-case letters, digits, '_' and
// '.', and begins with a letter. Braces around other text are not placeholders, so that an nginx configuration or JSON
// needs no escapes.

// The names of the placeholders in `text`, in order, including duplicates.
std::vector<std::string> Placeholders(std::string_view text);

// Replaces each placeholder in `text` by the value of its name. A placeholder without a value stays unchanged.
// Placeholders in values are not replaced.
std::string ReplacePlaceholders(std::string_view text,
                                const std::map<std::string, std::string>& values);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_
