#ifndef ASSAY_PROTO_TEXT_VALID_TEXT_H_
#define ASSAY_PROTO_TEXT_VALID_TEXT_H_

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace assay {

// Replaces each byte that is not UTF-8 by U+FFFD in every string field of `message` and its nested messages, including
// map keys. Protobuf serializes such bytes but refuses to parse them, so one invalid text would lose the whole message.
// Fields of type `bytes` do not change.
// Cost: one visit per field that is set; repeated numbers are not visited individually.
void MakeTextValid(google::protobuf::Message* message);

// Whether MakeTextValid() would change nothing.
bool HasValidText(const google::protobuf::Message& message);

// `message` serialized after MakeTextValid(). Copies the message only if its text must change.
std::string SerializeValidText(const google::protobuf::Message& message);

// Parses a message from a peer or a file. If a string field contains bytes that are not UTF-8, protobuf refuses the
// whole message; this function replaces them by U+FFFD and reads the rest. Returns false if `bytes` are not such a
// message. Cost: that of ParseFromString(), plus two copies of a message that it refuses.
bool ParseMendingText(std::string_view bytes, google::protobuf::Message* message);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_VALID_TEXT_H_
