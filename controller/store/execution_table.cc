#include "controller/store/execution_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/engine/row_hash.h"
#include "controller/store/engine/schema.h"
#include "controller/store/record_bytes.h"

namespace assay::controller {
namespace {

// The columns of the key figures and how each is bound, in one list, so that both have the same order.
struct FigureColumn {
  const char* name;
  void (*bind)(const KeyFigures& figures, int parameter, Statement* statement);
};

template <auto member>
void BindOptional(const KeyFigures& figures, int parameter, Statement* statement) {
  const auto& value = figures.*member;
  if (value.has_value()) {
    statement->Bind(parameter, *value);
  } else {
    statement->BindNull(parameter);
  }
}

constexpr FigureColumn kFigureColumns[] = {
    {"sent", BindOptional<&KeyFigures::sent>},
    {"ok", BindOptional<&KeyFigures::ok>},
    {"errors", BindOptional<&KeyFigures::errors>},
    {"timeouts", BindOptional<&KeyFigures::timeouts>},
    {"in_flight", BindOptional<&KeyFigures::in_flight>},
    {"retried", BindOptional<&KeyFigures::retried>},
    {"duration_s", BindOptional<&KeyFigures::duration_s>},
    {"rps", BindOptional<&KeyFigures::rps>},
    {"mean_us", BindOptional<&KeyFigures::mean_us>},
    {"p50_us", BindOptional<&KeyFigures::p50_us>},
    {"p90_us", BindOptional<&KeyFigures::p90_us>},
    {"p95_us", BindOptional<&KeyFigures::p95_us>},
    {"p99_us", BindOptional<&KeyFigures::p99_us>},
    {"p999_us", BindOptional<&KeyFigures::p999_us>},
    {"p9999_us", BindOptional<&KeyFigures::p9999_us>},
    {"max_us", BindOptional<&KeyFigures::max_us>},
    {"server_cpu_us_per_request", BindOptional<&KeyFigures::server_cpu_us_per_request>},
    {"generator_cpu_us_per_request", BindOptional<&KeyFigures::generator_cpu_us_per_request>},
    {"server_rss_bytes", BindOptional<&KeyFigures::server_rss_bytes>},
    {"samples_recorded", BindOptional<&KeyFigures::samples_recorded>},
    {"samples_lost", BindOptional<&KeyFigures::samples_lost>},
};

void BindCell(const ExecutionRecord& execution, Statement* statement) {
  const Cell& cell = execution.cell();
  statement->BindText(1, execution.campaign_id())
      .BindText(2, cell.target())
      .BindText(3, cell.workload())
      .BindText(4, cell.mode())
      .Bind(5, int64_t{cell.connections()})
      .Bind(6, cell.rate_per_s())
      .Bind(7, int64_t{cell.profiled()})
      .Bind(8, int64_t{execution.block()})
      .Bind(9, int64_t{execution.attempt()});
}

// The stored form of an execution. If the record of a load agent does not read back, the error names that agent.
absl::StatusOr<std::string> RecordOf(const ExecutionRecord& execution) {
  absl::StatusOr<std::string> bytes =
      RecordBytes(execution, absl::StrCat("execution ", execution.id()));
  if (bytes.ok()) return bytes;
  for (const LoadRecord& load : execution.loads()) {
    const absl::Status of_load =
        RecordBytes(load, absl::StrCat("execution ", execution.id(), ": the record of load agent ",
                                       load.agent()))
            .status();
    if (!of_load.ok()) return of_load;
  }
  return bytes;
}

absl::StatusOr<std::string> RecordOf(const LoadInterval& interval) {
  return RecordBytes(interval.second, absl::StrCat("second ", interval.second.second(),
                                                   " of load agent ", interval.load));
}

// Chunk number `index` of an execution's profile.
absl::StatusOr<std::string> RecordOf(const ProfileChunk& chunk, size_t index,
                                     std::string_view execution_id) {
  return RecordBytes(chunk, absl::StrCat("chunk ", index, " of the profile of execution ",
                                         std::string(execution_id)));
}

}  // namespace

absl::Status ExecutionTable::CheckRecords(const ExecutionRecord& execution,
                                          absl::Span<const LoadInterval> seconds,
                                          absl::Span<const ProfileChunk> profile) {
  ASSAY_RETURN_IF_ERROR(RecordOf(execution).status());
  for (const LoadInterval& one : seconds) ASSAY_RETURN_IF_ERROR(RecordOf(one).status());
  for (size_t i = 0; i < profile.size(); ++i) {
    ASSAY_RETURN_IF_ERROR(RecordOf(profile[i], i, execution.id()).status());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::CheckNew(const ExecutionRecord& execution) {
  ASSAY_ASSIGN_OR_RETURN(Statement campaign,
                         database_.Prepare("SELECT 1 FROM campaign WHERE id = ?1"));
  campaign.BindText(1, execution.campaign_id());
  ASSAY_ASSIGN_OR_RETURN(const bool known, campaign.Step());
  if (!known) {
    return absl::NotFoundError(absl::StrCat("the store ", database_.name(), " has no campaign \"",
                                            execution.campaign_id(), "\""));
  }
  ASSAY_ASSIGN_OR_RETURN(
      Statement same,
      database_.Prepare("SELECT id FROM execution WHERE id = ?10 OR (campaign_id = ?1 AND "
                        "target = ?2 AND workload = ?3 AND mode = ?4 AND connections = ?5 AND "
                        "rate_per_s = ?6 AND profiled = ?7 AND block = ?8 AND attempt = ?9)"));
  BindCell(execution, &same);
  same.BindText(10, execution.id());
  ASSAY_ASSIGN_OR_RETURN(const bool there, same.Step());
  if (!there) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      "execution ", execution.id(), " is already stored as ", same.Bytes(0), " (block ",
      execution.block(), ", attempt ", execution.attempt(), " of its cell)"));
}

absl::Status ExecutionTable::Insert(const ExecutionRecord& execution, const KeyFigures& figures,
                                    int64_t row) {
  constexpr int kFirstFigure = 17;
  std::string columns, values;
  int parameter = kFirstFigure;
  for (const FigureColumn& column : kFigureColumns) {
    absl::StrAppend(&columns, ", ", column.name);
    absl::StrAppend(&values, ", ?", parameter++);
  }
  ASSAY_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare(absl::StrCat(
          "INSERT INTO execution (campaign_id, target, workload, mode, connections, rate_per_s, "
          "profiled, block, attempt, id, position, status, failure, started_us, analysis_version, "
          "record, sequence",
          columns,
          ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
          "?16, ",
          row, values, ")")));
  BindCell(execution, &insert);
  ASSAY_ASSIGN_OR_RETURN(const std::string record, RecordOf(execution));
  insert.BindText(10, execution.id())
      .Bind(11, int64_t{execution.position()})
      .Bind(12, int64_t{execution.status()})
      .BindText(13, execution.failure().failure().message())
      .Bind(14, int64_t{execution.started_us()})
      .Bind(15, int64_t{kAnalysisVersion})
      .BindBlob(16, record);
  parameter = kFirstFigure;
  for (const FigureColumn& column : kFigureColumns) column.bind(figures, parameter++, &insert);
  return insert.Run();
}

absl::Status ExecutionTable::AddChunks(int64_t row, absl::Span<const ChunkRef> chunks) {
  ASSAY_ASSIGN_OR_RETURN(Statement insert,
                         database_.Prepare("INSERT INTO execution_chunk (execution, ordinal, load, "
                                           "sha256) VALUES (?1, ?2, ?3, ?4)"));
  int64_t ordinal = 0;
  for (const ChunkRef& chunk : chunks) {
    insert.Reset();
    insert.Bind(1, row).Bind(2, ordinal++).Bind(3, int64_t{chunk.load}).BindBlob(4, chunk.sha256);
    ASSAY_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::AddSeconds(int64_t row, absl::Span<const LoadInterval> seconds) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO second (execution, load, second, sent, ok, errors, timeouts, "
                        "record, retried, sha256, retried_sha256) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  for (const LoadInterval& one : seconds) {
    ASSAY_ASSIGN_OR_RETURN(const std::string record, RecordOf(one));
    const int64_t counts[] = {int64_t{one.load},
                              int64_t{one.second.second()},
                              static_cast<int64_t>(one.second.sent()),
                              static_cast<int64_t>(one.second.ok()),
                              static_cast<int64_t>(one.second.errors()),
                              static_cast<int64_t>(one.second.timeouts())};
    const auto retried = static_cast<int64_t>(one.second.retried());
    insert.Reset();
    insert.Bind(1, row);
    RowHash hash;
    int parameter = 2;
    for (const int64_t count : counts) {
      insert.Bind(parameter++, count);
      hash.Int(count);
    }
    const std::string sha256 = hash.Blob(record).Sha256();
    const std::string retried_sha256 = RowHash().Int(retried).Sha256();
    insert.BindBlob(8, record).Bind(9, retried).BindBlob(10, sha256).BindBlob(11, retried_sha256);
    ASSAY_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::AddGates(int64_t row, const ExecutionRecord& execution) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO gate (execution, ordinal, name, value, limit_value, unit, "
                        "verdict, subject, advice, analysis_version) "
                        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
  int64_t ordinal = 0;
  for (const GateResult& gate : execution.gates()) {
    insert.Reset();
    insert.Bind(1, row)
        .Bind(2, ordinal++)
        .BindText(3, gate.name())
        .Bind(5, gate.limit())
        .BindText(6, gate.unit())
        .Bind(7, int64_t{gate.verdict()})
        .BindText(8, gate.subject())
        .BindText(9, gate.advice())
        .Bind(10, int64_t{kAnalysisVersion});
    if (gate.has_value()) insert.Bind(4, gate.value());
    ASSAY_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::Add(const ExecutionRecord& execution, const KeyFigures& figures,
                                 absl::Span<const ChunkRef> chunks,
                                 absl::Span<const LoadInterval> seconds) {
  ASSAY_RETURN_IF_ERROR(CheckNew(execution));
  ASSAY_ASSIGN_OR_RETURN(
      const int64_t row,
      database_.QueryInt("SELECT coalesce(max(sequence), 0) + 1 FROM execution"));
  ASSAY_RETURN_IF_ERROR(Insert(execution, figures, row));
  ASSAY_RETURN_IF_ERROR(AddChunks(row, chunks));
  ASSAY_RETURN_IF_ERROR(AddSeconds(row, seconds));
  ASSAY_RETURN_IF_ERROR(AddGates(row, execution));
  ASSAY_ASSIGN_OR_RETURN(Statement count,
                         database_.Prepare("UPDATE execution_count SET executions = executions + 1 "
                                           "WHERE campaign_id = ?1"));
  return count.BindText(1, execution.campaign_id()).Run();
}

absl::StatusOr<std::vector<int64_t>> ExecutionTable::Rows(std::string_view campaign_id,
                                                          Store::Order order) {
  ASSAY_ASSIGN_OR_RETURN(Statement campaign,
                         database_.Prepare("SELECT 1 FROM campaign WHERE id = ?1"));
  campaign.BindText(1, campaign_id);
  ASSAY_ASSIGN_OR_RETURN(const bool known, campaign.Step());
  if (!known) {
    return absl::NotFoundError(absl::StrCat("the store ", database_.name(), " has no campaign \"",
                                            std::string(campaign_id), "\""));
  }
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare(absl::StrCat(
                             "SELECT sequence FROM execution WHERE campaign_id = ?1 ORDER BY ",
                             order == Store::Order::kByCell
                                 ? "target, workload, mode, connections, rate_per_s, profiled, "
                                 : "",
                             "block, position, attempt")));
  select.BindText(1, campaign_id);
  std::vector<int64_t> rows;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool row, select.Step());
    if (!row) return rows;
    rows.push_back(select.Int(0));
  }
}

absl::StatusOr<bool> ExecutionTable::HasRepeated(std::string_view campaign_id) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT 1 FROM execution WHERE campaign_id = ?1 AND attempt > 0 LIMIT 1"));
  select.BindText(1, campaign_id);
  return select.Step();
}

absl::StatusOr<ExecutionRecord> ExecutionTable::Read(int64_t row, std::string_view campaign_id) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare(absl::StrCat(
                             "SELECT record, sha256, retried_sha256, retried, ",
                             std::string(kExecutionHash), " FROM execution WHERE sequence = ?1")));
  const absl::StatusOr<bool> there = select.Bind(1, row).Step();
  if (absl::IsDataLoss(there.status())) return Damaged(row, there.status().message(), campaign_id);
  ASSAY_RETURN_IF_ERROR(there.status());
  if (!*there) return Damaged(row, "its record is missing", campaign_id);
  if (!IsSound(select, 1, 4, ColumnsOf(kExecutionHash)) || !IsSound(select, 2, 3, 1)) {
    return Damaged(row, "its record does not match its hash", campaign_id);
  }
  ExecutionRecord execution;
  if (!ReadRecord(select.View(0), &execution)) {
    return Damaged(row, "its record cannot be read", campaign_id);
  }
  if (!campaign_id.empty() && execution.campaign_id() != campaign_id) {
    return Damaged(row, "its record belongs to another campaign", campaign_id);
  }
  return execution;
}

absl::StatusOr<int64_t> ExecutionTable::RowOf(std::string_view execution_id) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare("SELECT sequence FROM execution WHERE id = ?1"));
  select.BindText(1, execution_id);
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
  if (!there) {
    return absl::NotFoundError(absl::StrCat("the store ", database_.name(), " has no execution \"",
                                            std::string(execution_id), "\""));
  }
  return select.Int(0);
}

absl::StatusOr<std::optional<ChunkRef>> ExecutionTable::ChunkAt(int64_t row, int64_t ordinal) {
  ASSAY_ASSIGN_OR_RETURN(Statement select,
                         database_.Prepare("SELECT load, sha256 FROM execution_chunk "
                                           "WHERE execution = ?1 AND ordinal = ?2"));
  select.Bind(1, row).Bind(2, ordinal);
  ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
  if (!there) return std::optional<ChunkRef>();
  return std::optional<ChunkRef>({static_cast<uint32_t>(select.Int(0)), select.Bytes(1)});
}

absl::StatusOr<std::vector<LoadInterval>> ExecutionTable::Seconds(int64_t row) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare(absl::StrCat("SELECT record, sha256, retried_sha256, retried, ",
                                     std::string(kSecondHash),
                                     " FROM second WHERE execution = ?1 ORDER BY load, second")));
  select.Bind(1, row);
  std::vector<LoadInterval> seconds;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
    if (!there) break;
    LoadInterval& one = seconds.emplace_back();
    one.load = static_cast<uint32_t>(select.Int(4));
    if (!IsSound(select, 1, 4, ColumnsOf(kSecondHash)) || !IsSound(select, 2, 3, 1) ||
        !ReadRecord(select.View(0), &one.second)) {
      return Damaged(row, "one of its seconds does not match its hash");
    }
  }
  ASSAY_RETURN_IF_ERROR(CheckPart(row, "seconds", seconds.size()));
  return seconds;
}

absl::Status ExecutionTable::AddProfile(std::string_view execution_id,
                                        absl::Span<const ProfileChunk> chunks) {
  if (chunks.empty()) return absl::OkStatus();
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, RowOf(execution_id));
  ASSAY_ASSIGN_OR_RETURN(
      Statement insert,
      database_.Prepare("INSERT INTO profile_chunk (execution, ordinal, chunk, sha256) "
                        "VALUES (?1, ?2, ?3, ?4)"));
  for (size_t i = 0; i < chunks.size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(const std::string bytes, RecordOf(chunks[i], i, execution_id));
    const std::string sha256 = RowHash().Int(static_cast<int64_t>(i)).Blob(bytes).Sha256();
    insert.Reset();
    insert.Bind(1, row).Bind(2, static_cast<int64_t>(i)).BindBlob(3, bytes).BindBlob(4, sha256);
    ASSAY_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status ExecutionTable::AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                                           absl::Span<const ProfileChunk> chunks) {
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, RowOf(execution_id));
  ASSAY_ASSIGN_OR_RETURN(ExecutionRecord execution, Read(row));
  if (execution.status() != ExecutionRecord::MEASURED) {
    return absl::FailedPreconditionError(
        absl::StrCat("execution ", execution.id(),
                     " failed, so a profile cannot be attached; choose a measured execution"));
  }
  if (execution.server().has_profile()) {
    return absl::FailedPreconditionError(
        absl::StrCat("execution ", execution.id(),
                     " already has a profile that Assay took; choose another execution"));
  }
  *execution.mutable_imported_profile() = info;
  ASSAY_ASSIGN_OR_RETURN(const std::string record, RecordOf(execution));
  ASSAY_ASSIGN_OR_RETURN(Statement update,
                         database_.Prepare("UPDATE execution SET record = ?2 WHERE sequence = ?1"));
  ASSAY_RETURN_IF_ERROR(update.Bind(1, row).BindBlob(2, record).Run());
  ASSAY_ASSIGN_OR_RETURN(Statement remove,
                         database_.Prepare("DELETE FROM profile_chunk WHERE execution = ?1"));
  ASSAY_RETURN_IF_ERROR(remove.Bind(1, row).Run());
  ASSAY_RETURN_IF_ERROR(AddProfile(execution_id, chunks));
  return Seal(execution_id);
}

absl::StatusOr<std::vector<ProfileChunk>> ExecutionTable::Profile(int64_t row) {
  ASSAY_ASSIGN_OR_RETURN(
      Statement select,
      database_.Prepare("SELECT sha256, ordinal, chunk FROM profile_chunk WHERE execution = ?1 "
                        "ORDER BY ordinal"));
  select.Bind(1, row);
  std::vector<ProfileChunk> chunks;
  for (;;) {
    ASSAY_ASSIGN_OR_RETURN(const bool there, select.Step());
    if (!there) break;
    if (!IsSound(select, 0, 1, ColumnsOf(kProfileChunkHash)) ||
        !ReadRecord(select.View(2), &chunks.emplace_back())) {
      return Damaged(row, "a chunk of its profile does not match its hash");
    }
  }
  ASSAY_RETURN_IF_ERROR(CheckPart(row, "profile_chunks", chunks.size()));
  return chunks;
}

}  // namespace assay::controller
