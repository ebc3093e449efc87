#ifndef ASSAY_COMMON_COUNTING_ITERATOR_H_
#define ASSAY_COMMON_COUNTING_ITERATOR_H_

#include <cstddef>
#include <iterator>

namespace assay {

// Feeds a parser and counts the characters that it took, which gives the positions of its events.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  // `taken` must outlive the iterator and its copies, which share it.
  CountingIterator(const char* at, size_t* taken) : at_(at), taken_(taken) {}

  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  size_t* taken_;
};

}  // namespace assay

#endif  // ASSAY_COMMON_COUNTING_ITERATOR_H_
