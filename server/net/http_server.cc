#include "server/net/http_server.h"

#include <algorithm>
#include <latch>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/cpu_set.h"
#include "common/status_macros.h"
#include "server/net/listening_socket.h"
#include "server/net/worker.h"

namespace assay::server {
namespace {

absl::Status CheckCpus(const CpuSet& cpus) {
  ASSAY_ASSIGN_OR_RETURN(const CpuSet allowed, CpuSet::AllowedForThisProcess());
  if (allowed.Includes(cpus)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("cannot pin to the CPUs \"", cpus.ToString(),
                                                    "\": this process may use \"",
                                                    allowed.ToString(), "\""));
}

absl::Status PinWorker(const CpuSet& cpus, int index) {
  if (cpus.empty()) return absl::OkStatus();
  const std::vector<int> list = cpus.cpus();
  CpuSet one;
  one.Add(list[static_cast<size_t>(index) % list.size()]);
  return one.PinThisThread();
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Create(ServerOptions options,
                                                               HttpHandlerFactory handlers) {
  ASSAY_RETURN_IF_ERROR(CheckCpus(options.cpus));
  ASSAY_ASSIGN_OR_RETURN(
      std::vector<ListeningSocket> sockets,
      ListeningSocket::Open(options.listen, options.threads,
                            {.backlog = options.backlog, .tcp_nodelay = options.tcp_nodelay}));
  HttpLimits& limits = options.limits;
  // Threads share nothing.
  limits.max_memory = std::max(limits.max_memory / static_cast<size_t>(options.threads),
                               limits.max_head + limits.max_body);
  std::string address = sockets.front().address();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(options), std::move(handlers),
                                                    std::move(sockets), std::move(address)));
}

HttpServer::HttpServer(ServerOptions options, HttpHandlerFactory handlers,
                       std::vector<ListeningSocket> sockets, std::string address)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      sockets_(std::move(sockets)),
      address_(std::move(address)) {}

HttpServer::~HttpServer() = default;

absl::Status HttpServer::Run(int stop_fd) {
  const int threads = options_.threads;
  std::vector<absl::Status> ready(static_cast<size_t>(threads));
  // No thread serves before all threads can.
  std::latch all_ready(threads);
  const auto serve = [&](int index) {
    const auto i = static_cast<size_t>(index);
    std::unique_ptr<Worker> worker;
    ready[i] = [&]() -> absl::Status {
      ASSAY_RETURN_IF_ERROR(PinWorker(options_.cpus, index));
      ASSAY_ASSIGN_OR_RETURN(
          worker, Worker::Create(options_, handlers_(), std::move(sockets_[i]), stop_fd));
      return absl::OkStatus();
    }();
    all_ready.arrive_and_wait();
    for (const absl::Status& status : ready) {
      if (!status.ok()) return;
    }
    worker->Run();
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(serve, i);
  serve(0);
  for (std::thread& other : others) other.join();
  for (const absl::Status& status : ready) ASSAY_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

}  // namespace assay::server
