#ifndef ASSAY_PROTO_TEXT_VALID_TEXT_H_
#define ASSAY_PROTO_TEXT_VALID_TEXT_H_

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace assay {

// Replaces each byte that is no UTF-8 by U+FFFD in every string field of `message` and of the messages in it, keys of
// maps too. Protobuf serializes other bytes and then refuses to parse them: without this, one text destroys the whole
// message. Fields of type `bytes` stay.
// Cost: one visit of each field that is set; repeated numbers are not visited one by one.
void MakeTextValid(google::protobuf::Message* message);

// Whether MakeTextValid() would change nothing.
bool HasValidText(const google::protobuf::Message& message);

// `message` serialized after MakeTextValid(); it is copied only where it has text to change.
std::string SerializeValidText(const google::protobuf::Message& message);

// Parses what a peer sent or a file holds. Where a string field holds bytes that are no UTF-8, protobuf refuses the
// whole message; here they become U+FFFD and the rest of the message is read. False when `bytes` are no such message.
// Cost: that of ParseFromString(), and two copies of a message that it refuses.
bool ParseMendingText(std::string_view bytes, google::protobuf::Message* message);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_VALID_TEXT_H_
