#ifndef ASSAY_PROTO_TEXT_TEXT_PROTO_H_
#define ASSAY_PROTO_TEXT_TEXT_PROTO_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

namespace assay {

// The location of each field of a message in the text that it was parsed from. Errors about meaning can then name the
// line, as syntax errors do.
class TextLocations {
 public:
  // A step from a message into one of its fields. `index` counts the values of a repeated field.
  struct Step {
    std::string_view field;
    int index = 0;
  };

  // "FILE:LINE:COLUMN" of the deepest field on the path that the text contains; "FILE" if it contains none, or if the
  // message does not come from text. A name that is not a field of its message ends the path.
  std::string Of(const google::protobuf::Message& message, std::initializer_list<Step> path) const;
  // The same for a path that is built at run time.
  std::string OfSteps(const google::protobuf::Message& message, absl::Span<const Step> path) const;

  const std::string& file_name() const { return file_name_; }

 private:
  friend absl::Status ParseTextProto(std::string_view, std::string_view, google::protobuf::Message*,
                                     TextLocations*);

  std::string file_name_;
  google::protobuf::TextFormat::ParseInfoTree tree_;
};

// Parses text protobuf into `message`, which is cleared first. kInvalidArgument has one line per error (the first ten),
// each "FILE:LINE:COLUMN: error", counted from 1. `locations` may be null. It may be used as long as it lives, also
// after `message` has changed.
absl::Status ParseTextProto(std::string_view text, std::string_view file_name,
                            google::protobuf::Message* message, TextLocations* locations = nullptr);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_TEXT_PROTO_H_
