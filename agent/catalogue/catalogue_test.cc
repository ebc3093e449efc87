#include "agent/catalogue/catalogue.h"

#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/catalogue/placeholders.h"
#include "common/cpu_set.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"
#include "proto/catalogue.pb.h"

namespace assay::agent {
namespace {

// A folder with an executable "server", for a catalogue to find.
std::string FolderWithServer() {
  const std::string folder = testing::TempDir() + "/catalogue";
  mkdir(folder.c_str(), 0755);
  std::ofstream(folder + "/server") << "#!/bin/sh\n";
  chmod((folder + "/server").c_str(), 0755);
  return folder;
}

Catalogue Parsed(const std::string& text) {
  absl::StatusOr<Catalogue> catalogue = Catalogue::Parse(text, "c.textproto", FolderWithServer());
  EXPECT_TRUE(catalogue.ok()) << catalogue.status();
  return *std::move(catalogue);
}

std::string Complaint(const std::string& text) {
  const absl::StatusOr<Catalogue> catalogue =
      Catalogue::Parse(text, "c.textproto", FolderWithServer());
  EXPECT_EQ(catalogue.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(catalogue.status().message());
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TargetSite Site() {
  TargetSite site;
  site.port = 9000;
  site.cpus = *CpuSet::Parse("0-1,3");
  site.directory = "/private";
  return site;
}

constexpr char kServer[] = R"pb(
  targets {
    name: "mine"
    argv: "./server"
    argv: "--listen={address}"
    argv: "{cpus}/{cpu_count}"
    argv: "{option.mode}"
    environment { key: "PORT" value: "{port}" }
    options { name: "mode" default_value: "fast" pattern: "fast|safe" }
    options { name: "threads" argv: "--threads={option.threads}" }
    files { path: "etc/server.conf" content: "server { dir {dir}; {option.mode} }" }
    stop_signal: "SIGQUIT"
    stop_timeout_s: 1.5
  }
)pb";

TEST(PlaceholdersTest, KeepsBracesAroundOtherText) {
  EXPECT_EQ(ReplacePlaceholders("http { a{port}b {\"x\":1} {2} {} {unknown} {", {{"port", "1"}}),
            "http { a1b {\"x\":1} {2} {} {unknown} {");
  EXPECT_EQ(Placeholders("{a}{b.c} { d } {E} {f"), (std::vector<std::string>{"a", "b.c"}));
}

// Otherwise a value could inject another value.
TEST(PlaceholdersTest, ValuesAreNotReplacedAgain) {
  EXPECT_EQ(ReplacePlaceholders("{a}", {{"a", "{b}"}, {"b", "no"}}), "{b}");
}

TEST(CatalogueTest, ResolvesPlaceholdersEverywhere) {
  const Catalogue catalogue = Parsed(kServer);
  const auto resolved = catalogue.Resolve(**catalogue.Find("mine"), Site(), {});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->argv,
            (std::vector<std::string>{FolderWithServer() + "/./server", "--listen=127.0.0.1:9000",
                                      "0-1,3/3", "fast"}));
  EXPECT_EQ(resolved->environment.at("PORT"), "9000");
  EXPECT_EQ(resolved->environment.at("LANG"), "C.UTF-8");
  ASSERT_EQ(resolved->files.size(), 1u);
  EXPECT_EQ(resolved->files[0].path, "/private/etc/server.conf");
  EXPECT_EQ(resolved->files[0].content, "server { dir /private; fast }");
  EXPECT_EQ(resolved->ready_path, "/healthz");
  EXPECT_EQ(resolved->ready_timeout, absl::Seconds(10));
  EXPECT_EQ(resolved->stop_signal, SIGQUIT);
  EXPECT_EQ(resolved->stop_timeout, absl::Seconds(1.5));
}

TEST(CatalogueTest, AnIpv6HostIsBracketedInAnAddress) {
  const Catalogue catalogue = Parsed(kServer);
  TargetSite site = Site();
  site.host = "::1";
  EXPECT_EQ(catalogue.Resolve(**catalogue.Find("mine"), site, {})->argv[1], "--listen=[::1]:9000");
}

// The argument of an unset option must not appear, because the server's own default may differ from every value.
TEST(CatalogueTest, AnOptionsArgumentsAppearOnlyWhenItIsSet) {
  const Catalogue catalogue = Parsed(kServer);
  const CatalogueTarget& target = **catalogue.Find("mine");
  EXPECT_EQ(catalogue.Resolve(target, Site(), {})->argv.size(), 4u);
  const auto resolved = catalogue.Resolve(target, Site(), {{"threads", "4"}, {"mode", "safe"}});
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(resolved->argv[3], "safe");
  EXPECT_EQ(resolved->argv[4], "--threads=4");
}

TEST(CatalogueTest, AnUnknownOptionErrorListsTheOptions) {
  const Catalogue catalogue = Parsed(kServer);
  const auto resolved = catalogue.Resolve(**catalogue.Find("mine"), Site(), {{"thread", "4"}});
  EXPECT_EQ(resolved.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_HAS(std::string(resolved.status().message()), "\"thread\"");
  EXPECT_HAS(std::string(resolved.status().message()), "it has mode, threads");
}

TEST(CatalogueTest, AValueMustMatchItsPatternAsAWhole) {
  const Catalogue catalogue = Parsed(kServer);
  const CatalogueTarget& target = **catalogue.Find("mine");
  for (const char* value : {"", "4x", "-1", "4\n", "4;evil"}) {
    const auto resolved = catalogue.Resolve(target, Site(), {{"threads", value}});
    EXPECT_EQ(resolved.status().code(), absl::StatusCode::kInvalidArgument) << value;
    EXPECT_HAS(std::string(resolved.status().message()), "[0-9]+");
  }
}

TEST(CatalogueTest, AMissingTargetIsNotInstalledAndSaysWhatToDo) {
  const Catalogue catalogue = Parsed(
      "targets { name: 'a' argv: 'no-such-program-of-assay' install: 'apt-get install a' }"
      "targets { name: 'b' argv: './absent' }");
  const auto a = catalogue.Resolve(**catalogue.Find("a"), Site(), {});
  EXPECT_EQ(a.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_HAS(std::string(a.status().message()), "no-such-program-of-assay is not in ");
  EXPECT_HAS(std::string(a.status().message()), "to install it: apt-get install a");
  EXPECT_FALSE(catalogue.Installed(**catalogue.Find("b")));
}

// A folder or a file that is not executable is not a program.
TEST(CatalogueTest, AProgramIsAnExecutableFile) {
  std::ofstream(FolderWithServer() + "/plain") << "text";
  const Catalogue catalogue = Parsed(
      "targets { name: 'file' argv: './plain' } targets { name: 'folder' argv: '/usr/' }"
      "targets { name: 'path' argv: 'sh' version_argv: 'sh' version_argv: '{catalogue}/x' }");
  EXPECT_FALSE(catalogue.Installed(**catalogue.Find("file")));
  EXPECT_FALSE(catalogue.Installed(**catalogue.Find("folder")));
  EXPECT_EQ(catalogue.Program(**catalogue.Find("path"))->front(), '/');
  const std::vector<std::string> version = catalogue.VersionArgv(**catalogue.Find("path"));
  ASSERT_EQ(version.size(), 2u);
  EXPECT_EQ(version[0], *catalogue.Program(**catalogue.Find("path")));
  EXPECT_EQ(version[1], FolderWithServer() + "/x");
}

TEST(CatalogueTest, AnUnknownTargetErrorListsTheTargets) {
  const Catalogue catalogue =
      Parsed("targets { name: 'a' argv: 'x' } targets { name: 'b' argv: 'x' }");
  const auto found = catalogue.Find("c");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_HAS(std::string(found.status().message()), "it has a, b");
}

TEST(CatalogueTest, MistakesNameTheirPlace) {
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' }\ntargets {\n  name: 'a' argv: 'x' }"),
             "c.textproto:3:3: target \"a\": the catalogue already has an entry of this name");
  EXPECT_HAS(Complaint("targets { name: 'a b' argv: 'x' }"), "a name consists of");
  EXPECT_HAS(Complaint("targets { argv: 'x' }"), "c.textproto:1:1: a target: name is missing");
  EXPECT_HAS(Complaint("targets { name: 'a' }"), "argv is missing");
  EXPECT_HAS(Complaint("targets {\n name: 'a'\n argv: 'x'\n argv: '{prot}' }"),
             "c.textproto:4:2: target \"a\": {prot} is not known; known are {address}");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: '{dir}/x' }"),
             "may contain only the placeholder {catalogue}");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' argv: '{option.n}' options { name: 'n' } }"),
             "no default_value");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' options { name: 'n' } }"), "has no effect");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' options { name: 'N' argv: '-n' } }"),
             "an option's name consists of");
  EXPECT_HAS(
      Complaint("targets { name: 'a' argv: 'x' options { name: 'n' argv: 'a' pattern: '(' } }"),
      "not a regular expression");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' options { name: 'n' argv: 'a' "
                       "default_value: 'z' } }"),
             "does not accept \"z\"");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' ready_timeout_s: -1 }"), "ready_timeout_s");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' stop_timeout_s: nan }"), "stop_timeout_s");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' stop_signal: 'SIGFOO' }"), "SIGFOO");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' version_argv: '{port}' }"),
             "only {catalogue}");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' files { path: '../evil' } }"), "stay inside");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' files { path: '/etc/evil' } }"),
             "stay inside");
  EXPECT_HAS(
      Complaint("targets { name: 'a' argv: 'x' not_served { request: 'GET /jsn' reason: 'r' } }"),
      "its requests are GET /plaintext, ");
  EXPECT_HAS(Complaint("targets { name: 'a' argv: 'x' environment { key: 'A=B' value: '' } }"),
             "A=B");
}

TEST(CatalogueTest, AMissingFileIsNotFound) {
  EXPECT_EQ(Catalogue::Load("/nonexistent/c.textproto").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(CatalogueTest, AnEndpointThatIsNotServedHasAReason) {
  CatalogueTarget target;
  auto* entry = target.add_not_served();
  entry->set_request("GET /cpu");
  entry->set_reason("because");
  EXPECT_EQ(NotServedReason(target, "GET", "/cpu?n=5"), "because");
  EXPECT_EQ(NotServedReason(target, "POST", "/cpu"), std::nullopt);
}

// Assay's own catalogue, as users get it.
TEST(CatalogueTest, AssaysOwnCatalogueLoadsAndResolves) {
  const auto path = AssayFile("targets/catalogue.textproto");
  ASSERT_TRUE(path.ok()) << path.status();
  const auto catalogue = Catalogue::Load(*path);
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  for (const char* name : {"epoll", "libmicrohttpd", "hyper", "nginx"}) {
    const auto target = catalogue->Find(name);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_FALSE((*target)->install().empty());
    const auto resolved = catalogue->Resolve(**target, Site(), {{"threads", "2"}});
    EXPECT_TRUE(resolved.ok() || absl::IsFailedPrecondition(resolved.status()))
        << resolved.status();
  }
}

// A comparison sets an option once for all targets.
TEST(CatalogueTest, OptionsOfOneNameAcceptTheSameValuesInEveryEntry) {
  const auto catalogue = Catalogue::Load(*AssayFile("targets/catalogue.textproto"));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  std::map<std::string, std::string> patterns;
  for (const CatalogueTarget& target : catalogue->targets()) {
    for (const auto& option : target.options()) {
      const auto known = patterns.emplace(option.name(), option.pattern()).first;
      EXPECT_EQ(known->second, option.pattern()) << target.name() << " " << option.name();
    }
  }
  EXPECT_EQ(patterns.count("threads"), 1u);
}

// Users wrote catalogues for earlier versions.
TEST(CatalogueTest, ReadsTheFormerNameOfAField) {
  const Catalogue catalogue = Parsed(
      "targets {\n name: 'a' argv: 'server'\n  static_answers : true\n}\n"
      "targets { name: 'b' argv: 'server' description: 'static_answers: true' }\n");
  EXPECT_TRUE((*catalogue.Find("a"))->static_responses());
  EXPECT_FALSE((*catalogue.Find("b"))->static_responses());
  EXPECT_EQ((*catalogue.Find("b"))->description(), "static_answers: true");
  EXPECT_HAS(
      Complaint("targets {\n name: 'a' argv: 'server'\n static_answers: true\n what: 1\n}\n"),
      "c.textproto:4:2");
}

}  // namespace
}  // namespace assay::agent
