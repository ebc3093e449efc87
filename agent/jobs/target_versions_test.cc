#include "agent/jobs/target_versions.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/status/statusor.h"
#include "agent/catalogue/catalogue.h"
#include "common/utf8.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

// What is kept of a version command that prints this.
std::string VersionOf(const std::string& name, const std::string& output) {
  const std::string folder = testing::TempDir() + "/" + name;
  mkdir(folder.c_str(), 0755);
  std::ofstream(folder + "/output") << output;
  std::ofstream(folder + "/server") << "#!/bin/sh\ncat '" << folder << "/output'\n";
  chmod((folder + "/server").c_str(), 0755);
  const absl::StatusOr<Catalogue> catalogue = Catalogue::Parse(
      "targets { name: 'mine' argv: './server' version_argv: './server' }", "c", folder);
  EXPECT_TRUE(catalogue.ok()) << catalogue.status();
  return TargetVersions().Of(*catalogue, catalogue->targets()[0]);
}

TEST(TargetVersionsTest, TheFirstLineThatIsNotEmptyCounts) {
  EXPECT_EQ(VersionOf("plain", "\n mine 1.2 \nmore\n"), "mine 1.2");
}

// Half a letter would make all that the agent says of itself unreadable.
TEST(TargetVersionsTest, ALongLineIsNotCutWithinALetter) {
  const std::string version = VersionOf("long", std::string(199, 'x') + "\xc3\xa9t\xc3\xa9\n");
  EXPECT_EQ(version, std::string(199, 'x'));
}

TEST(TargetVersionsTest, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(VersionOf("raw", "caf\xe9 1.2\n"), "caf\xef\xbf\xbd 1.2");
  EXPECT_TRUE(IsUtf8(VersionOf("all", std::string(300, '\xff') + "\n")));
}

}  // namespace
}  // namespace assay::agent
