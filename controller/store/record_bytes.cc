#include "controller/store/record_bytes.h"

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/text/valid_text.h"

namespace assay::controller {
namespace {

using google::protobuf::Message;

// SQLITE_MAX_LENGTH: the maximum size of a row.
constexpr size_t kLongestRecord = 1'000'000'000;

}  // namespace

absl::StatusOr<std::string> RecordBytes(const Message& message, std::string_view what) {
  const std::string name(what);
  if (message.ByteSizeLong() >= kLongestRecord) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " cannot be stored: its record has ", message.ByteSizeLong(),
                     " bytes, but a row of the store must be smaller than ", kLongestRecord));
  }
  std::string bytes = SerializeValidText(message);
  const std::unique_ptr<Message> again(message.New());
  if (!ReadRecord(bytes, again.get()) || again->ByteSizeLong() != bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " cannot be stored: its record of ", bytes.size(),
                     " bytes does not read back unchanged; check the versions of its agents"));
  }
  return bytes;
}

bool ReadRecord(std::string_view bytes, Message* message) {
  return ParseMendingText(bytes, message);
}

}  // namespace assay::controller
