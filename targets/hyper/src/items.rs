//! POST /json: parses a list of items, and serialises the total of each.
//!
//! The last of repeated keys counts, whatever the earlier values were. So a value of the wrong type is not an error
//! when it is read: it is kept as None until the whole object has been read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use hyper::StatusCode;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::endpoints::Refusal;

pub struct Item<'a> {
    id: i64,
    name: Cow<'a, str>,
    price: i64,
    qty: i64,
}

#[derive(Serialize)]
struct Total<'a> {
    id: i64,
    name: &'a str,
    total: i64,
}

#[derive(Serialize)]
pub struct Totals<'a> {
    items: Vec<Total<'a>>,
    count: usize,
    total: i64,
}

pub fn parse(body: &[u8]) -> Result<Vec<Item<'_>>, Refusal> {
    let order: Lenient<Order> = serde_json::from_slice(body)
        .map_err(|_| (StatusCode::BAD_REQUEST, "the body is not JSON"))?;
    let items = order.0.ok_or((StatusCode::BAD_REQUEST, "items is not an array of items"))?;
    Ok(items.0)
}

pub fn total<'a>(items: &'a [Item<'_>]) -> Result<Totals<'a>, Refusal> {
    const BEYOND: Refusal = (StatusCode::BAD_REQUEST, "a total exceeds 64 bits");
    let mut totals =
        Totals { items: Vec::with_capacity(items.len()), count: items.len(), total: 0 };
    for item in items {
        let total = item.price.checked_mul(item.qty).ok_or(BEYOND)?;
        totals.total = totals.total.checked_add(total).ok_or(BEYOND)?;
        totals.items.push(Total { id: item.id, name: &item.name, total });
    }
    Ok(totals)
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum ItemKey {
    Id,
    Name,
    Price,
    Qty,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum OrderKey {
    Items,
    #[serde(other)]
    Other,
}

/// The value of `items` in the body.
struct Order<'a>(Vec<Item<'a>>);

/// A value of type T, or None for any other JSON.
struct Lenient<T>(Option<T>);

/// Builds T from the one kind of JSON value that can hold it; other kinds give None.
trait FromJson<'de>: Sized {
    fn from_integer(_value: i64) -> Option<Self> {
        None
    }
    fn from_text(_text: Cow<'de, str>) -> Option<Self> {
        None
    }
    fn from_array<A: SeqAccess<'de>>(mut array: A) -> Result<Option<Self>, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl<'de> FromJson<'de> for i64 {
    fn from_integer(value: i64) -> Option<Self> {
        Some(value)
    }
}

impl<'de> FromJson<'de> for Cow<'de, str> {
    fn from_text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl<'de> FromJson<'de> for Item<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let (mut id, mut name, mut price, mut qty) = (None, None, None, None);
        while let Some(key) = object.next_key()? {
            match key {
                ItemKey::Id => id = object.next_value::<Lenient<i64>>()?.0,
                ItemKey::Name => name = object.next_value::<Lenient<Cow<str>>>()?.0,
                ItemKey::Price => price = object.next_value::<Lenient<i64>>()?.0,
                ItemKey::Qty => qty = object.next_value::<Lenient<i64>>()?.0,
                ItemKey::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok((|| Some(Item { id: id?, name: name?, price: price?, qty: qty? }))())
    }
}

impl<'de> FromJson<'de> for Vec<Item<'de>> {
    fn from_array<A: SeqAccess<'de>>(mut array: A) -> Result<Option<Self>, A::Error> {
        let mut items = Some(Vec::new());
        while let Some(Lenient(item)) = array.next_element::<Lenient<Item>>()? {
            match (item, &mut items) {
                (Some(item), Some(items)) => items.push(item),
                _ => items = None,
            }
        }
        Ok(items)
    }
}

impl<'de> FromJson<'de> for Order<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut items = None;
        while let Some(key) = object.next_key()? {
            match key {
                OrderKey::Items => items = object.next_value::<Lenient<Vec<Item>>>()?.0,
                OrderKey::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(items.map(Order))
    }
}

impl<'de, T: FromJson<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData)).map(Lenient)
    }
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: FromJson<'de>> Visitor<'de> for LenientVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("any JSON")
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(T::from_integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).ok().and_then(T::from_integer))
    }
    fn visit_f64<E>(self, _value: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(T::from_text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<Self::Value, A::Error> {
        T::from_array(array)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        T::from_object(object)
    }
}
