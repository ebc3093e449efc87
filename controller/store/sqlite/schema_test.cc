// Migration of every version to the latest.

#include "controller/store/engine/schema.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/store/engine/database.h"
#include "controller/store/sqlite/sqlite_database.h"
#include "controller/store/sqlite/sqlite_schema.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

// The real steps, and two that represent later versions: one keeps a column and adds another, one moves data into a
// new table.
std::vector<SchemaStep> WithLaterSteps() {
  std::vector<SchemaStep> steps(SqliteSchemaSteps().begin(), SqliteSchemaSteps().end());
  const int last = steps.back().version;
  steps.push_back({last + 1, "ALTER TABLE campaign ADD COLUMN host TEXT NOT NULL DEFAULT 'here'"});
  steps.push_back({last + 2,
                   "CREATE TABLE host (name TEXT PRIMARY KEY) STRICT;"
                   "INSERT INTO host SELECT DISTINCT host FROM campaign;"});
  return steps;
}

class SchemaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> Opened(const std::string& name) {
    absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
        SqliteDatabase::Open(folder_.Path(name), SqliteDatabase::Access::kWrite, absl::Seconds(10));
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }
  // The whole schema as text.
  std::string Dump(const std::string& name) {
    return RunSql(folder_.Path(name),
                  "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema "
                  "WHERE sql IS NOT NULL ORDER BY type, name)");
  }

  TemporaryFolder folder_;
};

TEST_F(SchemaTest, StepsCountFromOneWithoutGaps) {
  int version = 0;
  for (const SchemaStep& step : SqliteSchemaSteps()) EXPECT_EQ(step.version, ++version);
}

// Every released version must stay readable: a migration keeps its data and gives the schema of a new file.
TEST_F(SchemaTest, MigratesEveryEarlierVersionAndKeepsItsData) {
  const std::vector<SchemaStep> steps = WithLaterSteps();
  ASSERT_TRUE(MigrateSchema(Opened("fresh").get(), steps).ok());
  for (size_t earlier = 1; earlier <= steps.size(); ++earlier) {
    const std::string name = absl::StrCat("version", earlier);
    const std::unique_ptr<Database> database = Opened(name);
    ASSERT_TRUE(MigrateSchema(database.get(), absl::MakeConstSpan(steps.data(), earlier)).ok());
    ASSERT_TRUE(
        database
            ->Execute("INSERT INTO campaign (id, label, plan, started_us, ended_us, status, "
                      "status_reason, record) VALUES ('a', 'l', 'p', 1, 2, 3, 'r', x'00')")
            .ok());
    const absl::Status migrated = MigrateSchema(database.get(), steps);
    ASSERT_TRUE(migrated.ok()) << migrated;
    EXPECT_EQ(*database->SchemaVersion(), steps.back().version);
    EXPECT_EQ(Dump(name), Dump("fresh")) << "from version " << earlier;
    EXPECT_EQ(RunSql(folder_.Path(name), "SELECT label || host FROM campaign WHERE id = 'a'"),
              "lhere");
    EXPECT_EQ(RunSql(folder_.Path(name), "PRAGMA integrity_check"), "ok");
  }
}

// The view `gates` has one name for each gate.
TEST_F(SchemaTest, RenamesAGateOfOlderStores) {
  const std::unique_ptr<Database> database = Opened("f");
  ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps().first(4)).ok());
  ASSERT_TRUE(
      database
          ->Execute(
              "INSERT INTO campaign (id, label, plan, started_us, ended_us, status, status_reason, "
              "record) VALUES ('a', 'l', 'p', 1, 2, 3, 'r', x'00');"
              "INSERT INTO execution (id, campaign_id, target, workload, mode, connections, "
              "rate_per_s, profiled, block, position, attempt, status, failure, started_us, "
              "analysis_version, record) "
              "VALUES ('e', 'a', 't', 'w', 'closed', 1, 0, 0, 0, 0, 0, 1, '', 1, 1, x'00');"
              "INSERT INTO gate (execution, ordinal, name, limit_value, unit, verdict, subject, "
              "advice, analysis_version) VALUES (1, 0, 'errors', 0, 'share', 1, 's', 'a', 1), "
              "(1, 1, 'wrong_answers', 0, 'share', 3, 's', 'a', 1)")
          .ok());
  ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps()).ok());
  EXPECT_EQ(RunSql(folder_.Path("f"), "SELECT group_concat(name || ' ' || verdict) FROM gates"),
            "errors pass,wrong_responses invalid");
}

TEST_F(SchemaTest, FailedStepKeepsTheOldVersion) {
  const std::unique_ptr<Database> database = Opened("f");
  ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps()).ok());
  const std::string before = Dump("f");
  std::vector<SchemaStep> steps = WithLaterSteps();
  steps.push_back({steps.back().version + 1, "CREATE TABLE half (x); NO SUCH STATEMENT;"});
  EXPECT_FALSE(MigrateSchema(database.get(), steps).ok());
  EXPECT_EQ(Dump("f"), before);
  EXPECT_EQ(*database->SchemaVersion(), SqliteSchemaSteps().back().version);
}

TEST_F(SchemaTest, MigratingTwiceChangesNothing) {
  const std::unique_ptr<Database> database = Opened("f");
  ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps()).ok());
  const std::string before = Dump("f");
  ASSERT_TRUE(MigrateSchema(database.get(), SqliteSchemaSteps()).ok());
  EXPECT_EQ(Dump("f"), before);
}

TEST_F(SchemaTest, DoesNotChangeANewerVersion) {
  const std::unique_ptr<Database> database = Opened("f");
  ASSERT_TRUE(MigrateSchema(database.get(), WithLaterSteps()).ok());
  const absl::Status status = MigrateSchema(database.get(), SqliteSchemaSteps());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("was written by a newer version of Assay (schema ",
                                     WithLaterSteps().back().version, ", this version supports ",
                                     SqliteSchemaSteps().back().version, ")")));
}

}  // namespace
}  // namespace assay::controller
