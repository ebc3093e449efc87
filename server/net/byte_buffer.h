#ifndef ASSAY_SERVER_NET_BYTE_BUFFER_H_
#define ASSAY_SERVER_NET_BYTE_BUFFER_H_

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace assay::server {

// A growing sequence of bytes: appended at the end, consumed at the front.
//
// Growing never touches the new memory, so a large capacity costs address space, not memory. At least kPadding bytes
// after the last one are readable, as SIMD parsers require. Their content is unspecified.
class ByteBuffer {
 public:
  static constexpr size_t kPadding = 64;

  ByteBuffer() = default;
  explicit ByteBuffer(size_t capacity) { Reserve(capacity); }
  ByteBuffer(ByteBuffer&& other) noexcept;
  ByteBuffer& operator=(ByteBuffer&& other) noexcept;

  char* data() { return memory_.get() + begin_; }
  const char* data() const { return memory_.get() + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  // Bytes allocated, used or not.
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data(), size()}; }

  // Makes room for `bytes` more after the end, and returns a pointer to it. The existing bytes may move.
  char* Reserve(size_t bytes) {
    if (capacity_ - end_ < bytes) Grow(bytes);
    return memory_.get() + end_;
  }
  // The number of bytes that fit after the end without growing.
  size_t room() const { return capacity_ - end_; }
  // Appends the `bytes` that the caller wrote to the address from Reserve().
  void Commit(size_t bytes) { end_ += bytes; }
  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Drops bytes at the front. REQUIRES: bytes <= size().
  void Consume(size_t bytes) {
    begin_ += bytes;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Keeps only the first `size` bytes. REQUIRES: size <= size().
  void Truncate(size_t size) { end_ = begin_ + size; }
  void Clear() { begin_ = end_ = 0; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  void Grow(size_t bytes);

  std::unique_ptr<char, Free> memory_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;  // Without the padding.
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_BYTE_BUFFER_H_
