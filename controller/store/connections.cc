#include "controller/store/connections.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "common/status_macros.h"

namespace assay::controller {
namespace {

// Readers that are kept open. More may be open at once.
constexpr size_t kIdleReaders = 4;
// The pause between two attempts to connect grows from the first to the second.
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Connections>> Connections::Open(std::unique_ptr<Engine> engine,
                                                               Store::Mode mode,
                                                               StoreOptions options) {
  std::unique_ptr<Connections> connections(
      new Connections(std::move(engine), mode, std::move(options)));
  Connections& opened = *connections;
  if (mode == Store::Mode::kWrite) {
    absl::MutexLock lock(&opened.writing_);
    ASSAY_ASSIGN_OR_RETURN(opened.writer_, opened.engine_->Create());
  } else {
    ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Database> reader, opened.engine_->OpenForReading());
    opened.ReturnReader(std::move(reader));
  }
  return connections;
}

absl::Status Connections::Repeat(absl::FunctionRef<absl::Status(bool* again)> attempt) {
  Clock& clock = *options_.clock;
  const int64_t until_ns = clock.After(options_.retry_for);
  absl::Duration pause = absl::ZeroDuration();
  for (;;) {
    bool again = false;
    absl::Status status = attempt(&again);
    if (!again) return status;
    if (clock.NowNanos() >= until_ns) {
      return absl::Status(status.code(),
                          absl::StrCat(status.message(), " (retried for ",
                                       absl::FormatDuration(options_.retry_for), ")"));
    }
    // The first attempt fails on every connection that was idle when the engine went away.
    if (pause > absl::ZeroDuration()) {
      if (pause == kFirstPause && options_.on_retry != nullptr) options_.on_retry(status);
      clock.SleepFor(pause);
    }
    pause = std::min(std::max(2 * pause, kFirstPause), kLongestPause);
  }
}

absl::StatusOr<std::unique_ptr<Database>> Connections::TakeReader(bool* again) {
  {
    absl::MutexLock lock(&lock_);
    if (!idle_readers_.empty()) {
      std::unique_ptr<Database> reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
  }
  absl::StatusOr<std::unique_ptr<Database>> reader = engine_->ConnectForReading();
  *again = absl::IsUnavailable(reader.status());
  return reader;
}

void Connections::ReturnReader(std::unique_ptr<Database> reader) {
  absl::MutexLock lock(&lock_);
  if (reader->lost()) {
    // The others were lost with it.
    idle_readers_.clear();
  } else if (idle_readers_.size() < kIdleReaders) {
    idle_readers_.push_back(std::move(reader));
  }
}

absl::Status Connections::TryRead(Body body, bool* again) {
  ASSAY_ASSIGN_OR_RETURN(std::unique_ptr<Database> reader, TakeReader(again));
  absl::Status status;
  {
    absl::StatusOr<Transaction> transaction = Transaction::BeginRead(reader.get());
    status = transaction.ok() ? body(reader.get()) : transaction.status();
  }
  *again = !status.ok() && (reader->lost() || reader->must_repeat());
  ReturnReader(std::move(reader));
  return status;
}

absl::Status Connections::Read(Body body) {
  return Repeat([&](bool* again) { return TryRead(body, again); });
}

absl::Status Connections::RunWrite(Database::Durability durability, Body body,
                                   std::string* in_doubt) {
  ASSAY_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer_.get(), durability));
  ASSAY_RETURN_IF_ERROR(body(writer_.get()));
  const std::string name = writer_->transaction();
  absl::Status committed = transaction.Commit();
  if (!committed.ok() && writer_->lost()) *in_doubt = name;
  return committed;
}

absl::Status Connections::TryWrite(Database::Durability durability, Body body,
                                   std::string* in_doubt, bool* again) {
  if (writer_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Database>> opened = engine_->ConnectForWriting();
    *again = absl::IsUnavailable(opened.status());
    ASSAY_ASSIGN_OR_RETURN(writer_, std::move(opened));
  }
  absl::Status status;
  if (!in_doubt->empty()) {
    const absl::StatusOr<bool> committed = writer_->WasCommitted(*in_doubt);
    if (committed.ok() && *committed) return absl::OkStatus();
    status = committed.status();
    if (committed.ok()) in_doubt->clear();
  }
  // While the doubt lasts, neither a repetition nor an error would be right.
  if (status.ok()) status = RunWrite(durability, body, in_doubt);
  *again = !status.ok() && (writer_->lost() || writer_->must_repeat() || !in_doubt->empty());
  if (writer_->lost()) writer_ = nullptr;
  return status;
}

absl::Status Connections::Write(Database::Durability durability, Body body) {
  if (mode_ == Store::Mode::kRead) {
    return absl::PermissionDeniedError(
        absl::StrCat("the store ", name(), " is open for reading only"));
  }
  absl::MutexLock lock(&writing_);
  std::string in_doubt;
  return Repeat([&](bool* again) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return TryWrite(durability, body, &in_doubt, again);
  });
}

}  // namespace assay::controller
