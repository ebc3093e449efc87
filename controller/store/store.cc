#include "controller/store/store.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "common/safe_path.h"
#include "common/status_macros.h"
#include "controller/store/campaign_table.h"
#include "controller/store/chunk_table.h"
#include "controller/store/database.h"
#include "controller/store/execution_table.h"
#include "controller/store/key_figures.h"
#include "controller/store/process_identity.h"
#include "controller/store/schema.h"
#include "proto/text/valid_text.h"

namespace assay::controller {
namespace {

// The approximate limit of one staging transaction, so that other writers get their turn.
constexpr size_t kStagedAtOnce = size_t{8} << 20;
constexpr absl::Duration kLockPause = absl::Milliseconds(2);

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::Status RefuseFolder(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the store ", path,
                   " is a folder; pass a file in it, for example --store=", path, "/assay.db"));
}

// Creates missing folders with access for this user only, because plans contain passwords.
absl::Status MakeFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::vector<std::string> missing;
  for (std::filesystem::path one = folder; !one.empty() && !IsThere(one.string());
       one = one.parent_path()) {
    missing.push_back(one.string());
  }
  const auto refused = [&](int error) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the store ", path, " cannot be created: its folder ", folder.string(), ": ",
        std::generic_category().message(error), "; choose another file with --store=PATH"));
  };
  for (; !missing.empty(); missing.pop_back()) {
    // Another process may have created it in the meantime.
    if (mkdir(missing.back().c_str(), 0700) != 0 && errno != EEXIST) return refused(errno);
  }
  std::error_code error;
  const bool is_file =
      std::filesystem::exists(folder, error) && !std::filesystem::is_directory(folder, error);
  return is_file ? refused(ENOTDIR) : absl::OkStatus();
}

// Creates an empty file with access for its owner only. SQLite would make it readable by everyone, and gives the
// files that it creates beside a database the database's mode. If the file cannot be created, SQLite reports the
// error later.
absl::Status MakePrivateFile(const std::string& path) {
  if (IsThere(path)) return absl::OkStatus();
  const absl::StatusOr<std::string> resolved = ResolveLinks(path);
  if (!resolved.ok()) {
    return absl::Status(
        resolved.status().code(),
        absl::StrCat("the store ", path, " cannot be created: ", resolved.status().message()));
  }
  // Not open(): the close() after it would drop the locks of another thread that has opened the store in the
  // meantime.
  mknod(resolved->c_str(), S_IFREG | 0600, 0);
  return absl::OkStatus();
}

// In WAL mode, readers and the writer do not wait for each other. SQLite's own waiting does not cover two processes
// that change a new file to WAL mode at once: each holds a lock that the other waits for, and both fail immediately.
absl::Status WriteAhead(Database* database, absl::Duration busy_timeout) {
  Clock& clock = Clock::Real();  // SQLite also waits in real time.
  const int64_t until_ns = clock.After(busy_timeout);
  for (;;) {
    const absl::Status status = database->Execute("PRAGMA journal_mode = WAL");
    if (!absl::IsUnavailable(status) || clock.NowNanos() >= until_ns) return status;
    clock.SleepFor(kLockPause);
  }
}

absl::StatusOr<std::unique_ptr<Database>> OpenForWriting(const std::string& path,
                                                         absl::Duration busy_timeout) {
  ASSAY_RETURN_IF_ERROR(RefuseFolder(path));
  ASSAY_RETURN_IF_ERROR(MakeFolderOf(path));
  ASSAY_RETURN_IF_ERROR(MakePrivateFile(path));
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         Database::Open(path, Database::Access::kWrite, busy_timeout));
  // Checked before any change, because the file may belong to another program.
  ASSAY_ASSIGN_OR_RETURN(const int version, SchemaVersionOf(database.get()));
  if (version > SchemaSteps().back().version) {
    return CheckSchemaVersion(*database, version, SchemaSteps());
  }
  ASSAY_RETURN_IF_ERROR(WriteAhead(database.get(), busy_timeout));
  ASSAY_RETURN_IF_ERROR(database->Execute("PRAGMA journal_size_limit = 67108864"));
  ASSAY_RETURN_IF_ERROR(database->Execute("PRAGMA foreign_keys = ON"));
  ASSAY_RETURN_IF_ERROR(MigrateSchema(database.get(), SchemaSteps()));
  // Detects a file that cannot be written now, before the first measurement.
  const absl::StatusOr<Transaction> probe =
      Transaction::Begin(database.get(), Transaction::Durability::kProcess);
  ASSAY_RETURN_IF_ERROR(probe.status());
  return database;
}

absl::StatusOr<std::unique_ptr<Database>> OpenForReading(const std::string& path,
                                                         absl::Duration busy_timeout) {
  if (!IsThere(path)) {
    return absl::NotFoundError(
        absl::StrCat("there is no store ", path, "; create it with `demo` or `run`"));
  }
  ASSAY_RETURN_IF_ERROR(RefuseFolder(path));
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                         Database::Open(path, Database::Access::kRead, busy_timeout));
  absl::StatusOr<int> version = SchemaVersionOf(database.get());
  // Without permission to create lock files, a file without writers can still be read.
  if (absl::IsPermissionDenied(version.status()) && !IsThere(path + "-wal")) {
    ASSAY_ASSIGN_OR_RETURN(database,
                           Database::Open(path, Database::Access::kReadImmutable, busy_timeout));
    version = SchemaVersionOf(database.get());
  }
  ASSAY_RETURN_IF_ERROR(version.status());
  if (*version == SchemaSteps().back().version) return database;
  if (*version > SchemaSteps().back().version) {
    return CheckSchemaVersion(*database, *version, SchemaSteps());
  }
  // Upgrades an older file, as the first command that writes would do.
  ASSAY_RETURN_IF_ERROR(OpenForWriting(path, busy_timeout).status());
  return Database::Open(path, Database::Access::kRead, busy_timeout);
}

// Stored text must parse again, whatever an agent or a user wrote in it.
template <typename Message>
Message WithValidText(Message message) {
  MakeTextValid(&message);
  return message;
}

}  // namespace

struct Store::Parts {
  explicit Parts(std::unique_ptr<Database> opened)
      : database(std::move(opened)),
        self(ProcessIdentity::OfThisProcess().ToString()),
        campaigns(database.get(), self),
        executions(database.get()),
        chunks(database.get(), self) {}

  absl::Mutex lock;
  const std::unique_ptr<Database> database;
  const std::string self;
  CampaignTable campaigns ABSL_GUARDED_BY(lock);
  ExecutionTable executions ABSL_GUARDED_BY(lock);
  ChunkTable chunks ABSL_GUARDED_BY(lock);
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
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat file = {};
  struct stat above = {};
  if (stat(path.c_str(), &file) != 0 || stat(folder.c_str(), &above) != 0) return "";
  const bool all = (file.st_mode & S_IROTH) != 0 && (above.st_mode & S_IXOTH) != 0;
  const bool group = (file.st_mode & S_IRGRP) != 0 && (above.st_mode & (S_IXGRP | S_IXOTH)) != 0;
  if (!all && !group) return "";
  return absl::StrCat("the store ", path, " can be read by ",
                      all ? "every user of this host" : "its group",
                      ", and the plans in it may contain passwords and Authorization headers; to "
                      "prevent this: chmod 600 ",
                      path, "*");
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& path, Mode mode,
                                                   const StoreOptions& options) {
  absl::StatusOr<std::unique_ptr<Database>> database =
      mode == Mode::kWrite ? OpenForWriting(path, options.busy_timeout)
                           : OpenForReading(path, options.busy_timeout);
  if (!database.ok()) return database.status();
  return std::unique_ptr<Store>(new Store(std::make_unique<Parts>(*std::move(database))));
}

absl::Status Store::CreateCampaign(const CampaignRecord& given) {
  const CampaignRecord campaign = WithValidText(given);
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.Create(campaign);
}

absl::Status Store::UpdateCampaign(const CampaignRecord& given) {
  const CampaignRecord campaign = WithValidText(given);
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.Update(campaign);
}

absl::StatusOr<CampaignRecord> Store::Find(std::string_view name) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.Find(name);
}

absl::StatusOr<std::vector<CampaignSummary>> Store::ListCampaigns(int limit) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.List(limit);
}

absl::Status Store::Heartbeat(std::string_view campaign_id) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.Heartbeat(campaign_id);
}

absl::Status Store::RequestCancel(std::string_view campaign_id) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.RequestCancel(campaign_id);
}

absl::StatusOr<bool> Store::CancelRequested(std::string_view campaign_id) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->campaigns.CancelRequested(campaign_id);
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
    absl::MutexLock lock(&parts_->lock);
    ASSAY_ASSIGN_OR_RETURN(
        Transaction transaction,
        Transaction::Begin(parts_->database.get(), Transaction::Durability::kProcess));
    ASSAY_RETURN_IF_ERROR(parts_->chunks.Stage(campaign_id, execution_id, batch));
    ASSAY_RETURN_IF_ERROR(transaction.Commit());
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
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(
      Transaction transaction,
      Transaction::Begin(parts_->database.get(), Transaction::Durability::kPower));
  for (const ChunkRef& chunk : chunks) {
    ASSAY_ASSIGN_OR_RETURN(const bool staged, parts_->chunks.Has(chunk.sha256));
    if (!staged) {
      return absl::FailedPreconditionError(
          absl::StrCat("execution ", execution.id(),
                       " refers to a sample chunk that was never staged or has been removed"));
    }
  }
  ASSAY_RETURN_IF_ERROR(parts_->executions.Add(execution, figures, chunks, seconds));
  ASSAY_RETURN_IF_ERROR(parts_->executions.AddProfile(execution.id(), profile));
  ASSAY_RETURN_IF_ERROR(parts_->executions.Seal(execution.id()));
  ASSAY_RETURN_IF_ERROR(parts_->chunks.Unstage(execution.id()));
  return transaction.Commit();
}

absl::Status Store::AttachProfile(std::string_view execution_id, const ProfileInfo& info,
                                  absl::Span<const ProfileChunk> profile) {
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(
      Transaction transaction,
      Transaction::Begin(parts_->database.get(), Transaction::Durability::kPower));
  ASSAY_RETURN_IF_ERROR(
      parts_->executions.AttachProfile(execution_id, WithValidText(info), profile));
  return transaction.Commit();
}

absl::StatusOr<int64_t> Store::SweepUncommitted() {
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(
      Transaction transaction,
      Transaction::Begin(parts_->database.get(), Transaction::Durability::kProcess));
  Parts& parts = *parts_;
  const auto lives = [&parts](const std::string& controller) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return parts.campaigns.ControllerLives(controller);
  };
  ASSAY_ASSIGN_OR_RETURN(const int64_t freed, parts_->chunks.Sweep(lives));
  ASSAY_RETURN_IF_ERROR(transaction.Commit());
  return freed;
}

absl::Status Store::ForEachExecution(
    std::string_view campaign_id, const std::function<absl::Status(const ExecutionRecord&)>& visit,
    std::vector<absl::Status>* damaged, Order order) {
  std::vector<int64_t> rows;
  const auto pass_over = [damaged](const absl::Status& status) {
    if (damaged == nullptr || !absl::IsDataLoss(status)) return status;
    damaged->push_back(status);
    return absl::OkStatus();
  };
  {
    absl::MutexLock lock(&parts_->lock);
    ASSAY_ASSIGN_OR_RETURN(const int64_t committed, parts_->executions.CommittedCount(campaign_id));
    ASSAY_ASSIGN_OR_RETURN(rows, parts_->executions.Rows(campaign_id, order));
    if (static_cast<int64_t>(rows.size()) < committed) {
      ASSAY_RETURN_IF_ERROR(
          pass_over(parts_->executions.Missing(campaign_id, rows.size(), committed)));
    }
  }
  for (const int64_t row : rows) {
    absl::StatusOr<ExecutionRecord> execution;
    {
      absl::MutexLock lock(&parts_->lock);
      execution = parts_->executions.Read(row, campaign_id);
    }
    if (!execution.ok()) {
      ASSAY_RETURN_IF_ERROR(pass_over(execution.status()));
      continue;
    }
    ASSAY_RETURN_IF_ERROR(visit(*execution));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Store::HasRepeatedExecution(std::string_view campaign_id) {
  absl::MutexLock lock(&parts_->lock);
  return parts_->executions.HasRepeated(campaign_id);
}

absl::StatusOr<ExecutionRecord> Store::ReadExecution(std::string_view execution_id) {
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, parts_->executions.RowOf(execution_id));
  return parts_->executions.Read(row);
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
  {
    absl::MutexLock lock(&parts_->lock);
    ASSAY_ASSIGN_OR_RETURN(row, parts_->executions.RowOf(execution_id));
    ASSAY_RETURN_IF_ERROR(parts_->executions.CheckChunks(row));
  }
  for (int64_t ordinal = 0;; ++ordinal) {
    std::optional<ChunkRef> ref;
    SampleChunk chunk;
    {
      absl::MutexLock lock(&parts_->lock);
      ASSAY_ASSIGN_OR_RETURN(ref, parts_->executions.ChunkAt(row, ordinal));
      if (!ref.has_value()) return absl::OkStatus();
      absl::StatusOr<SampleChunk> read = parts_->chunks.Read(ref->sha256);
      if (absl::IsDataLoss(read.status())) {
        return parts_->executions.Damaged(row, read.status().message());
      }
      ASSAY_ASSIGN_OR_RETURN(chunk, std::move(read));
    }
    ASSAY_RETURN_IF_ERROR(visit(ref->load, chunk));
  }
}

absl::StatusOr<std::vector<ProfileChunk>> Store::ReadProfile(std::string_view execution_id) {
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, parts_->executions.RowOf(execution_id));
  return parts_->executions.Profile(row);
}

absl::StatusOr<std::vector<LoadInterval>> Store::ReadSeconds(std::string_view execution_id) {
  absl::MutexLock lock(&parts_->lock);
  ASSAY_ASSIGN_OR_RETURN(const int64_t row, parts_->executions.RowOf(execution_id));
  return parts_->executions.Seconds(row);
}

}  // namespace assay::controller
