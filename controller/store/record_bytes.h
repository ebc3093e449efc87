#ifndef ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_
#define ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// How the store's rows hold messages: nothing is written that does not read back.

// `message` serialized, with its text made valid. Reads the bytes back: kInvalidArgument, which names `what`, where that
// fails, gives another message, or the record is longer than a row can be.
absl::StatusOr<std::string> RecordBytes(const google::protobuf::Message& message,
                                        std::string_view what);

// Reads what RecordBytes() wrote. Stores of 2026-11 and before can hold text that is not UTF-8: it is made valid. False
// for bytes that are no such message.
bool ReadRecord(std::string_view bytes, google::protobuf::Message* message);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_
