#include "server/endpoints/order_reader.h"

#include <cstdint>

#include "server/endpoints/order_sax.h"
#include "server/net/http_message.h"

namespace assay::server {
namespace {

namespace dom = simdjson::dom;

static_assert(HttpRequest::kReadableBehindBody >= simdjson::SIMDJSON_PADDING);

// The parser's memory is about ten times the largest body that it has read.
constexpr size_t kKeptCapacity = 1 << 20;

// An item in which every known key was valid; if a key was repeated, the last one.
struct Item {
  enum Field : unsigned { kId = 1, kName = 2, kPrice = 4, kQty = 8, kAll = 15 };

  unsigned right = 0;
  int64_t id = 0;
  int64_t price = 0;
  int64_t qty = 0;
  std::string_view name;

  void Take(const dom::element& value, Field field, int64_t& number) {
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
      right |= field;
    } else {
      right &= ~field;
    }
  }
};

bool ReadItem(const dom::element& element, Item& item) {
  dom::object object;
  if (element.get_object().get(object) != simdjson::SUCCESS) return false;
  for (const dom::key_value_pair field : object) {
    if (field.key == "id") {
      item.Take(field.value, Item::kId, item.id);
    } else if (field.key == "price") {
      item.Take(field.value, Item::kPrice, item.price);
    } else if (field.key == "qty") {
      item.Take(field.value, Item::kQty, item.qty);
    } else if (field.key == "name") {
      if (field.value.get_string().get(item.name) == simdjson::SUCCESS) {
        item.right |= Item::kName;
      } else {
        item.right &= ~Item::kName;
      }
    }
  }
  return item.right == Item::kAll;
}

}  // namespace

std::string OrderReader::Read(std::string_view json, OrderTotals& totals) {
  const bool right = ReadFast(json, totals);
  if (parser_.capacity() > kKeptCapacity) parser_ = dom::parser();
  if (right) return {};
  return ReadOrderBySax(json, totals);
}

bool OrderReader::ReadFast(std::string_view json, OrderTotals& totals) {
  dom::object order;
  const auto error =
      parser_.parse(json.data(), json.size(), /*realloc_if_needed=*/false).get_object().get(order);
  if (error != simdjson::SUCCESS) return false;
  dom::element items;
  bool has_items = false;
  for (const dom::key_value_pair field : order) {
    if (field.key != "items") continue;
    items = field.value;
    has_items = true;
  }
  dom::array array;
  if (!has_items || items.get_array().get(array) != simdjson::SUCCESS) return false;
  totals.Begin();
  for (const dom::element element : array) {
    Item item;
    if (!ReadItem(element, item)) return false;
    if (totals.Add(item.id, item.name, item.price, item.qty) != OrderTotals::Added::kOk) {
      return false;
    }
  }
  return true;
}

}  // namespace assay::server
