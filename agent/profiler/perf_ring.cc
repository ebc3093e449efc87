#include "agent/profiler/perf_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace assay::profiler {
namespace {

// Enough for about six samples with stacks; a smaller ring is useless.
constexpr size_t kMinBytes = size_t{64} << 10;

}  // namespace

std::unique_ptr<PerfRing> PerfRing::Map(int event, size_t max_bytes, int* error) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  *error = EINVAL;
  for (size_t size = max_bytes; size >= kMinBytes; size /= 2) {
    void* const pages =
        mmap(nullptr, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, event, /*offset=*/0);
    if (pages != MAP_FAILED) {
      *error = 0;
      return std::unique_ptr<PerfRing>(new PerfRing(pages, page + size, size));
    }
    *error = errno;
    if (*error != EPERM && *error != ENOMEM) break;
  }
  return nullptr;
}

PerfRing::PerfRing(void* pages, size_t mapped, size_t size)
    : pages_(pages), mapped_(mapped), size_(size) {}

PerfRing::~PerfRing() { munmap(pages_, mapped_); }

void PerfRing::Read(absl::FunctionRef<void(std::string_view record)> take) {
  auto* const control = static_cast<perf_event_mmap_page*>(pages_);
  const char* const data = static_cast<const char*>(pages_) + control->data_offset;
  const uint64_t head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
  uint64_t tail = control->data_tail;
  while (head - tail >= sizeof(perf_event_header)) {
    const size_t at = tail & (size_ - 1);
    // The sizes of records and of the ring are multiples of 8 bytes, so a header never wraps around.
    perf_event_header header;
    memcpy(&header, data + at, sizeof(header));
    if (header.size < sizeof(header) || header.size > head - tail) {
      tail = head;
      break;
    }
    const size_t to_end = size_ - at;
    if (header.size <= to_end) {
      take(std::string_view(data + at, header.size));
    } else {
      joined_.assign(data + at, to_end);
      joined_.append(data, header.size - to_end);
      take(joined_);
    }
    tail += header.size;
    __atomic_store_n(&control->data_tail, tail, __ATOMIC_RELEASE);
  }
  __atomic_store_n(&control->data_tail, tail, __ATOMIC_RELEASE);
}

}  // namespace assay::profiler
