#include "server/net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "server/net/connection_group.h"

namespace assay::server {
namespace {

// The least growth of a connection's own buffer.
constexpr size_t kReceiveMore = 4 << 10;
// The most to reserve for a body of known length; a longer body grows the buffer as it arrives.
constexpr size_t kReserveBody = 1 << 20;
// How long to drop the client's remaining bytes before closing the socket. The client may read the response only after
// sending its whole request, so wait until it has been silent for the first time; the second bounds the total.
constexpr int64_t kLingerSilenceNanos = 2'000'000'000;
constexpr int64_t kLingerNanos = 30'000'000'000;
// Edge-triggered, which spares the kernel a second check of a drained socket. The cases in which a short read leaves
// something behind, end of stream and urgent data, raise an event of their own.
constexpr uint32_t kReadable = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

// The memory in use by a buffer: includes consumed bytes, which are freed with the rest, excludes merely reserved ones.
size_t Written(const ByteBuffer& buffer) { return buffer.capacity() - buffer.room(); }

}  // namespace

Exchange::Exchange() {
  received.Reserve(kReceive);
  batch.bytes.Reserve(ResponseBatch::kFull + kBorrowedBody);
}

Connection::Connection(ConnectionGroup& group, UniqueFd socket)
    : group_(group), socket_(std::move(socket)) {}

Connection::~Connection() {
  group_.held_ -= held_;
  group_.loop_.timers().Cancel(*this);
}

bool Connection::Start(std::list<Connection>::iterator self) {
  self_ = self;
  if (!group_.loop_.Watch(socket_.get(), kReadable, *this)) return false;
  SetDeadline(group_.loop_.now_ns() + group_.idle_ns_);
  return true;
}

Intake& Connection::CurrentIntake() { return partial_ != nullptr ? *partial_ : group_.spare_; }

void Connection::CloseIfIdle() {
  if (idle()) Destroy();
}

void Connection::OnEvents(uint32_t events) {
  try {
    switch (state_) {
      case State::kReading:
        Receive(events);
        return;
      case State::kSending:
        SendRest();
        return;
      case State::kLingering:
        Drain();
        return;
    }
  } catch (const std::bad_alloc&) {
    // A buffer could not grow, so this connection is neither in the batch nor destroyed.
    group_.refusal_.Clear();
    Destroy();
  }
}

void Connection::Receive(uint32_t events) {
  ByteBuffer& bytes = partial_ != nullptr ? partial_->bytes : group_.NextExchange().received;
  size_t room = Exchange::kReceive;
  if (partial_ != nullptr) {
    room = std::clamp<uint64_t>(partial_->parser.body_bytes_missing(), kReceiveMore, kReserveBody);
  }
  char* const into = bytes.Reserve(room);
  room = bytes.room();
  const ssize_t size = recv(socket_.get(), into, room, 0);
  if (size > 0) {
    bytes.Commit(static_cast<size_t>(size));
    moved_ += static_cast<uint64_t>(size);
    // A short read has drained the socket. Otherwise ask for the event again, so that other connections get their turn.
    const bool more = static_cast<size_t>(size) == room || (events & ~uint32_t{EPOLLIN}) != 0;
    return group_.AddToBatch(*this, more);
  }
  if (size == 0) return ReceiveEnd();
  if (errno != EAGAIN && errno != EINTR) Destroy();
}

void Connection::ReceiveEnd() {
  if (partial_ == nullptr) return Destroy();
  session_.RespondToEnd(group_.context_, *partial_, group_.refusal_);
  SendLast();
}

void Connection::Respond(Exchange& exchange) {
  try {
    exchange.answered_before = session_.answered();
    if (partial_ == nullptr) std::swap(group_.spare_.bytes, exchange.received);
    exchange.next = session_.Respond(group_.context_, CurrentIntake(), exchange.batch);
  } catch (const std::bad_alloc&) {
    GiveUp(exchange);
  }
}

void Connection::Deliver(Exchange& exchange) {
  try {
    Proceed(exchange);
  } catch (const std::bad_alloc&) {
    GiveUp(exchange);  // A buffer or the handler ran out, so this still exists.
  }
}

void Connection::GiveUp(Exchange& exchange) {
  exchange.connection = nullptr;
  exchange.batch.Clear();
  group_.spare_.bytes.Clear();
  group_.spare_.parser.Reset();
  group_.refusal_.Clear();
  Destroy();
}

void Connection::Proceed(Exchange& exchange) {
  Intake& intake = CurrentIntake();
  ResponseBatch& batch = exchange.batch;
  while (true) {
    const HttpSession::Next next = exchange.next;
    const Sent sent = batch.empty() ? Sent::kAll : Send(batch);
    if (sent == Sent::kPart) {
      next_ = next;
      KeepUnsent(batch);
    }
    batch.Clear();
    if (sent == Sent::kBroken || next == HttpSession::Next::kClose) {
      DropIntake(intake);
      if (sent == Sent::kBroken) return Destroy();
      if (sent == Sent::kAll) return Finish();
      if (!Account()) Reset();
      return;
    }
    if (sent == Sent::kAll && next == HttpSession::Next::kSend) {
      exchange.next = session_.Respond(group_.context_, intake, batch);
      continue;
    }
    const bool begun_before =
        partial_ != nullptr && session_.answered() == exchange.answered_before;
    KeepIntake(intake);
    if (!Account()) return sent == Sent::kPart ? Reset() : Refuse();
    if (sent == Sent::kPart) return;
    if (next == HttpSession::Next::kYield) {
      next_ = next;
      return AwaitWritable();
    }
    if (!begun_before) {
      since_ns_ = group_.loop_.now_ns();
      moved_ = 0;
    }
    if (partial_ == nullptr) {
      SetDeadline(group_.loop_.now_ns() + group_.idle_ns_);
    } else {
      SetDeadline(Deadline(group_.read_ns_, moved_));
    }
    if (exchange.more) group_.loop_.ChangeWatch(socket_.get(), kReadable, *this);
    return;
  }
}

// KeepIntake() and DropIntake() leave the group's spare intake ready for the next connection.
void Connection::KeepIntake(Intake& intake) {
  if (&intake == partial_.get()) {
    if (intake.bytes.empty()) partial_.reset();
    return;
  }
  if (intake.bytes.empty()) return;
  partial_ = std::make_unique<Intake>(group_.context_.limits);
  partial_->bytes.Append(intake.bytes.view());
  std::swap(partial_->parser, intake.parser);
  intake.bytes.Clear();
}

void Connection::DropIntake(Intake& intake) {
  if (&intake == partial_.get()) {
    partial_.reset();
    return;
  }
  intake.bytes.Clear();
  intake.parser.Reset();
}

void Connection::KeepUnsent(const ResponseBatch& batch) {
  unsent_ = std::make_unique<ByteBuffer>(batch.bytes.size() + batch.borrowed.size());
  unsent_->Append(batch.bytes.view());
  unsent_->Append(batch.borrowed);
  AwaitWritable();
}

void Connection::AwaitWritable() {
  state_ = State::kSending;
  since_ns_ = group_.loop_.now_ns();
  moved_ = 0;
  group_.loop_.ChangeWatch(socket_.get(), EPOLLOUT, *this);
  SetDeadline(Deadline(group_.write_ns_, 0));
}

Connection::Sent Connection::Send(ResponseBatch& batch) {
  ssize_t size;
  if (batch.borrowed.empty()) {
    size = send(socket_.get(), batch.bytes.data(), batch.bytes.size(), MSG_NOSIGNAL);
  } else {
    iovec pieces[] = {
        {.iov_base = batch.bytes.data(), .iov_len = batch.bytes.size()},
        {.iov_base = const_cast<char*>(batch.borrowed.data()), .iov_len = batch.borrowed.size()}};
    msghdr message = {};
    message.msg_iov = pieces;
    message.msg_iovlen = 2;
    size = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  }
  if (size < 0) return errno == EAGAIN || errno == EINTR ? Sent::kPart : Sent::kBroken;
  const auto sent = static_cast<size_t>(size);
  const size_t of_bytes = std::min(sent, batch.bytes.size());
  batch.bytes.Consume(of_bytes);
  batch.borrowed.remove_prefix(sent - of_bytes);
  return batch.empty() ? Sent::kAll : Sent::kPart;
}

void Connection::SendLast() {
  partial_.reset();
  const Sent sent = Send(group_.refusal_);
  if (sent == Sent::kPart) {
    next_ = HttpSession::Next::kClose;
    KeepUnsent(group_.refusal_);
  }
  group_.refusal_.Clear();
  if (sent == Sent::kBroken) return Destroy();
  Account();  // Only the error response may remain.
  if (sent == Sent::kAll) Finish();
}

void Connection::Refuse() {
  session_.RespondNoMemory(group_.context_, *partial_, group_.refusal_);
  SendLast();
}

void Connection::Reset() {
  // Discards the bytes that the system holds for a client that does not read them.
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  Destroy();
}

bool Connection::Account() {
  const size_t before = held_;
  held_ = (partial_ == nullptr ? 0 : Written(partial_->bytes)) +
          (unsent_ == nullptr ? 0 : Written(*unsent_));
  group_.held_ += held_ - before;  // The difference may wrap around.
  return held_ <= before || group_.held_ <= group_.context_.limits.max_memory;
}

void Connection::SendRest() {
  if (unsent_ != nullptr) {
    const ssize_t size = send(socket_.get(), unsent_->data(), unsent_->size(), MSG_NOSIGNAL);
    if (size < 0) {
      if (errno != EAGAIN && errno != EINTR) Destroy();
      return;
    }
    unsent_->Consume(static_cast<size_t>(size));
    moved_ += static_cast<uint64_t>(size);
    if (unsent_->empty()) unsent_.reset();
    Account();
    if (unsent_ != nullptr) return SetDeadline(Deadline(group_.write_ns_, moved_));
  }
  if (next_ == HttpSession::Next::kClose) return Finish();
  state_ = State::kReading;
  // Reports what has arrived meanwhile.
  group_.loop_.ChangeWatch(socket_.get(), kReadable, *this);
  since_ns_ = group_.loop_.now_ns();
  moved_ = 0;
  if (partial_ != nullptr) return group_.AddToBatch(*this, /*more=*/false);
  if (group_.context_.stopping) return Destroy();
  SetDeadline(group_.loop_.now_ns() + group_.idle_ns_);
}

void Connection::Finish() {
  partial_.reset();
  Account();
  shutdown(socket_.get(), SHUT_WR);
  state_ = State::kLingering;
  group_.loop_.ChangeWatch(socket_.get(), EPOLLIN, *this);
  since_ns_ = group_.loop_.now_ns();
  SetDeadline(since_ns_ + kLingerSilenceNanos);
}

void Connection::Drain() {
  char* const into = group_.NextExchange().received.Reserve(Exchange::kReceive);
  const ssize_t size = recv(socket_.get(), into, Exchange::kReceive, 0);
  if (size > 0) {
    SetDeadline(std::min(group_.loop_.now_ns() + kLingerSilenceNanos, since_ns_ + kLingerNanos));
    return;
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  Destroy();
}

void Connection::OnDeadline(int64_t) {
  if (state_ == State::kReading && partial_ != nullptr) {
    session_.RespondToTimeout(group_.context_, *partial_, group_.refusal_);
    SendLast();
    return;
  }
  if (state_ == State::kSending) {
    Reset();
  } else {
    Destroy();
  }
}

void Connection::Destroy() { group_.connections_.erase(self_); }

int64_t Connection::Deadline(int64_t timeout_ns, uint64_t bytes) const {
  return since_ns_ + timeout_ns +
         static_cast<int64_t>(bytes) * (1'000'000'000 / kMinBytesPerSecond);
}

void Connection::SetDeadline(int64_t deadline_ns) {
  group_.loop_.timers().Schedule(*this, deadline_ns);
}

}  // namespace assay::server
