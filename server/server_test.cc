// The program `server`: its command line, its signals, and common HTTP clients.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/runfiles.h"
#include "common/testing/wait_until.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "server/net/test_client.h"

extern char** environ;

namespace assay::server {
namespace {

const std::string kGet = "GET /plaintext HTTP/1.1\r\nHost: h\r\n\r\n";

std::string ServerProgram() {
  const auto file = AssayFile("server/server");
  return file.ok() ? *file : "server/server is missing";
}

// A running program with both outputs in one pipe. The destructor kills it.
class Program {
 public:
  // Passes `command` to a shell, which executes it in its own place.
  explicit Program(const std::string& command) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    output_ = UniqueFd(ends[0]);
    const UniqueFd write_end(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDERR_FILENO);
    std::string text = "exec " + command;
    char shell[] = "sh";
    char flag[] = "-c";
    char* argv[] = {shell, flag, text.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, "/bin/sh", &actions, nullptr, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Program() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  // The caller waits for the process.
  pid_t Release() { return std::exchange(pid_, -1); }

  // The next line of output; empty at the end of the output.
  std::string ReadLine() {
    std::string line;
    char c;
    while (read(output_.get(), &c, 1) == 1 && c != '\n') line.push_back(c);
    return line;
  }
  std::string ReadAll() {
    std::string all;
    char bytes[4096];
    ssize_t size;
    while ((size = read(output_.get(), bytes, sizeof(bytes))) > 0) {
      all.append(bytes, static_cast<size_t>(size));
    }
    return all;
  }
  // Waits for the process to end. Returns its exit status, or -1 if a signal ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int Stop(int signal) {
    kill(pid_, signal);
    return Wait();
  }

 private:
  pid_t pid_ = -1;
  UniqueFd output_;
};

struct Result {
  int exit_status;
  std::string output;
};

Result Execute(const std::string& command) {
  Program program(command);
  Result result;
  result.output = program.ReadAll();
  result.exit_status = program.Wait();
  return result;
}

Result ExecuteServer(const std::string& flags) { return Execute(ServerProgram() + " " + flags); }

// A server on its own port.
class RunningServer {
 public:
  explicit RunningServer(const std::string& flags = "", const std::string& before = "")
      : program_(absl::StrCat(before, ServerProgram(), " --listen=127.0.0.1:0 ", flags)) {
    const std::string line = program_.ReadLine();
    constexpr std::string_view kPrefix = "listening on ";
    EXPECT_TRUE(line.starts_with(kPrefix)) << line;
    address_ = line.size() > kPrefix.size() ? line.substr(kPrefix.size()) : "127.0.0.1:1";
  }

  const std::string& address() const { return address_; }
  Program& program() { return program_; }

  long RssKib() const { return Field("VmRSS:"); }

  // CPU time so far, in seconds.
  double CpuSeconds() const {
    std::ifstream stat(absl::StrCat("/proc/", program_.pid(), "/stat"));
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    const std::vector<std::string> fields =
        absl::StrSplit(text.substr(text.rfind(')') + 2), absl::ByAnyChar(" "));
    return static_cast<double>(std::stol(fields[11]) + std::stol(fields[12])) /
           static_cast<double>(sysconf(_SC_CLK_TCK));
  }

 private:
  long Field(const std::string& name) const {
    std::ifstream status(absl::StrCat("/proc/", program_.pid(), "/status"));
    std::string word;
    while (status >> word) {
      long value = 0;
      if (word == name && status >> value) return value;
    }
    return -1;
  }

  Program program_;
  std::string address_;
};

bool HasProgram(const char* name) {
  return Execute(absl::StrCat("sh -c 'command -v ", name, " >/dev/null'")).exit_status == 0;
}

TEST(ServerTest, StopsOnSigtermAndOnSigintWithStatusZero) {
  for (const int signal : {SIGTERM, SIGINT}) {
    RunningServer server("--threads=2");
    TestClient client(server.address());
    client.Send(kGet);
    EXPECT_EQ(BodyOf(client.ReceiveResponse()), "Hello, World!");
    EXPECT_EQ(server.program().Stop(signal), 0);
    client.ReceiveAll();
    EXPECT_EQ(client.end(), TestClient::End::kClosed);
  }
}

// The 60 requests take a minute, and one takes longer than this server may take to stop.
TEST(ServerTest, StopsInTimeDuringLongRequests) {
  const std::string long_request = "GET /cpu?n=10000000 HTTP/1.1\r\nHost: h\r\n\r\n";
  RunningServer server("--stop-timeout=100ms");
  TestClient client(server.address());
  std::string requests;
  for (int i = 0; i < 60; ++i) requests += long_request;
  // Measured in CPU time, which does not depend on the load of the machine.
  client.Send(requests);
  ASSERT_TRUE(WaitUntil([&] { return server.CpuSeconds() >= 0.1; }));
  const absl::Time begin = absl::Now();
  const double before = server.CpuSeconds();
  kill(server.program().pid(), SIGTERM);
  // The server's one thread went on working if this one stalled between the reading and the signal.
  const double until_signal = absl::ToDoubleSeconds(absl::Now() - begin);
  int status = 0;
  rusage usage = {};
  ASSERT_GT(wait4(server.program().Release(), &status, 0, &usage), 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const double used = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  EXPECT_LT(used - before - until_signal, 0.4);
}

// The server serves other clients while one client's requests are pending.
TEST(ServerTest, ServesOthersBetweenPipelinedLongRequests) {
  RunningServer server("--stop-timeout=100ms");
  TestClient greedy(server.address());
  std::string requests;
  for (int i = 0; i < 60; ++i) requests += "GET /cpu?n=2000000 HTTP/1.1\r\nHost: h\r\n\r\n";
  greedy.Send(requests);
  ASSERT_TRUE(WaitUntil([&] { return server.CpuSeconds() >= 0.05; }));
  TestClient modest(server.address());
  modest.Send(kGet);
  EXPECT_EQ(BodyOf(modest.ReceiveResponse()), "Hello, World!");
  const double first = server.CpuSeconds();
  EXPECT_EQ(StatusOf(greedy.ReceiveResponse()), 200);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(StatusOf(greedy.ReceiveResponse()), 200);
  EXPECT_LT(first, server.CpuSeconds()) << "all requests of the other client were served first";
}

TEST(ServerTest, NamesAPortInUseWithStatusOne) {
  RunningServer server;
  const Result result = ExecuteServer("--listen=" + server.address());
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_NE(result.output.find(server.address()), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("Address already in use"), std::string::npos) << result.output;
}

TEST(ServerTest, ReportsBadUsageWithStatusTwo) {
  for (const char* flags :
       {"--listn=127.0.0.1:0", "--listen=nowhere", "--threads=0", "--threads=x", "--cpu=a",
        "--idle-timeout=5", "--idle-timeout=-5s", "--max-head=1", "--backlog=0", "surplus"}) {
    const Result result = ExecuteServer(flags);
    EXPECT_EQ(result.exit_status, 2) << flags << "\n" << result.output;
    EXPECT_NE(result.output.find("server: "), std::string::npos) << result.output;
  }
}

TEST(ServerTest, NamesAMissingCpuWithStatusOne) {
  const Result result = ExecuteServer("--listen=127.0.0.1:0 --cpu=8000");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_NE(result.output.find("8000"), std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("listening"), std::string::npos) << result.output;
}

TEST(ServerTest, HelpShowsAnExample) {
  const Result result = ExecuteServer("--help");
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_NE(result.output.find("server --listen=127.0.0.1:9000 --cpu=0"), std::string::npos);
}

TEST(ServerTest, AppliesTheLimitsOfTheFlags) {
  RunningServer server("--max-head=300 --max-body=10 --keep-alive-requests=2");
  {
    TestClient client(server.address());
    client.Send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(400, 'x') + "\r\n\r\n");
    EXPECT_EQ(StatusOf(client.ReceiveAll()), 431);
  }
  {
    TestClient client(server.address());
    client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n12345678901");
    EXPECT_EQ(StatusOf(client.ReceiveAll()), 413);
  }
  TestClient client(server.address());
  client.Send(kGet + kGet + kGet);
  client.ReceiveResponse();
  EXPECT_NE(client.ReceiveResponse().find("Connection: close"), std::string::npos);
  EXPECT_EQ(client.ReceiveAll(), "");
}

TEST(ServerTest, BurnsTheGivenTimeInEachRequest) {
  RunningServer server("--burn-ns=3000000");
  TestClient client(server.address());
  const absl::Time begin = absl::Now();
  client.Send(kGet + kGet + kGet);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(StatusOf(client.ReceiveResponse()), 200);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(9));
}

TEST(ServerTest, CurlGetsItsBodyBack) {
  RunningServer server;
  const std::string url = "http://" + server.address();
  // For the largest body curl sends "Expect: 100-continue" by itself.
  for (const int size : {0, 100'000, 3'000'000}) {
    for (const char* how : {"", "-H 'Transfer-Encoding: chunked'", "-H 'Expect: 100-continue'",
                            "--http1.0", "-H 'Connection: close'", "--http2"}) {
      const Result result = Execute(absl::StrCat(
          "sh -c 'f=$(mktemp) && head -c ", size, " /dev/urandom >$f && curl -sS --fail -m 120 ",
          "--data-binary @$f ", absl::StrReplaceAll(how, {{"'", "\""}}), " ", url,
          "/echo | cmp - $f && rm $f'"));
      EXPECT_EQ(result.exit_status, 0) << size << how << result.output;
    }
  }
}

TEST(ServerTest, PythonGetsItsBodyBack) {
  RunningServer server;
  const std::string script = absl::StrCat(R"(
import http.client, os
c = http.client.HTTPConnection(")",
                                          server.address(), R"(", timeout=120)
for size in (0, 1, 1000, 200000):
    body = os.urandom(size)
    pieces = [body[i:i + 7001] for i in range(0, size, 7001)]
    for sent in (body, iter(pieces)):
        chunked = sent is not body
        c.request("POST", "/echo", sent, {"Content-Type": "x/y"}, encode_chunked=chunked)
        r = c.getresponse()
        assert r.status == 200, r.status
        assert r.headers["Content-Type"] == "x/y", r.headers
        assert r.read() == body
c.request("HEAD", "/json")
r = c.getresponse()
assert r.headers["Content-Length"] == "27" and r.read() == b""
print("all well")
)");
  const std::string file = std::string(::testing::TempDir()) + "/client.py";
  std::ofstream(file) << script;
  EXPECT_EQ(Execute("python3 " + file).output, "all well\n");
}

TEST(ServerTest, NodeGetsItsBodyBack) {
  if (!HasProgram("node")) GTEST_SKIP() << "node is not installed";
  RunningServer server;
  const std::string script = absl::StrCat(R"(
const request = require('http').request('http://)",
                                          server.address(), R"(/echo', {method: 'POST'}, r => {
  let all = '';
  r.on('data', d => all += d);
  r.on('end', () => console.log(r.statusCode, all.length, all === 'xy'.repeat(50000)));
});
for (let i = 0; i < 50; ++i) request.write('xy'.repeat(1000));
request.end();
)");
  const std::string file = std::string(::testing::TempDir()) + "/client.js";
  std::ofstream(file) << script;
  EXPECT_EQ(Execute("node " + file).output, "200 100000 true\n");
}

// accept() fails for each pending connection: a loop that merely continues would use a whole CPU.
TEST(ServerTest, PausesWhenOutOfDescriptors) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP()
      << "UBSan, which runs in the same build, checks memory through a pipe, and there is no "
         "descriptor for one";
#endif
  RunningServer server("", "sh -c 'ulimit -n 64; exec \"$0\" \"$@\"' ");
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 80; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.address()));
    ASSERT_TRUE(clients.back()->connected());
    clients.back()->Send(kGet);
  }
  EXPECT_EQ(StatusOf(clients.front()->ReceiveResponse()), 200);
  EXPECT_NE(server.program().ReadLine().find("Too many open files"), std::string::npos);
  const double before = server.CpuSeconds();
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_LT(server.CpuSeconds() - before, 0.2);
  // The server accepts the waiting clients as soon as others disconnect.
  std::unique_ptr<TestClient> last = std::move(clients.back());
  clients.clear();
  EXPECT_EQ(StatusOf(last->ReceiveResponse()), 200);
}

// The soft limit of a shell is often too low for a load test.
TEST(ServerTest, RaisesItsDescriptorLimitToTheMaximum) {
  RunningServer server("", "sh -c 'ulimit -S -n 64; exec \"$0\" \"$@\"' ");
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.address()));
    clients.back()->Send(kGet);
    ASSERT_EQ(StatusOf(clients.back()->ReceiveResponse()), 200) << i;
  }
}

TEST(ServerTest, IdleConnectionsCostLittleMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps freed memory and surrounds every allocation with a zone";
#endif
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const int count = 2000;
  if (limit.rlim_max < count + 100) GTEST_SKIP() << "too few descriptors allowed";
  RunningServer server;
  std::vector<std::unique_ptr<TestClient>> clients;
  TestClient first(server.address());
  first.Send(kGet);
  EXPECT_EQ(StatusOf(first.ReceiveResponse()), 200);
  const long before = server.RssKib();
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.address()));
    clients.back()->Send(kGet);
    ASSERT_EQ(StatusOf(clients.back()->ReceiveResponse()), 200);
  }
  EXPECT_LT(server.RssKib() - before, count) << "more than 1 KiB per connection";
}

}  // namespace
}  // namespace assay::server
