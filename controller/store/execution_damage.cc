// Detects damage to stored executions and reports it.

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/store/execution_table.h"
#include "controller/store/row_hash.h"

namespace assay::controller {

absl::Status ExecutionTable::Damaged(int64_t row, absl::string_view what,
                                     std::string_view campaign_id) {
  std::string execution = absl::StrCat("execution ", row);
  std::string campaign(campaign_id);
  absl::StatusOr<Statement> select =
      database_.Prepare("SELECT id, campaign_id FROM execution WHERE sequence = ?1");
  if (select.ok() && select->Bind(1, row).Step().value_or(false)) {
    // The ids may be damaged too.
    execution = absl::StrCat("execution ", absl::Utf8SafeCEscape(select->Bytes(0)));
    if (campaign.empty()) campaign = absl::Utf8SafeCEscape(select->Bytes(1));
  }
  return absl::DataLossError(absl::StrCat(
      "the store ", database_.path(), ": ", execution, " of campaign ", campaign,
      " is damaged: ", what, "; restore the file from a copy, or `rerun` the campaign"));
}

absl::Status ExecutionTable::Seal(std::string_view execution_id) {
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, RowOf(execution_id));
  const std::string statements[] = {
      absl::StrCat("UPDATE second SET sha256 = ", std::string(kSecondHash),
                   ", retried_sha256 = ", std::string(kRetriedHash), " WHERE execution = ?1"),
      absl::StrCat("UPDATE profile_chunk SET sha256 = ", std::string(kProfileChunkHash),
                   " WHERE execution = ?1"),
      absl::StrCat("UPDATE execution SET chunks_sha256 = ", std::string(kChunkListHash),
                   ", seconds = (SELECT count(*) FROM second WHERE execution = ?1)"
                   ", profile_chunks = (SELECT count(*) FROM profile_chunk WHERE execution = ?1)"
                   " WHERE sequence = ?1"),
      // Hashes columns that the statement before has set.
      absl::StrCat("UPDATE execution SET sha256 = ", std::string(kExecutionHash),
                   ", retried_sha256 = ", std::string(kRetriedHash), " WHERE sequence = ?1")};
  for (const std::string& sql : statements) {
    ASSAY_ASSIGN_OR_RETURN(Statement seal, database_.Prepare(sql));
    ASSAY_RETURN_IF_ERROR(seal.Bind(1, row).Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ExecutionTable::CommittedCount(std::string_view campaign_id) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT executions FROM execution_count WHERE campaign_id = ?1"));
  ASSAY_ASSIGN_OR_RETURN(const bool known, select.BindText(1, campaign_id).Step());
  return known ? select.Int(0) : 0;
}

absl::Status ExecutionTable::Missing(std::string_view campaign_id, size_t found,
                                     int64_t committed) const {
  return absl::DataLossError(
      absl::StrCat("the store ", database_.path(), ": campaign ", std::string(campaign_id), " has ",
                   CountText(found, "execution"), ", but ", committed,
                   " were stored: the file is damaged; restore it from a copy, or `rerun` the "
                   "campaign"));
}

absl::Status ExecutionTable::CheckChunks(int64_t row) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare(absl::StrCat(
                             "SELECT chunks_sha256 IS NULL OR chunks_sha256 = ",
                             std::string(kChunkListHash), " FROM execution WHERE sequence = ?1")));
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Bind(1, row).Step());
  if (there && select.Int(0) != 0) return absl::OkStatus();
  return Damaged(row, "the list of its sample chunks does not match its hash");
}

absl::Status ExecutionTable::CheckPart(int64_t row, absl::string_view column, size_t count) {
  ASSAY_ASSIGN_OR_RETURN(Statement select, database_.Prepare(absl::StrCat(
                                               "SELECT coalesce(", column,
                                               ", ?2) FROM execution WHERE sequence = ?1")));
  const auto rows = static_cast<int64_t>(count);
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Bind(1, row).Bind(2, rows).Step());
  if (there && select.Int(0) == rows) return absl::OkStatus();
  return Damaged(row, absl::StrCat("it has ", count, " ", column, ", but ",
                                   there ? select.Int(0) : 0, " were stored"));
}

}  // namespace assay::controller
