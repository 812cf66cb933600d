//! JSON, without building a tree: of each object the known fields are kept as
//! the text they were written as, and read when they are asked for. So a
//! number is never a float, and a string without escapes is never copied.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::{Field, Object, Value};
use crate::reject::{Reason, Rejection};

/// Calls `each` for the value that `text` is, or for each element of the array
/// that it is, with the index there: with the fields when it is an object,
/// with `None` when it is something else. Stops calling at the first refusal,
/// which it returns once the whole text is known to be JSON.
pub fn objects<'a>(
    text: &'a str,
    each: impl FnMut(Option<usize>, Option<&Object<'a>>) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let mut walk = Walk {
        each,
        rejected: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let node = Node {
        index: None,
        walk: &mut walk,
    };
    node.deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| Rejection::whole(Reason::InvalidJson, describe(&error)))?;
    walk.rejected.map_or(Ok(()), Err)
}

/// The string that a JSON text is; `None` when it is something else, an error
/// when an escape in it stands for no character.
pub fn string(text: &str) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    let Some(inside) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Ok(None);
    };
    if memchr::memchr(b'\\', inside.as_bytes()).is_some() {
        return serde_json::from_str(text).map(|string| Some(Cow::Owned(string)));
    }
    Ok(Some(Cow::Borrowed(inside)))
}

/// Where and what, without the text itself, which may be personal.
fn describe(error: &serde_json::Error) -> String {
    let what = if error.is_eof() {
        "the end came too early"
    } else {
        "not JSON"
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

struct Walk<F> {
    each: F,
    rejected: Option<Rejection>,
}

/// The whole text (`index` is `None`) or one element of its array.
struct Node<'w, F> {
    index: Option<usize>,
    walk: &'w mut Walk<F>,
}

impl<'a, F> Node<'_, F>
where
    F: FnMut(Option<usize>, Option<&Object<'a>>) -> Result<(), Rejection>,
{
    fn call(self, object: Option<&Object<'a>>) {
        if self.walk.rejected.is_none() {
            self.walk.rejected = (self.walk.each)(self.index, object).err();
        }
    }
}

impl<'a, F> DeserializeSeed<'a> for Node<'_, F>
where
    F: FnMut(Option<usize>, Option<&Object<'a>>) -> Result<(), Rejection>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, F> Visitor<'a> for Node<'_, F>
where
    F: FnMut(Option<usize>, Option<&Object<'a>>) -> Result<(), Rejection>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        if self.walk.rejected.is_some() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let mut object = Object::default();
        while let Some(field) = map.next_key_seed(FieldName)? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let text = map.next_value::<&'a RawValue>()?.get();
            let value = if text == "null" {
                Value::Absent
            } else {
                Value::Json(text)
            };
            object.set(field, value);
        }
        self.call(Some(&object));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<(), A::Error> {
        if self.index.is_some() {
            while elements.next_element::<IgnoredAny>()?.is_some() {}
            self.call(None);
            return Ok(());
        }
        let mut index = 0;
        while elements
            .next_element_seed(Node {
                index: Some(index),
                walk: self.walk,
            })?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.call(None);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.call(None);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.call(None);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.call(None);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.call(None);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.call(None);
        Ok(())
    }
}

/// The name of a field: a known one, or any other.
struct FieldName;

impl<'a> DeserializeSeed<'a> for FieldName {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Field::from_name(name))
    }
}
