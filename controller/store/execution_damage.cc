// Detects damage to stored executions and reports it.

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/store/engine/row_hash.h"
#include "controller/store/execution_table.h"

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
      "the store ", database_.name(), ": ", execution, " of campaign ", campaign,
      " is damaged: ", what, "; restore the store from a copy, or `rerun` the campaign"));
}

absl::Status ExecutionTable::SealParts(int64_t row) {
  struct Part {
    std::string hash;
    int64_t load = 0;
    int64_t second = 0;
    std::string retried_hash;
  };
  std::vector<Part> parts;
  {
    ASSAY_ASSIGN_OR_RETURN(
        Statement select,
        database_.Prepare(absl::StrCat("SELECT retried, ", std::string(kSecondHash),
                                       " FROM second WHERE execution = ?1 AND sha256 IS NULL")));
    select.Bind(1, row);
    for (;;) {
      ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
      if (!there) break;
      parts.push_back({HashOf(select, 1, ColumnsOf(kSecondHash)), select.Int(1), select.Int(2),
                       HashOf(select, 0, 1)});
    }
  }
  ASSAY_ASSIGN_OR_RETURN(Statement seal,
                         database_.Prepare("UPDATE second SET sha256 = ?4, retried_sha256 = ?5 "
                                           "WHERE execution = ?1 AND load = ?2 AND second = ?3"));
  for (const Part& part : parts) {
    seal.Reset();
    seal.Bind(1, row)
        .Bind(2, part.load)
        .Bind(3, part.second)
        .BindBlob(4, part.hash)
        .BindBlob(5, part.retried_hash);
    ASSAY_RETURN_IF_ERROR(seal.Run());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::Seal(std::string_view execution_id) {
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, RowOf(execution_id));
  ASSAY_RETURN_IF_ERROR(SealParts(row));
  ASSAY_ASSIGN_OR_RETURN(const std::string chunks, ChunkListHash(row));
  ASSAY_ASSIGN_OR_RETURN(
      Statement count,
      database_.Prepare(
          "UPDATE execution SET chunks_sha256 = ?2, "
          "seconds = (SELECT count(*) FROM second WHERE execution = ?1), "
          "profile_chunks = (SELECT count(*) FROM profile_chunk WHERE execution = ?1) "
          "WHERE sequence = ?1"));
  ASSAY_RETURN_IF_ERROR(count.Bind(1, row).BindBlob(2, chunks).Run());
  // Read back, because an engine may store a number in another form than it was given.
  ASSAY_ASSIGN_OR_RETURN(Statement select, database_.Prepare(absl::StrCat(
                                               "SELECT retried, ", std::string(kExecutionHash),
                                               " FROM execution WHERE sequence = ?1")));
  ASSAY_RETURN_IF_ERROR(select.Bind(1, row).Step().status());
  const std::string hash = HashOf(select, 1, ColumnsOf(kExecutionHash));
  const std::string retried_hash = HashOf(select, 0, 1);
  select.Reset();
  ASSAY_ASSIGN_OR_RETURN(
      Statement seal,
      database_.Prepare(
          "UPDATE execution SET sha256 = ?2, retried_sha256 = ?3 WHERE sequence = ?1"));
  return seal.Bind(1, row).BindBlob(2, hash).BindBlob(3, retried_hash).Run();
}

absl::StatusOr<std::string> ExecutionTable::ChunkListHash(int64_t row) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare("SELECT load, sha256 FROM execution_chunk "
                                           "WHERE execution = ?1 ORDER BY ordinal"));
  select.Bind(1, row);
  std::string list;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
    if (!there) break;
    absl::StrAppend(&list, list.empty() ? "" : ",", select.Int(0), " ",
                    absl::AsciiStrToUpper(absl::BytesToHexString(select.Bytes(1))));
  }
  return list.empty() ? RowHash().Null().Sha256() : RowHash().Text(list).Sha256();
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
      absl::StrCat("the store ", database_.name(), ": campaign ", std::string(campaign_id), " has ",
                   CountText(found, "execution"), ", but ", committed,
                   " were stored: the store is damaged; restore it from a copy, or `rerun` the "
                   "campaign"));
}

absl::Status ExecutionTable::CheckChunks(int64_t row) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT chunks_sha256 FROM execution WHERE sequence = ?1"));
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Bind(1, row).Step());
  if (there) {
    if (select.IsNull(0)) return absl::OkStatus();
    ASSAY_ASSIGN_OR_RETURN(const std::string hash, ChunkListHash(row));
    if (select.View(0) == hash) return absl::OkStatus();
  }
  return Damaged(row, "the list of its sample chunks does not match its hash");
}

absl::Status ExecutionTable::CheckPart(int64_t row, absl::string_view column, size_t count) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(absl::StrCat("SELECT ", column, " FROM execution WHERE sequence = ?1")));
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Bind(1, row).Step());
  if (there && (select.IsNull(0) || select.Int(0) == static_cast<int64_t>(count))) {
    return absl::OkStatus();
  }
  return Damaged(row, absl::StrCat("it has ", count, " ", column, ", but ",
                                   there ? select.Int(0) : 0, " were stored"));
}

}  // namespace assay::controller
