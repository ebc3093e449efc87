#include "server/net/byte_buffer.h"

#include <algorithm>
#include <new>
#include <utility>

namespace assay::server {

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : memory_(std::move(other.memory_)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
  memory_ = std::move(other.memory_);
  begin_ = std::exchange(other.begin_, 0);
  end_ = std::exchange(other.end_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void ByteBuffer::Grow(size_t bytes) {
  // Reuse the consumed space if moving the remaining bytes is cheaper than growing.
  if (begin_ > 0 && begin_ >= size() && capacity_ - size() >= bytes) {
    std::memmove(memory_.get(), data(), size());
    end_ = size();
    begin_ = 0;
    return;
  }
  const size_t capacity = std::max(end_ + bytes, 2 * capacity_);
  char* grown = static_cast<char*>(std::realloc(memory_.get(), capacity + kPadding));
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());
  memory_.reset(grown);
  capacity_ = capacity;
}

}  // namespace assay::server
