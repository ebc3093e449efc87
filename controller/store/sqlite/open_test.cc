// Errors of a store that cannot be opened or written.

#include <linux/capability.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/file.h"
#include "controller/store/sqlite/sqlite_database.h"
#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kCampaign[] = "0123456789ab";

// Removes, during its lifetime, root's permission to write any file from this thread.
class WithoutRootsRights {
 public:
  WithoutRootsRights() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    EXPECT_EQ(syscall(SYS_capget, &header, before_), 0);
    __user_cap_data_struct less[2] = {before_[0], before_[1]};
    less[0].effective &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH);
    EXPECT_EQ(syscall(SYS_capset, &header, less), 0);
  }
  ~WithoutRootsRights() {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    EXPECT_EQ(syscall(SYS_capset, &header, before_), 0);
  }

 private:
  __user_cap_data_struct before_[2] = {};
};

// A child process that runs SQL on a file and then stays alive, so that it keeps its locks.
class OtherProcess {
 public:
  OtherProcess(const std::string& path, const std::string& sql) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      sqlite3* connection = nullptr;
      sqlite3_open(path.c_str(), &connection);
      const bool done = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == 0;
      const char result = done ? 'y' : 'n';
      if (write(ready[1], &result, 1) != 1) _exit(1);
      pause();
      _exit(0);
    }
    close(ready[1]);
    char result = 0;
    EXPECT_EQ(read(ready[0], &result, 1), 1);
    EXPECT_EQ(result, 'y');
    close(ready[0]);
  }
  ~OtherProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

class OpenTest : public ::testing::Test {
 protected:
  OpenTest() : path_(folder_.Path("assay.db")) {}
  ~OpenTest() override { chmod(folder_.path().c_str(), 0755); }

  // The error of opening the store.
  std::string Refusal(Store::Mode mode, absl::StatusCode code) {
    StoreOptions options;
    options.busy_timeout = absl::Milliseconds(20);
    const absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(path_, mode, options);
    EXPECT_EQ(store.status().code(), code) << store.status();
    EXPECT_THAT(std::string(store.status().message()), HasSubstr(path_));
    return std::string(store.status().message());
  }
  void MakeStore() {
    ASSERT_TRUE(OpenedStore(path_)->CreateCampaign(SampleCampaign(kCampaign)).ok());
  }

  TemporaryFolder folder_;
  std::string path_;
};

TEST_F(OpenTest, OpeningForWritingCreatesTheFileAndItsFolder) {
  path_ = folder_.Path("a/b/assay.db");
  OpenedStore(path_);
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_EQ(RunSql(path_, "PRAGMA journal_mode"), "wal");
}

TEST_F(OpenTest, PathMayContainAnyCharacter) {
  path_ = folder_.Path("a?b#c%20 d.db");
  MakeStore();
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(OpenedStore(path_, Store::Mode::kRead)->Find("latest").ok());
}

TEST_F(OpenTest, ReportsAFolderThatCannotBeCreated) {
  ASSERT_TRUE(WriteFileAtomically(folder_.Path("file"), "x").ok());
  path_ = folder_.Path("file/assay.db");
  EXPECT_THAT(Refusal(Store::Mode::kWrite, absl::StatusCode::kPermissionDenied),
              HasSubstr("its folder " + folder_.Path("file")));
}

TEST_F(OpenTest, OpeningForReadingCreatesNothing) {
  EXPECT_THAT(Refusal(Store::Mode::kRead, absl::StatusCode::kNotFound),
              HasSubstr("create it with `demo` or `run`"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(OpenTest, RejectsAFolder) {
  path_ = folder_.path();
  for (const Store::Mode mode : {Store::Mode::kRead, Store::Mode::kWrite}) {
    EXPECT_THAT(Refusal(mode, absl::StatusCode::kFailedPrecondition), HasSubstr("is a folder"));
  }
}

TEST_F(OpenTest, DoesNotChangeANewerStore) {
  MakeStore();
  RunSql(path_, "PRAGMA user_version = 7");
  for (const Store::Mode mode : {Store::Mode::kRead, Store::Mode::kWrite}) {
    EXPECT_THAT(
        Refusal(mode, absl::StatusCode::kFailedPrecondition),
        HasSubstr("was written by a newer version of Assay (schema 7, this version supports 5)"));
  }
  EXPECT_EQ(RunSql(path_, "PRAGMA user_version"), "7");
}

TEST_F(OpenTest, DoesNotChangeAFileThatIsNotADatabase) {
  const std::string text(5'000, 'x');
  ASSERT_TRUE(WriteFileAtomically(path_, text).ok());
  for (const Store::Mode mode : {Store::Mode::kRead, Store::Mode::kWrite}) {
    EXPECT_THAT(Refusal(mode, absl::StatusCode::kFailedPrecondition),
                HasSubstr("it is not an SQLite database"));
  }
  EXPECT_EQ(*ReadFile(path_), text);
}

TEST_F(OpenTest, DoesNotChangeAnotherProgramsDatabase) {
  RunSql(path_, "CREATE TABLE theirs (x)");
  for (const Store::Mode mode : {Store::Mode::kRead, Store::Mode::kWrite}) {
    EXPECT_THAT(Refusal(mode, absl::StatusCode::kFailedPrecondition),
                HasSubstr("another program created this database"));
  }
  EXPECT_EQ(RunSql(path_, "SELECT group_concat(name) FROM sqlite_schema"), "theirs");
  EXPECT_EQ(RunSql(path_, "PRAGMA journal_mode"), "delete");
}

// Sets the umask during its lifetime.
class WithUmask {
 public:
  explicit WithUmask(mode_t mask) : before_(umask(mask)) {}
  ~WithUmask() { umask(before_); }

 private:
  mode_t before_;
};

mode_t ModeOf(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

// Plans contain Authorization headers.
TEST_F(OpenTest, CreatesFilesForTheirOwnerOnly) {
  for (const mode_t mask : {0000, 0022, 0002}) {
    const WithUmask with(mask);
    const std::string top = folder_.Path(absl::StrCat("new", mask));
    const std::string path = top + "/deep/assay.db";
    const std::unique_ptr<Store> store = OpenedStore(path);
    ASSERT_TRUE(store->CreateCampaign(SampleCampaign(kCampaign)).ok());
    EXPECT_EQ(ModeOf(top), 0700);
    EXPECT_EQ(ModeOf(top + "/deep"), 0700);
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(top + "/deep")) {
      EXPECT_EQ(ModeOf(entry.path().string()), 0600) << entry.path();
      ++files;
    }
    EXPECT_EQ(files, 3) << "the database, -wal and -shm";
    EXPECT_EQ(Store::WhoElseReads(path), "");
  }
}

TEST_F(OpenTest, NewStoreInASharedFolderIsForItsOwnerOnly) {
  const WithUmask with(0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  const std::unique_ptr<Store> store = OpenedStore(path_);
  EXPECT_EQ(ModeOf(path_), 0600);
  EXPECT_EQ(ModeOf(path_ + "-wal"), 0600);
  EXPECT_EQ(ModeOf(folder_.path()), 0755);
  EXPECT_EQ(Store::WhoElseReads(path_), "");
}

TEST_F(OpenTest, NewStoreBehindASymlinkIsForItsOwnerOnly) {
  const WithUmask with(0);
  const std::string link = folder_.Path("link.db");
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  const std::unique_ptr<Store> store = OpenedStore(link);
  EXPECT_EQ(ModeOf(path_), 0600);
}

// A group may share a store on purpose, so its mode stays. A user who writes to it gets a warning.
TEST_F(OpenTest, ExistingStoreKeepsItsModeAndReportsOtherReaders) {
  MakeStore();
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  OpenedStore(path_);
  EXPECT_EQ(ModeOf(path_), 0644);
  EXPECT_THAT(Store::WhoElseReads(path_),
              AllOf(HasSubstr(path_), HasSubstr("every user"), HasSubstr("chmod 600")));
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_THAT(Store::WhoElseReads(path_), HasSubstr("its group"));
  // No other user can reach the file.
  ASSERT_EQ(chmod(folder_.path().c_str(), 0700), 0);
  EXPECT_EQ(Store::WhoElseReads(path_), "");
}

TEST_F(OpenTest, LockedStoreReportsTheHolder) {
  MakeStore();
  const OtherProcess other(path_, "BEGIN IMMEDIATE");
  EXPECT_THAT(Refusal(Store::Mode::kWrite, absl::StatusCode::kUnavailable),
              HasSubstr(absl::StrCat("is locked by process ", other.pid(), " (open_test")));
}

TEST_F(OpenTest, ExclusivelyLockedStoreReportsTheHolder) {
  MakeStore();
  const OtherProcess other(path_, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT");
  for (const Store::Mode mode : {Store::Mode::kRead, Store::Mode::kWrite}) {
    EXPECT_THAT(Refusal(mode, absl::StatusCode::kUnavailable),
                HasSubstr(absl::StrCat("is locked by process ", other.pid())));
  }
}

// Users must be able to look at results while a campaign runs.
TEST_F(OpenTest, WriterDoesNotBlockReaders) {
  MakeStore();
  const OtherProcess other(path_, "BEGIN IMMEDIATE");
  EXPECT_TRUE(OpenedStore(path_, Store::Mode::kRead)->Find(kCampaign).ok());
}

TEST_F(OpenTest, ReportsALockTakenAfterOpening) {
  MakeStore();
  StoreOptions options;
  options.busy_timeout = absl::Milliseconds(20);
  const std::unique_ptr<Store> store = *Store::Open(path_, Store::Mode::kWrite, options);
  const OtherProcess other(path_, "BEGIN IMMEDIATE");
  const absl::Status status = store->CommitExecution(SampleExecution(kCampaign, 0), {}, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("process ", other.pid())));
}

TEST_F(OpenTest, ReadOnlyStoreIsReadableAndReportsWhyItIsNotWritable) {
  MakeStore();
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  const WithoutRootsRights without;
  EXPECT_THAT(Refusal(Store::Mode::kWrite, absl::StatusCode::kPermissionDenied),
              HasSubstr("choose another file with --store=PATH"));
  EXPECT_TRUE(OpenedStore(path_, Store::Mode::kRead)->Find(kCampaign).ok());
}

TEST_F(OpenTest, ReportsAReadOnlyFileInAWritableFolder) {
  MakeStore();
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  const WithoutRootsRights without;
  EXPECT_THAT(Refusal(Store::Mode::kWrite, absl::StatusCode::kPermissionDenied),
              HasSubstr("is read-only for this user"));
  EXPECT_TRUE(OpenedStore(path_, Store::Mode::kRead)->Find(kCampaign).ok());
}

TEST_F(OpenTest, ReportsAStoreWithoutReadPermission) {
  MakeStore();
  ASSERT_EQ(chmod(path_.c_str(), 0000), 0);
  const WithoutRootsRights without;
  Refusal(Store::Mode::kRead, absl::StatusCode::kPermissionDenied);
  Refusal(Store::Mode::kWrite, absl::StatusCode::kPermissionDenied);
}

TEST_F(OpenTest, ReportsDamage) {
  MakeStore();
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096);
    file << std::string(std::filesystem::file_size(path_) - 4'096, '\xff');
  }
  const absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(path_, Store::Mode::kRead);
  const absl::Status status = store.ok() ? (*store)->Find(kCampaign).status() : store.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + " is damaged"));
}

TEST_F(OpenTest, ReportsAFullDisk) {
  const std::unique_ptr<SqliteDatabase> database =
      *SqliteDatabase::Open(path_, SqliteDatabase::Access::kWrite, absl::Seconds(1));
  ASSERT_TRUE(database->Execute("CREATE TABLE t (x)").ok());
  // Limits the number of pages, as a full disk would.
  ASSERT_TRUE(database->QueryInt("PRAGMA max_page_count = 3").ok());
  const absl::Status status = database->Execute("INSERT INTO t VALUES (zeroblob(100000))");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the disk is full"));
}

}  // namespace
}  // namespace assay::controller
