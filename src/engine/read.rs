//! How settings and rules are read from JSON or TOML: text to checked type, with the sentence of
//! the type as the error.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, de::Error};

use crate::types::{Country, Number, Secret};

/// A number in international form, or a short code.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Number, D::Error> {
    let text = String::deserialize(from)?;
    Number::parse(&text, None).map_err(D::Error::custom)
}

/// A number that may be absent.
pub(super) fn maybe_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Number>, D::Error> {
    number(from).map(Some)
}

/// A list of numbers.
pub(super) fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Number>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| Number::parse(text, None).map_err(D::Error::custom)).collect()
}

/// A country that may be absent.
pub(super) fn country<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Country>, D::Error> {
    String::deserialize(from)?.parse().map(Some).map_err(D::Error::custom)
}

/// A secret that may be absent.
pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(Secret::new(String::deserialize(from)?)))
}

/// A list that many share.
pub(super) fn shared<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Arc<Vec<T>>, D::Error> {
    Vec::deserialize(from).map(Arc::new)
}
