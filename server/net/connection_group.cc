#include "server/net/connection_group.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/time/time.h"

namespace assay::server {
namespace {

// The longest average time per response at which a batch holds several.
constexpr int64_t kQuickResponseNanos = 20'000;
// Several ticks of the loop's clock.
constexpr int64_t kTurnNanos = 20'000'000;

int64_t ExactNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

ConnectionGroup::ConnectionGroup(EventLoop& loop, const HttpLimits& limits, HttpHandler handler,
                                 StopWatch* stop)
    : loop_(loop),
      stop_(stop),
      idle_ns_(absl::ToInt64Nanoseconds(limits.idle_timeout)),
      read_ns_(absl::ToInt64Nanoseconds(limits.read_timeout)),
      write_ns_(absl::ToInt64Nanoseconds(limits.write_timeout)),
      context_{.limits = limits, .handler = std::move(handler), .date = {}, .clock = loop.clock()},
      spare_(limits) {
  batch_.reserve(kBatch);
  for (size_t i = 0; i < kBatch; ++i) batch_.emplace_back();
  loop_.set_turn_listener(this);
}

ConnectionGroup::~ConnectionGroup() { loop_.set_turn_listener(nullptr); }

int ConnectionGroup::Adopt(UniqueFd socket) {
  connections_.emplace_front(*this, std::move(socket));
  if (connections_.front().Start(connections_.begin())) return 0;
  const int error = errno;
  connections_.pop_front();
  return error;
}

void ConnectionGroup::BeginStop() {
  context_.stopping = true;
  // Requests may have arrived that the loop has not reported yet.
  for (auto next = connections_.begin(); next != connections_.end();) {
    Connection& connection = *next++;
    if (connection.idle()) connection.OnEvents(0);
  }
  ServeBatch();
  for (auto next = connections_.begin(); next != connections_.end();) {
    Connection& connection = *next++;
    connection.CloseIfIdle();
  }
}

void ConnectionGroup::AddToBatch(Connection& connection, bool more) {
  Exchange& exchange = batch_[batch_size_++];
  exchange.connection = &connection;
  exchange.more = more;
  if (batch_size_ >= batch_limit_) ServeBatch();
}

void ConnectionGroup::ServeBatch() {
  const size_t count = std::exchange(batch_size_, 0);
  if (count == 0) return;
  // A batch of one is not timed: it only shows that a longer one may be tried.
  const bool timed = count > 1 || batch_limit_ == 1;
  const int64_t begin_ns = timed ? ExactNanos() : 0;
  context_.turn_ends_ns = loop_.now_ns() + kTurnNanos;
  for (size_t i = 0; i < count; ++i) {
    Exchange& exchange = batch_[i];
    if (IsTooLate()) {
      exchange.connection = nullptr;
      exchange.received.Clear();
      continue;
    }
    exchange.connection->Respond(exchange);
    if (context_.TurnIsOver()) LookForStop();
    if (exchange.connection == nullptr) continue;
    // Deliver now: the next call of the handler may change the borrowed body, and the next request needs the parser.
    if (!exchange.batch.borrowed.empty() || !spare_.bytes.empty()) Deliver(exchange);
  }
  if (timed) FitBatch((ExactNanos() - begin_ns) / static_cast<int64_t>(count));
  loop_.ReadClock();
  for (size_t i = 0; i < count; ++i) {
    if (batch_[i].connection != nullptr) Deliver(batch_[i]);
  }
}

bool ConnectionGroup::IsTooLate() {
  return context_.stopping && stop_ != nullptr && loop_.clock()() >= stop_->deadline_ns();
}

void ConnectionGroup::LookForStop() {
  if (stop_ == nullptr || context_.stopping) return;
  loop_.ReadClock();
  context_.stopping = stop_->Look(loop_.now_ns());
}

void ConnectionGroup::Deliver(Exchange& exchange) {
  Connection& connection = *std::exchange(exchange.connection, nullptr);
  connection.Deliver(exchange);
}

void ConnectionGroup::FitBatch(int64_t each_ns) {
  batch_limit_ = each_ns > kQuickResponseNanos ? 1 : std::min(kBatch, 2 * batch_limit_);
}

}  // namespace assay::server
