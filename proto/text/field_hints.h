#ifndef ASSAY_PROTO_TEXT_FIELD_HINTS_H_
#define ASSAY_PROTO_TEXT_FIELD_HINTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace assay {

// Additions to error messages about fields: the names that exist, and the values that a field accepts.

// The candidate that `word` most likely misspells, by edit distance; empty if none is similar.
std::string NearestName(std::string_view word, const std::vector<std::string>& candidates);

// `no field "nmae" in Plan; did you mean "name"?`, or the list of field names if none is similar.
std::string UnknownFieldHint(const google::protobuf::Descriptor& type, std::string_view name);

// The values that a field accepts: "a whole number from 0 to 4294967295", "one of COMPARE, NONE", "a message of ...".
std::string ExpectedValue(const google::protobuf::FieldDescriptor& field);

// The values of an enum, "COMPARE, NONE", without the unset one.
std::string EnumNames(const google::protobuf::EnumDescriptor& type);

// Adds to the parser's error about a text for `root` the value that it expected, if known. `before` is the line of the
// error up to its column. Returns an unknown error unchanged.
std::string ExplainComplaint(const google::protobuf::Descriptor& root, std::string_view complaint,
                             std::string_view before);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_FIELD_HINTS_H_
