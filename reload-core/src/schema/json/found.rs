//! What a reader of JSON found, before it is known what it is for.

use core::{convert::Infallible, fmt, marker::PhantomData};
use serde::de::{
    Deserialize, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
    value::{MapAccessDeserializer, SeqAccessDeserializer},
};

/// A piece of content; lists and maps are not read yet.
pub(super) enum Found<'a, S, M> {
    Null,
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    Float(f64),
    Text(&'a str),
    List(S),
    Map(M),
}

impl<'de, S: SeqAccess<'de>, M: MapAccess<'de, Error = S::Error>> Found<'_, S, M> {
    /// For people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Signed(value) => value.to_string(),
            Self::Unsigned(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) if text.chars().count() > 40 => {
                format!("string {:?}..", text.chars().take(40).collect::<String>())
            }
            Self::Text(text) => format!("string {text:?}"),
            Self::List(_) => "a list".into(),
            Self::Map(_) => "a map".into(),
        }
    }

    /// The content as a value of its own.
    pub(super) fn into_json(self) -> Result<serde_json::Value, S::Error> {
        use serde_json::Value;
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => value.into(),
            Self::Signed(value) => i64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from),
            Self::Unsigned(value) => u64::try_from(value).map_or_else(|_| value.to_string().into(), Value::from),
            Self::Float(value) => value.into(),
            Self::Text(text) => text.into(),
            Self::List(list) => Value::deserialize(SeqAccessDeserializer::new(list))?,
            Self::Map(map) => Value::deserialize(MapAccessDeserializer::new(map))?,
        })
    }

    /// Reads over the content.
    pub(super) fn ignore(self) -> Result<(), S::Error> {
        match self {
            Self::List(mut list) => while list.next_element::<IgnoredAny>()?.is_some() {},
            Self::Map(mut map) => while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {},
            _ => {}
        }
        Ok(())
    }
}

/// A list or a map that there is none of.
pub(super) struct No<E>(Infallible, PhantomData<E>);

impl<'de, E: Error> SeqAccess<'de> for No<E> {
    type Error = E;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, _: T) -> Result<Option<T::Value>, E> {
        match self.0 {}
    }
}

impl<'de, E: Error> MapAccess<'de> for No<E> {
    type Error = E;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, E> {
        match self.0 {}
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, E> {
        match self.0 {}
    }
}

/// Something found that has no parts.
pub(super) type Simple<'a, E> = Found<'a, No<E>, No<E>>;

/// Takes what is found, whatever it is.
pub(super) trait Fill<'de>: Sized {
    fn fill<S, M>(self, found: Found<'_, S, M>) -> Result<(), S::Error>
    where
        S: SeqAccess<'de>,
        M: MapAccess<'de, Error = S::Error>;
}

/// Hands what is found on.
pub(super) struct Handing<F>(pub(super) F);

impl<'de, F: Fill<'de>> Visitor<'de> for Handing<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.fill(Simple::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.fill(Simple::Signed(value.into()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<(), E> {
        self.0.fill(Simple::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.fill(Simple::Unsigned(value.into()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<(), E> {
        self.0.fill(Simple::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.fill(Simple::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.fill(Simple::Text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.fill(Simple::Null)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.0.fill(Simple::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.fill(Found::<A, No<A::Error>>::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.fill(Found::<No<A::Error>, A>::Map(map))
    }
}
