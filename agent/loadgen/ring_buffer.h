#ifndef ASSAY_AGENT_LOADGEN_RING_BUFFER_H_
#define ASSAY_AGENT_LOADGEN_RING_BUFFER_H_

#include <cstddef>
#include <vector>

namespace assay::loadgen {

// A queue of bounded length, first in, first out. All memory is taken by the constructor.
template <typename T>
class RingBuffer {
 public:
  explicit RingBuffer(size_t capacity) : items_(capacity) {}

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == items_.size(); }
  size_t size() const { return count_; }
  // REQUIRES: not empty().
  const T& front() const { return items_[first_]; }
  // REQUIRES: not full().
  void Push(const T& item) {
    const size_t place = first_ + count_++;
    items_[place < items_.size() ? place : place - items_.size()] = item;
  }
  // REQUIRES: not empty().
  void Pop() {
    if (++first_ == items_.size()) first_ = 0;
    --count_;
  }

 private:
  std::vector<T> items_;
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RING_BUFFER_H_
