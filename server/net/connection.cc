#include "server/net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace assay {
namespace {

// Received at once when nothing is known of what comes.
constexpr size_t kReceive = 64 << 10;
// A connection's own buffer grows at least by this.
constexpr size_t kReceiveMore = 4 << 10;
// What is reserved for a body whose length is known; a longer one has to come first.
constexpr size_t kReserveBody = 1 << 20;
// How long the rest of a client's bytes is dropped before the socket is closed: until none came for so long, since the
// client may read the answer only when it has sent all of its request; but not for ever.
constexpr int64_t kLingerSilenceNanos = 2'000'000'000;
constexpr int64_t kLingerNanos = 30'000'000'000;
// Edge-triggered, which spares the kernel a second look at a socket that was drained. What may leave something behind a
// short read, its end or urgent data, comes as an event of its own.
constexpr uint32_t kReadable = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

// What a buffer takes of memory: what was consumed too, as it is freed with the rest, but not what was only reserved.
size_t Written(const ByteBuffer& buffer) { return buffer.capacity() - buffer.room(); }

}  // namespace

ConnectionGroup::ConnectionGroup(EventLoop& loop, const HttpLimits& limits, HttpHandler handler)
    : loop_(loop),
      idle_ns_(absl::ToInt64Nanoseconds(limits.idle_timeout)),
      read_ns_(absl::ToInt64Nanoseconds(limits.read_timeout)),
      write_ns_(absl::ToInt64Nanoseconds(limits.write_timeout)),
      context_{.limits = limits, .handler = std::move(handler), .date = {}},
      spare_(limits) {
  spare_.bytes.Reserve(kReceive);
  batch_.bytes.Reserve(AnswerBatch::kFull + kBorrowedBody);
}

ConnectionGroup::~ConnectionGroup() = default;

int ConnectionGroup::Adopt(UniqueFd socket) {
  connections_.emplace_front(*this, std::move(socket));
  if (connections_.front().Start(connections_.begin())) return 0;
  const int error = errno;
  connections_.pop_front();
  return error;
}

void ConnectionGroup::BeginStop() {
  context_.stopping = true;
  for (auto next = connections_.begin(); next != connections_.end();) {
    Connection& connection = *next++;
    connection.Stop();
  }
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

void Connection::Stop() {
  if (state_ != State::kReading || partial_ != nullptr) return;
  // A request may have come that was not looked at yet.
  if (!Receive(0)) return;
  if (state_ == State::kReading && partial_ == nullptr) Destroy();
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
    // Of a buffer or of the handler, and so before this was destroyed. Others' requests need less, or later.
    group_.batch_.Clear();
    group_.spare_.bytes.Clear();
    group_.spare_.parser.Reset();
    Destroy();
  }
}

bool Connection::Receive(uint32_t events) {
  Intake& intake = partial_ != nullptr ? *partial_ : group_.spare_;
  size_t room = kReceive;
  if (partial_ != nullptr) {
    room = std::clamp<uint64_t>(intake.parser.body_bytes_missing(), kReceiveMore, kReserveBody);
  }
  char* const into = intake.bytes.Reserve(room);
  room = intake.bytes.room();
  const ssize_t size = recv(socket_.get(), into, room, 0);
  if (size > 0) {
    intake.bytes.Commit(static_cast<size_t>(size));
    moved_ += static_cast<uint64_t>(size);
    // A short read has drained the socket. Otherwise ask for the event again: other connections get their turn first.
    const bool more = static_cast<size_t>(size) == room || (events & ~uint32_t{EPOLLIN}) != 0;
    if (!Proceed(intake)) return false;
    if (more && state_ == State::kReading)
      group_.loop_.ChangeWatch(socket_.get(), kReadable, *this);
    return true;
  }
  if (size == 0) return ReceiveEnd();
  if (errno == EAGAIN || errno == EINTR) return true;
  return Destroy();
}

bool Connection::ReceiveEnd() {
  if (partial_ == nullptr) return Destroy();
  session_.AnswerEnd(group_.context_, *partial_, group_.batch_);
  return SendLast();
}

bool Connection::Proceed(Intake& intake) {
  AnswerBatch& batch = group_.batch_;
  const uint32_t answered_before = session_.answered();
  while (true) {
    const HttpSession::Next next = session_.Answer(group_.context_, intake, batch);
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
      return Account() ? true : Reset();
    }
    if (sent == Sent::kAll && next == HttpSession::Next::kSend) continue;
    const bool begun_before = partial_ != nullptr && session_.answered() == answered_before;
    KeepIntake(intake);
    if (!Account()) return sent == Sent::kPart ? Reset() : Refuse();
    if (sent == Sent::kPart) return true;
    if (!begun_before) {
      since_ns_ = group_.loop_.now_ns();
      moved_ = 0;
    }
    if (partial_ == nullptr) {
      SetDeadline(group_.loop_.now_ns() + group_.idle_ns_);
    } else {
      SetDeadline(Deadline(group_.read_ns_, moved_));
    }
    return true;
  }
}

// This and DropIntake() leave the group's spare intake ready for the next connection.
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

void Connection::KeepUnsent(const AnswerBatch& batch) {
  unsent_ = std::make_unique<ByteBuffer>(batch.bytes.size() + batch.borrowed.size());
  unsent_->Append(batch.bytes.view());
  unsent_->Append(batch.borrowed);
  state_ = State::kSending;
  since_ns_ = group_.loop_.now_ns();
  moved_ = 0;
  group_.loop_.ChangeWatch(socket_.get(), EPOLLOUT, *this);
  SetDeadline(Deadline(group_.write_ns_, 0));
}

Connection::Sent Connection::Send(AnswerBatch& batch) {
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

bool Connection::SendLast() {
  partial_.reset();
  const Sent sent = Send(group_.batch_);
  if (sent == Sent::kPart) {
    next_ = HttpSession::Next::kClose;
    KeepUnsent(group_.batch_);
  }
  group_.batch_.Clear();
  if (sent == Sent::kBroken) return Destroy();
  Account();  // No more than the refusal is left of it.
  return sent == Sent::kPart ? true : Finish();
}

bool Connection::Refuse() {
  session_.AnswerNoMemory(group_.context_, *partial_, group_.batch_);
  return SendLast();
}

bool Connection::Reset() {
  // Drops what the system still holds for a client that does not take it.
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  return Destroy();
}

bool Connection::Account() {
  const size_t before = held_;
  held_ = (partial_ == nullptr ? 0 : Written(partial_->bytes)) +
          (unsent_ == nullptr ? 0 : Written(*unsent_));
  group_.held_ += held_ - before;  // Modulo the word where it is less.
  return held_ <= before || group_.held_ <= group_.context_.limits.max_memory;
}

bool Connection::SendRest() {
  const ssize_t size = send(socket_.get(), unsent_->data(), unsent_->size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? true : Destroy();
  unsent_->Consume(static_cast<size_t>(size));
  moved_ += static_cast<uint64_t>(size);
  if (unsent_->empty()) unsent_.reset();
  Account();
  if (unsent_ != nullptr) {
    SetDeadline(Deadline(group_.write_ns_, moved_));
    return true;
  }
  if (next_ == HttpSession::Next::kClose) return Finish();
  state_ = State::kReading;
  // This reports what has come meanwhile.
  group_.loop_.ChangeWatch(socket_.get(), kReadable, *this);
  since_ns_ = group_.loop_.now_ns();
  moved_ = 0;
  if (partial_ != nullptr) return Proceed(*partial_);
  if (group_.context_.stopping) return Destroy();
  SetDeadline(group_.loop_.now_ns() + group_.idle_ns_);
  return true;
}

bool Connection::Finish() {
  partial_.reset();
  Account();
  shutdown(socket_.get(), SHUT_WR);
  state_ = State::kLingering;
  group_.loop_.ChangeWatch(socket_.get(), EPOLLIN, *this);
  since_ns_ = group_.loop_.now_ns();
  SetDeadline(since_ns_ + kLingerSilenceNanos);
  return true;
}

void Connection::Drain() {
  char* const into = group_.spare_.bytes.Reserve(kReceive);
  const ssize_t size = recv(socket_.get(), into, kReceive, 0);
  if (size > 0) {
    SetDeadline(std::min(group_.loop_.now_ns() + kLingerSilenceNanos, since_ns_ + kLingerNanos));
    return;
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  Destroy();
}

void Connection::OnDeadline(int64_t) {
  if (state_ == State::kReading && partial_ != nullptr) {
    session_.AnswerTimeout(group_.context_, *partial_, group_.batch_);
    SendLast();
    return;
  }
  if (state_ == State::kSending) {
    Reset();
  } else {
    Destroy();
  }
}

bool Connection::Destroy() {
  group_.connections_.erase(self_);
  return false;
}

int64_t Connection::Deadline(int64_t timeout_ns, uint64_t bytes) const {
  return since_ns_ + timeout_ns +
         static_cast<int64_t>(bytes) * (1'000'000'000 / kMinBytesPerSecond);
}

void Connection::SetDeadline(int64_t deadline_ns) {
  group_.loop_.timers().Schedule(*this, deadline_ns);
}

}  // namespace assay
