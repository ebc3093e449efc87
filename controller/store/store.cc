#include "controller/store/store.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/status_macros.h"
#include "controller/store/campaign_table.h"
#include "controller/store/chunk_table.h"
#include "controller/store/connections.h"
#include "controller/store/engine/database.h"
#include "controller/store/execution_table.h"
#include "controller/store/key_figures.h"
#include "controller/store/process_identity.h"
#include "controller/store/sqlite/sqlite_engine.h"
#include "proto/text/valid_text.h"

namespace assay::controller {
namespace {

using Durability = Database::Durability;

// The approximate limit of one staging transaction, so that other writers get their turn.
constexpr size_t kStagedAtOnce = size_t{8} << 20;

// Stored text must parse again, whatever an agent or a user wrote in it.
template <typename Message>
Message WithValidText(Message message) {
  MakeTextValid(&message);
  return message;
}

}  // namespace

struct Store::Parts {
  std::unique_ptr<Connections> connections;
  std::string self = ProcessIdentity::OfThisProcess().ToString();
};

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Store::~Store() = default;

absl::StatusOr<std::string> Store::DefaultPath() {
  const char* data = std::getenv("XDG_DATA_HOME");
  // The XDG specification requires that a relative path is ignored.
  if (data != nullptr && data[0] == '/') return absl::StrCat(data, "/assay/assay.db");
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.local/share/assay/assay.db");
  return absl::FailedPreconditionError(
      "cannot choose a path for the store: neither XDG_DATA_HOME nor HOME is set; pass "
      "--store=PATH");
}

std::string Store::WhoElseReads(const std::string& path) {
  return SqliteEngine::WhoElseReads(path);
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& location, Mode mode,
                                                   const StoreOptions& options) {
  auto parts = std::make_unique<Parts>();
  ASSAY_ASSIGN_OR_RETURN(parts->connections, Connections::Open(std::make_unique<SqliteEngine>(
                                                                   location, options.busy_timeout),
                                                               mode, options));
  return std::unique_ptr<Store>(new Store(std::move(parts)));
}

absl::Status Store::CreateCampaign(const CampaignRecord& given) {
  const CampaignRecord campaign = WithValidText(given);
  return parts_->connections->Write(Durability::kPower, [&](Database* database) {
    return CampaignTable(database, parts_->self).Create(campaign);
  });
}

absl::Status Store::UpdateCampaign(const CampaignRecord& given) {
  const CampaignRecord campaign = WithValidText(given);
  return parts_->connections->Write(Durability::kPower, [&](Database* database) {
    return CampaignTable(database, parts_->self).Update(campaign);
  });
}

absl::StatusOr<CampaignRecord> Store::Find(std::string_view name) {
  CampaignRecord campaign;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(campaign, CampaignTable(database, parts_->self).Find(name));
    return absl::OkStatus();
  }));
  return campaign;
}

absl::StatusOr<std::vector<CampaignSummary>> Store::ListCampaigns(int limit) {
  std::vector<CampaignSummary> campaigns;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(campaigns, CampaignTable(database, parts_->self).List(limit));
    return absl::OkStatus();
  }));
  return campaigns;
}

absl::Status Store::Heartbeat(std::string_view campaign_id) {
  return parts_->connections->Write(Durability::kProcess, [&](Database* database) {
    return CampaignTable(database, parts_->self).Heartbeat(campaign_id);
  });
}

absl::Status Store::RequestCancel(std::string_view campaign_id) {
  return parts_->connections->Write(Durability::kPower, [&](Database* database) {
    return CampaignTable(database, parts_->self).RequestCancel(campaign_id);
  });
}

absl::StatusOr<bool> Store::CancelRequested(std::string_view campaign_id) {
  bool requested = false;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(requested,
                           CampaignTable(database, parts_->self).CancelRequested(campaign_id));
    return absl::OkStatus();
  }));
  return requested;
}

absl::StatusOr<std::vector<ChunkRef>> Store::StageChunks(std::string_view campaign_id,
                                                         std::string_view execution_id,
                                                         uint32_t load,
                                                         absl::Span<const SampleChunk> chunks) {
  std::vector<ChunkRef> refs;
  std::vector<ChunkAtRest> batch;
  size_t batch_bytes = 0;
  for (size_t i = 0; i < chunks.size(); ++i) {
    ASSAY_ASSIGN_OR_RETURN(ChunkAtRest at_rest, AtRest(chunks[i]));
    refs.push_back({load, at_rest.sha256});
    batch_bytes += at_rest.bytes.size();
    batch.push_back(std::move(at_rest));
    if (batch_bytes < kStagedAtOnce && i + 1 < chunks.size()) continue;
    ASSAY_RETURN_IF_ERROR(parts_->connections->Write(Durability::kProcess, [&](Database* database) {
      return ChunkTable(database, parts_->self).Stage(campaign_id, execution_id, batch);
    }));
    batch.clear();
    batch_bytes = 0;
  }
  return refs;
}

absl::Status Store::CheckExecution(const ExecutionRecord& given,
                                   absl::Span<const LoadInterval> seconds,
                                   absl::Span<const ProfileChunk> profile) {
  const ExecutionRecord execution = WithValidText(given);
  ASSAY_RETURN_IF_ERROR(KeyFiguresOf(execution).status());
  return ExecutionTable::CheckRecords(execution, seconds, profile);
}

absl::Status Store::CommitExecution(const ExecutionRecord& given, absl::Span<const ChunkRef> chunks,
                                    absl::Span<const LoadInterval> seconds,
                                    absl::Span<const ProfileChunk> profile) {
  const ExecutionRecord execution = WithValidText(given);
  ASSAY_ASSIGN_OR_RETURN(const KeyFigures figures, KeyFiguresOf(execution));
  return parts_->connections->Write(Durability::kPower, [&](Database* database) -> absl::Status {
    ChunkTable staged(database, parts_->self);
    for (const ChunkRef& chunk : chunks) {
      ASSAY_ASSIGN_OR_RETURN(const bool there, staged.Has(chunk.sha256));
      if (!there) {
        return absl::FailedPreconditionError(
            absl::StrCat("execution ", execution.id(),
                         " refers to a sample chunk that was never staged or has been removed"));
      }
    }
    ExecutionTable executions(database);
    ASSAY_RETURN_IF_ERROR(executions.Add(execution, figures, chunks, seconds));
    ASSAY_RETURN_IF_ERROR(executions.AddProfile(execution.id(), profile));
    ASSAY_RETURN_IF_ERROR(executions.Seal(execution.id()));
    return staged.Unstage(execution.id());
  });
}

absl::Status Store::AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                                  absl::Span<const ProfileChunk> profile) {
  const ProfileInfo valid = WithValidText(info);
  return parts_->connections->Write(Durability::kPower, [&](Database* database) {
    return ExecutionTable(database).AttachProfile(execution_id, valid, profile);
  });
}

absl::StatusOr<int64_t> Store::SweepUncommitted() {
  int64_t freed = 0;
  ASSAY_RETURN_IF_ERROR(
      parts_->connections->Write(Durability::kProcess, [&](Database* database) -> absl::Status {
        CampaignTable campaigns(database, parts_->self);
        const auto lives = [&campaigns](const std::string& controller) {
          return campaigns.ControllerLives(controller);
        };
        ASSAY_ASSIGN_OR_RETURN(freed, ChunkTable(database, parts_->self).Sweep(lives));
        return absl::OkStatus();
      }));
  return freed;
}

absl::Status Store::ForEachExecution(
    std::string_view campaign_id, const std::function<absl::Status(const ExecutionRecord&)>& visit,
    std::vector<absl::Status>* damaged, Order order) {
  const auto pass_over = [damaged](const absl::Status& status) {
    if (damaged == nullptr || !absl::IsDataLoss(status)) return status;
    damaged->push_back(status);
    return absl::OkStatus();
  };
  std::vector<int64_t> rows;
  absl::Status complete;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ExecutionTable executions(database);
    ASSAY_ASSIGN_OR_RETURN(const int64_t committed, executions.CommittedCount(campaign_id));
    ASSAY_ASSIGN_OR_RETURN(rows, executions.Rows(campaign_id, order));
    complete = static_cast<int64_t>(rows.size()) < committed
                   ? executions.Missing(campaign_id, rows.size(), committed)
                   : absl::OkStatus();
    return absl::OkStatus();
  }));
  if (!complete.ok()) ASSAY_RETURN_IF_ERROR(pass_over(complete));
  for (const int64_t row : rows) {
    ExecutionRecord execution;
    const absl::Status read = parts_->connections->Read([&](Database* database) -> absl::Status {
      ASSAY_ASSIGN_OR_RETURN(execution, ExecutionTable(database).Read(row, campaign_id));
      return absl::OkStatus();
    });
    if (!read.ok()) {
      ASSAY_RETURN_IF_ERROR(pass_over(read));
      continue;
    }
    ASSAY_RETURN_IF_ERROR(visit(execution));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Store::HasRepeatedExecution(std::string_view campaign_id) {
  bool repeated = false;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ASSAY_ASSIGN_OR_RETURN(repeated, ExecutionTable(database).HasRepeated(campaign_id));
    return absl::OkStatus();
  }));
  return repeated;
}

absl::StatusOr<ExecutionRecord> Store::ReadExecution(std::string_view execution_id) {
  ExecutionRecord execution;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ExecutionTable executions(database);
    ASSAY_ASSIGN_OR_RETURN(const int64_t row, executions.RowOf(execution_id));
    ASSAY_ASSIGN_OR_RETURN(execution, executions.Read(row));
    return absl::OkStatus();
  }));
  return execution;
}

absl::StatusOr<std::vector<ExecutionRecord>> Store::Executions(std::string_view campaign_id) {
  std::vector<ExecutionRecord> executions;
  ASSAY_RETURN_IF_ERROR(ForEachExecution(campaign_id, [&](const ExecutionRecord& execution) {
    executions.push_back(execution);
    return absl::OkStatus();
  }));
  return executions;
}

absl::Status Store::ReadChunks(
    std::string_view execution_id,
    const std::function<absl::Status(uint32_t load, const SampleChunk&)>& visit) {
  int64_t row = 0;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ExecutionTable executions(database);
    ASSAY_ASSIGN_OR_RETURN(row, executions.RowOf(execution_id));
    return executions.CheckChunks(row);
  }));
  for (int64_t ordinal = 0;; ++ordinal) {
    std::optional<ChunkRef> ref;
    SampleChunk chunk;
    ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
      ExecutionTable executions(database);
      ASSAY_ASSIGN_OR_RETURN(ref, executions.ChunkAt(row, ordinal));
      if (!ref.has_value()) return absl::OkStatus();
      absl::StatusOr<SampleChunk> read = ChunkTable(database, parts_->self).Read(ref->sha256);
      if (absl::IsDataLoss(read.status())) {
        return executions.Damaged(row, read.status().message());
      }
      ASSAY_ASSIGN_OR_RETURN(chunk, std::move(read));
      return absl::OkStatus();
    }));
    if (!ref.has_value()) return absl::OkStatus();
    ASSAY_RETURN_IF_ERROR(visit(ref->load, chunk));
  }
}

absl::StatusOr<std::vector<ProfileChunk>> Store::ReadProfile(std::string_view execution_id) {
  std::vector<ProfileChunk> profile;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ExecutionTable executions(database);
    ASSAY_ASSIGN_OR_RETURN(const int64_t row, executions.RowOf(execution_id));
    ASSAY_ASSIGN_OR_RETURN(profile, executions.Profile(row));
    return absl::OkStatus();
  }));
  return profile;
}

absl::StatusOr<std::vector<LoadInterval>> Store::ReadSeconds(std::string_view execution_id) {
  std::vector<LoadInterval> seconds;
  ASSAY_RETURN_IF_ERROR(parts_->connections->Read([&](Database* database) -> absl::Status {
    ExecutionTable executions(database);
    ASSAY_ASSIGN_OR_RETURN(const int64_t row, executions.RowOf(execution_id));
    ASSAY_ASSIGN_OR_RETURN(seconds, executions.Seconds(row));
    return absl::OkStatus();
  }));
  return seconds;
}

}  // namespace assay::controller
