#ifndef ASSAY_PROTO_TEXT_VALID_TEXT_H_
#define ASSAY_PROTO_TEXT_VALID_TEXT_H_

#include "google/protobuf/message.h"

namespace assay {

// Replaces each byte that is no UTF-8 by U+FFFD in every string field of `message` and of the messages in it, keys of
// maps too. Protobuf serializes other bytes and then refuses to parse them: without this, one text destroys the whole
// message. Fields of type `bytes` stay.
// Cost: one visit of each field that is set; repeated numbers are not visited one by one.
void MakeTextValid(google::protobuf::Message* message);

}  // namespace assay

#endif  // ASSAY_PROTO_TEXT_VALID_TEXT_H_
