#ifndef ASSAY_AGENT_LOAD_PROTOCOL_SAMPLE_RING_H_
#define ASSAY_AGENT_LOAD_PROTOCOL_SAMPLE_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/sample_codec.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// Shared memory through which load threads hand over raw samples: one byte ring a load thread, each
// with a single producer and a single consumer, which may be two processes (the descriptor is a
// memfd).
//
// A record is one block of analysis/sample_codec.h, encoded in place, with a small header. A record
// never wraps. A ring without room for a block drops it and counts its samples as lost: the
// producer never waits.
//
// Costs: a sample costs the load thread no allocation, lock or system call; Create() and a writer's
// Open() make them all, and touch every page, so that the window has no page faults.
class SampleRing {
 public:
  // Samples with a common base: a chunk on the wire holds at most this many.
  static constexpr uint64_t kSamplesPerChunk = 65'536;

  // A memfd that holds `threads` rings of `bytes_per_thread` (rounded up to a power of two, at
  // least 64 KiB), close-on-exec. A sample takes about 4 bytes.
  static absl::StatusOr<UniqueFd> Create(int threads, size_t bytes_per_thread);

  enum class Use {
    // By load threads, and perhaps by a reader beside them.
    kWrite,
    // By a reader alone. Of a large ring only the part being read takes of this process's memory.
    kRead,
  };
  // Maps a ring. `fd` may be closed afterwards. kInvalidArgument when it is not a ring of this
  // version.
  static absl::StatusOr<std::unique_ptr<SampleRing>> Open(int fd, Use use = Use::kWrite);

  SampleRing(const SampleRing&) = delete;
  SampleRing& operator=(const SampleRing&) = delete;
  ~SampleRing();

  int threads() const { return threads_; }
  size_t bytes_per_thread() const { return capacity_; }
  // Bytes waiting in the fullest ring, over its size; from any thread.
  double FullestShare() const;

  // One block as it stands in the ring; valid until Reader::Pop().
  struct Block {
    std::string_view bytes;
    uint32_t count = 0;
    // The base given to EncodeBlock(): that of the first sample of its chunk.
    int64_t base_ns = 0;
    // Index of its first sample among all of its thread in this run, lost ones included.
    uint64_t first_index = 0;
  };

  class Writer;
  class Reader;

 private:
  struct Header;
  struct Lane;  // Positions of one ring, each on a cache line of its own.

  SampleRing(void* memory, size_t size);
  Lane* lane(int thread) const;
  uint8_t* data(int thread) const;

  void* const memory_;
  const size_t size_;
  int threads_ = 0;
  size_t capacity_ = 0;
  Use use_ = Use::kWrite;
};

// The load thread's side. One a ring, used by one thread.
class SampleRing::Writer {
 public:
  // `ring` must outlive it.
  Writer(SampleRing* ring, int thread);

  // Encodes a block of 1 to kBlockSamples samples. A block that is not full must be the last one of
  // the run. False: it was dropped and counted, because the reader is behind.
  bool Write(absl::Span<const Sample> samples);

  uint64_t samples_written() const { return written_; }
  uint64_t samples_lost() const { return lost_; }

 private:
  Lane* const lane_;
  uint8_t* const data_;
  const size_t capacity_;
  uint64_t head_ = 0;
  uint64_t cached_tail_ = 0;
  uint64_t written_ = 0;
  uint64_t lost_ = 0;
  uint64_t chunk_left_ = 0;  // Samples that still fit under base_ns_.
  int64_t base_ns_ = 0;
};

// The agent's side. One a ring, used by one thread.
class SampleRing::Reader {
 public:
  Reader(SampleRing* ring, int thread);

  // The next block, or nothing when the ring is empty for now. kDataLoss when the ring's contents
  // contradict themselves; nothing more can be read from it then.
  absl::StatusOr<std::optional<Block>> Peek();
  // Frees the block that Peek() gave.
  void Pop();

  // Lost until now, by the writer's account.
  uint64_t samples_lost() const;

 private:
  // Gives back the pages that were read; they stay in the ring.
  void Release();

  Lane* const lane_;
  uint8_t* const data_;
  const size_t capacity_;
  const bool releases_;
  uint64_t tail_ = 0;
  uint64_t next_ = 0;  // Where the record after the peeked one begins.
  uint64_t released_ = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOAD_PROTOCOL_SAMPLE_RING_H_
