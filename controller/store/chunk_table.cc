#include "controller/store/chunk_table.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/sha256.h"
#include "common/status_macros.h"
#include "controller/store/record_bytes.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

// The number of digits of a chunk's name in messages.
constexpr size_t kShownNameBytes = 6;

std::string Shown(std::string_view sha256) {
  return absl::BytesToHexString(std::string(sha256.substr(0, kShownNameBytes)));
}

}  // namespace

absl::StatusOr<ChunkAtRest> AtRest(const SampleChunk& chunk) {
  ChunkAtRest at_rest;
  at_rest.samples = chunk.count();
  absl::StatusOr<SampleChunk> transcoded = TranscodeForRest(chunk);
  if (!transcoded.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a sample chunk cannot be stored: ", transcoded.status().message()));
  }
  ASSAY_ASSIGN_OR_RETURN(at_rest.bytes, RecordBytes(*transcoded, "a sample chunk"));
  at_rest.sha256 = Sha256(at_rest.bytes);
  return at_rest;
}

absl::Status ChunkTable::Stage(std::string_view campaign_id, std::string_view execution_id,
                               absl::Span<const ChunkAtRest> chunks) {
  ASSAY_ASSIGN_OR_RETURN(Statement add,
                         database_.Prepare("INSERT INTO chunk (sha256, samples, bytes, chunk) "
                                           "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"));
  ASSAY_ASSIGN_OR_RETURN(Statement stage,
                         database_.Prepare("INSERT INTO staged_chunk (execution_id, sha256, "
                                           "campaign_id, controller) VALUES (?1, ?2, ?3, ?4) "
                                           "ON CONFLICT DO NOTHING"));
  for (const ChunkAtRest& chunk : chunks) {
    add.Reset();
    add.BindBlob(1, chunk.sha256)
        .Bind(2, int64_t{chunk.samples})
        .Bind(3, static_cast<int64_t>(chunk.bytes.size()))
        .BindBlob(4, chunk.bytes);
    ASSAY_RETURN_IF_ERROR(add.Run());
    stage.Reset();
    stage.BindText(1, execution_id)
        .BindBlob(2, chunk.sha256)
        .BindText(3, campaign_id)
        .BindText(4, self_);
    ASSAY_RETURN_IF_ERROR(stage.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ChunkTable::Has(std::string_view sha256) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare("SELECT 1 FROM chunk WHERE sha256 = ?1"));
  select.BindBlob(1, sha256);
  return select.Step();
}

absl::Status ChunkTable::Unstage(std::string_view execution_id) {
  std::vector<std::string> names;
  {
    ASSAY_ASSIGN_OR_RETURN(
        Statement select,
        database_.Prepare("SELECT sha256 FROM staged_chunk WHERE execution_id = ?1"));
    select.BindText(1, execution_id);
    for (;;) {
      ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      names.push_back(select.Bytes(0));
    }
  }
  ASSAY_ASSIGN_OR_RETURN(Statement unstage,
                         database_.Prepare("DELETE FROM staged_chunk WHERE execution_id = ?1"));
  unstage.BindText(1, execution_id);
  ASSAY_RETURN_IF_ERROR(unstage.Run());
  ASSAY_ASSIGN_OR_RETURN(
      Statement remove,
      database_.Prepare(
          "DELETE FROM chunk WHERE sha256 = ?1 "
          "AND NOT EXISTS (SELECT 1 FROM execution_chunk WHERE execution_chunk.sha256 = ?1) "
          "AND NOT EXISTS (SELECT 1 FROM staged_chunk WHERE staged_chunk.sha256 = ?1)"));
  for (const std::string& name : names) {
    remove.Reset();
    remove.BindBlob(1, name);
    ASSAY_RETURN_IF_ERROR(remove.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ChunkTable::FirstColumn(std::string_view sql) {
  ASSAY_ASSIGN_OR_RETURN(Statement select, database_.Prepare(sql));
  std::vector<std::string> values;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return values;
    values.push_back(select.Bytes(0));
  }
}

absl::StatusOr<int64_t> ChunkTable::Sweep(
    absl::FunctionRef<absl::StatusOr<bool>(const std::string&)> lives) {
  ASSAY_ASSIGN_OR_RETURN(const std::vector<std::string> stagers,
                         FirstColumn("SELECT DISTINCT controller FROM staged_chunk"));
  for (const std::string& stager : stagers) {
    ASSAY_ASSIGN_OR_RETURN(const bool alive, lives(stager));
    if (alive) continue;
    ASSAY_ASSIGN_OR_RETURN(Statement unstage,
                           database_.Prepare("DELETE FROM staged_chunk WHERE controller = ?1"));
    unstage.BindText(1, stager);
    ASSAY_RETURN_IF_ERROR(unstage.Run());
  }
  return RemoveUnused();
}

absl::StatusOr<int64_t> ChunkTable::RemoveUnused() {
  // Reads only names at first, which needs an index but not the chunks. This also finds chunks that lost their
  // reference in another way, for example because their campaign was removed.
  ASSAY_ASSIGN_OR_RETURN(
      const std::vector<std::string> unused,
      FirstColumn("SELECT sha256 FROM chunk WHERE NOT EXISTS "
                  "(SELECT 1 FROM execution_chunk WHERE execution_chunk.sha256 = chunk.sha256) "
                  "AND NOT EXISTS "
                  "(SELECT 1 FROM staged_chunk WHERE staged_chunk.sha256 = chunk.sha256)"));
  ASSAY_ASSIGN_OR_RETURN(Statement measure,
                         database_.Prepare("SELECT bytes FROM chunk WHERE sha256 = ?1"));
  ASSAY_ASSIGN_OR_RETURN(Statement remove,
                         database_.Prepare("DELETE FROM chunk WHERE sha256 = ?1"));
  int64_t freed = 0;
  for (const std::string& name : unused) {
    measure.Reset();
    measure.BindBlob(1, name);
    ASSAY_ASSIGN_OR_RETURN(const bool there, measure.Step());
    if (there) freed += measure.Int(0);
    measure.Reset();
    remove.Reset();
    remove.BindBlob(1, name);
    ASSAY_RETURN_IF_ERROR(remove.Run());
  }
  return freed;
}

absl::StatusOr<SampleChunk> ChunkTable::Read(const std::string& sha256) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare("SELECT chunk FROM chunk WHERE sha256 = ?1"));
  select.BindBlob(1, sha256);
  ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
  const std::string bytes = row ? select.Bytes(0) : std::string();
  SampleChunk chunk;
  if (!row || Sha256(bytes) != sha256 || !ReadRecord(bytes, &chunk)) {
    return absl::DataLossError(absl::StrCat("sample chunk ", Shown(sha256),
                                            row ? " does not match its hash" : " is missing"));
  }
  return chunk;
}

}  // namespace assay::controller
