#ifndef ASSAY_PROTO_TEXT_FIELD_HINTS_H_
#define ASSAY_PROTO_TEXT_FIELD_HINTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace assay {

// What a complaint about a field says besides what is wrong: which names there are, and which
// values a field takes.

// The candidate that `word` is most likely a slip of, by edit distance; empty when none is near.
std::string NearestName(std::string_view word, const std::vector<std::string>& candidates);

// `no field "nmae" in Plan; did you mean "name"?`, or the names there are when none is near.
std::string UnknownFieldHint(const google::protobuf::Descriptor& type, std::string_view name);

// What a field takes: "a whole number from 0 to 4294967295", "one of COMPARE, NONE", "a message of
// ...".
std::string ExpectedValue(const google::protobuf::FieldDescriptor& field);

// The values of an enum that mean something, "COMPARE, NONE": the unset one is left out.
std::string EnumNames(const google::protobuf::EnumDescriptor& type);

// The parser's complaint about a text that was to be a `root`, with what was expected where that
// can be told. `before` is the line of the complaint up to its column. A complaint that is not
// understood comes back as it is.
std::string ExplainComplaint(const google::protobuf::Descriptor& root, std::string_view complaint,
                             std::string_view before);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_FIELD_HINTS_H_
