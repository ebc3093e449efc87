#ifndef ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_
#define ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace assay::controller {

// The serialised messages in the store's rows. Every message that is written can be read back.

// Serialises `message`, with its text made valid UTF-8, and reads the bytes back. kInvalidArgument, naming `what`, if
// that fails, if the result differs, or if the record is too long for a row.
absl::StatusOr<std::string> RecordBytes(const google::protobuf::Message& message,
                                        std::string_view what);

// Parses bytes of RecordBytes(). Stores of 2026-11 and earlier can hold text that is not UTF-8; it is made valid.
// Returns false if the bytes are not such a message.
bool ReadRecord(std::string_view bytes, google::protobuf::Message* message);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_RECORD_BYTES_H_
