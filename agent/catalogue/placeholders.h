#ifndef ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_
#define ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace assay::agent {

// A placeholder is a name in braces with nothing else between them: {port}, {option.threads}. Names
// are lower case letters, digits, '_' and '.', and begin with a letter. Braces around anything else
// stay as they are, so that an nginx configuration or a piece of JSON needs no escapes.

// The names of the placeholders in `text`, in order, doubled ones included.
std::vector<std::string> Placeholders(std::string_view text);

// `text` with each placeholder replaced by the value of its name; one without a value stays as it
// is. Values are not looked into again.
std::string ReplacePlaceholders(std::string_view text,
                                const std::map<std::string, std::string>& values);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_CATALOGUE_PLACEHOLDERS_H_
