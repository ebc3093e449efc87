#include "agent/load_protocol/sample_ring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/file.h"

namespace assay::loadgen {
namespace {

constexpr uint64_t kMagic = 0x3152'4c50'5341'5341;  // "ASASPLR1", the last digit is the version.
constexpr size_t kMinBytes = 64 * 1024;
constexpr size_t kMaxBytes = size_t{1} << 30;
constexpr int kMaxThreads = 1024;
constexpr size_t kPage = 4096;
// A reader keeps no more of what it has read.
constexpr uint64_t kReleaseBytes = uint64_t{1} << 20;

// Stands before each block. A `length` of kSkip: nothing more before the ring's end.
struct RecordHeader {
  uint32_t length;
  uint32_t count;
  int64_t base_ns;
  uint64_t first_index;
};
constexpr uint32_t kSkip = UINT32_MAX;

constexpr size_t RecordBytes(size_t length) {
  return (sizeof(RecordHeader) + length + 7) & ~size_t{7};
}
// Room for any block, and for the header that says "skip".
constexpr size_t kMaxRecord = RecordBytes(kMaxBlockBytes) + sizeof(RecordHeader);

}  // namespace

struct SampleRing::Header {
  uint64_t magic;
  uint64_t threads;
  uint64_t capacity;
};

// Positions only grow; modulo the capacity they are places in the ring.
struct SampleRing::Lane {
  alignas(64) std::atomic<uint64_t> head;  // Written up to here.
  std::atomic<uint64_t> lost;
  alignas(64) std::atomic<uint64_t> tail;  // Read up to here.
};

static_assert(std::atomic<uint64_t>::is_always_lock_free, "the ring is shared between processes");

namespace {

size_t LanesOffset() { return kPage; }
size_t DataOffset(int threads, size_t lane_bytes) {
  const size_t end = LanesOffset() + static_cast<size_t>(threads) * lane_bytes;
  return (end + kPage - 1) & ~(kPage - 1);
}

}  // namespace

absl::StatusOr<UniqueFd> SampleRing::Create(int threads, size_t bytes_per_thread) {
  if (threads < 1 || threads > kMaxThreads || bytes_per_thread > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a sample ring for ", threads, " threads of ",
                                                   bytes_per_thread,
                                                   " bytes each is out of range"));
  }
  const size_t capacity = std::bit_ceil(std::max(bytes_per_thread, kMinBytes));
  UniqueFd fd(memfd_create("assay-sample-ring", MFD_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, "memfd_create for the sample ring");
  const size_t size = DataOffset(threads, sizeof(Lane)) + threads * capacity;
  // Reserved here, where it can fail with a message: a page that is missing later kills by SIGBUS.
  if (int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(size)); error != 0) {
    return ErrnoStatus(error, absl::StrCat("reserving ", size, " bytes for the sample ring"));
  }
  const Header header{kMagic, static_cast<uint64_t>(threads), capacity};
  if (pwrite(fd.get(), &header, sizeof(header), 0) != sizeof(header)) {
    return ErrnoStatus(errno, "writing the sample ring's header");
  }
  return fd;
}

absl::StatusOr<std::unique_ptr<SampleRing>> SampleRing::Open(int fd, Use use) {
  struct stat info {};
  if (fstat(fd, &info) != 0)
    return ErrnoStatus(errno, absl::StrCat("sample ring, descriptor ", fd));
  Header header{};
  if (pread(fd, &header, sizeof(header), 0) != sizeof(header) || header.magic != kMagic ||
      header.threads < 1 || header.threads > kMaxThreads || header.capacity > kMaxBytes ||
      header.capacity < kMinBytes || !std::has_single_bit(header.capacity) ||
      static_cast<uint64_t>(info.st_size) !=
          DataOffset(static_cast<int>(header.threads), sizeof(Lane)) +
              header.threads * header.capacity) {
    return absl::InvalidArgumentError(
        absl::StrCat("descriptor ", fd, " is not a sample ring of this version"));
  }
  const auto size = static_cast<size_t>(info.st_size);
  const int flags = MAP_SHARED | (use == Use::kWrite ? MAP_POPULATE : 0);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory == MAP_FAILED) return ErrnoStatus(errno, "mapping the sample ring");
  std::unique_ptr<SampleRing> ring(new SampleRing(memory, size));
  ring->threads_ = static_cast<int>(header.threads);
  ring->capacity_ = header.capacity;
  ring->use_ = use;
  return ring;
}

SampleRing::SampleRing(void* memory, size_t size) : memory_(memory), size_(size) {}

SampleRing::~SampleRing() { munmap(memory_, size_); }

SampleRing::Lane* SampleRing::lane(int thread) const {
  return reinterpret_cast<Lane*>(static_cast<uint8_t*>(memory_) + LanesOffset()) + thread;
}

uint8_t* SampleRing::data(int thread) const {
  return static_cast<uint8_t*>(memory_) + DataOffset(threads_, sizeof(Lane)) + thread * capacity_;
}

double SampleRing::FullestShare() const {
  uint64_t most = 0;
  for (int i = 0; i < threads_; ++i) {
    const uint64_t tail = lane(i)->tail.load(std::memory_order_relaxed);
    most = std::max(most, lane(i)->head.load(std::memory_order_acquire) - tail);
  }
  return static_cast<double>(most) / static_cast<double>(capacity_);
}

SampleRing::Writer::Writer(SampleRing* ring, int thread)
    : lane_(ring->lane(thread)), data_(ring->data(thread)), capacity_(ring->capacity_) {}

bool SampleRing::Writer::Write(absl::Span<const Sample> samples) {
  const size_t to_end = capacity_ - head_ % capacity_;
  // A record may have to leave the rest before the end unused.
  const size_t needed = kMaxRecord + (to_end < kMaxRecord ? to_end : 0);
  if (capacity_ - (head_ - cached_tail_) < needed) {
    cached_tail_ = lane_->tail.load(std::memory_order_acquire);
    if (capacity_ - (head_ - cached_tail_) < needed) {
      lost_ += samples.size();
      lane_->lost.store(lost_, std::memory_order_relaxed);
      chunk_left_ = 0;  // What follows a gap begins a new chunk.
      return false;
    }
  }
  if (to_end < kMaxRecord) {
    if (to_end >= sizeof(RecordHeader)) {
      const RecordHeader skip{kSkip, 0, 0, 0};
      std::memcpy(data_ + head_ % capacity_, &skip, sizeof(skip));
    }
    head_ += to_end;
  }
  if (chunk_left_ < samples.size()) {
    chunk_left_ = kSamplesPerChunk;
    base_ns_ = samples[0].intended_ns;
  }
  uint8_t* const at = data_ + head_ % capacity_;
  const size_t length = EncodeBlock(samples, base_ns_, at + sizeof(RecordHeader));
  const RecordHeader header{static_cast<uint32_t>(length), static_cast<uint32_t>(samples.size()),
                            base_ns_, written_ + lost_};
  std::memcpy(at, &header, sizeof(header));
  head_ += RecordBytes(length);
  written_ += samples.size();
  chunk_left_ -= samples.size();
  lane_->head.store(head_, std::memory_order_release);
  return true;
}

SampleRing::Reader::Reader(SampleRing* ring, int thread)
    : lane_(ring->lane(thread)),
      data_(ring->data(thread)),
      capacity_(ring->capacity_),
      releases_(ring->use_ == Use::kRead) {
  tail_ = lane_->tail.load(std::memory_order_relaxed);
  next_ = tail_;
  released_ = tail_;
}

absl::StatusOr<std::optional<SampleRing::Block>> SampleRing::Reader::Peek() {
  const uint64_t head = lane_->head.load(std::memory_order_acquire);
  if (head == tail_) return std::nullopt;
  RecordHeader header;
  size_t to_end = capacity_ - tail_ % capacity_;
  bool skip = to_end < sizeof(header);
  if (!skip) {
    std::memcpy(&header, data_ + tail_ % capacity_, sizeof(header));
    skip = header.length == kSkip;
  }
  if (skip) {
    tail_ += to_end;
    if (head - tail_ > capacity_) return absl::DataLossError("the sample ring's end is torn");
    std::memcpy(&header, data_, sizeof(header));
    to_end = capacity_;
  }
  const uint64_t available = head - tail_;
  if (available > capacity_ || header.length > kMaxBlockBytes || header.count < 1 ||
      header.count > kBlockSamples || RecordBytes(header.length) > std::min(available, to_end)) {
    return absl::DataLossError(absl::StrCat("the sample ring holds a record of ", header.length,
                                            " bytes and ", header.count, " samples at ", tail_));
  }
  next_ = tail_ + RecordBytes(header.length);
  const char* bytes =
      reinterpret_cast<const char*>(data_ + tail_ % capacity_ + sizeof(RecordHeader));
  return Block{std::string_view(bytes, header.length), header.count, header.base_ns,
               header.first_index};
}

void SampleRing::Reader::Pop() {
  tail_ = next_;
  lane_->tail.store(tail_, std::memory_order_release);
  if (releases_ && tail_ - released_ >= kReleaseBytes) Release();
}

void SampleRing::Reader::Release() {
  // Whole pages, up to the ring's end; what was read beyond that goes in the next round.
  const size_t begin = released_ % capacity_ & ~(kPage - 1);
  const size_t end = std::min<uint64_t>(begin + (tail_ - released_), capacity_) & ~(kPage - 1);
  // A page that cannot be given back is only not given back.
  if (end > begin) madvise(data_ + begin, end - begin, MADV_DONTNEED);
  released_ = tail_;
}

uint64_t SampleRing::Reader::samples_lost() const {
  return lane_->lost.load(std::memory_order_relaxed);
}

}  // namespace assay::loadgen
