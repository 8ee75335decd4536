//! Parses and validates queries and JSON bodies.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::{
    clock::{self, Millis},
    envelope::Failure,
    locale::Reason,
    pagination::{Page, PageRules},
};

/// The longest accepted text.
const LONGEST_TEXT: usize = 10_000;

/// The invalid fields so far, each with its first reason.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<(String, Reason)>);

impl Errors {
    pub(crate) fn add(&mut self, field: &str, reason: Reason) {
        if self.0.iter().all(|(name, _)| name != field) {
            self.0.push((field.to_owned(), reason));
        }
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Failure::Invalid(self.0))
        }
    }

    fn keep<T>(&mut self, field: &str, result: Result<T, Reason>) -> Option<T> {
        result.map_err(|reason| self.add(field, reason)).ok()
    }
}

fn checked_text(text: &str) -> Result<&str, Reason> {
    if text.contains('\0') {
        Err(Reason::NotValid)
    } else if text.chars().nth(LONGEST_TEXT).is_some() {
        Err(Reason::TooLong)
    } else {
        Ok(text)
    }
}

/// The JSON object of a request. The contract allows no nulls, so a null is a value of the wrong
/// type.
#[derive(Debug)]
pub(crate) struct Fields {
    values: Map<String, Value>,
    pub(crate) errors: Errors,
}

impl Fields {
    pub(crate) fn parse(body: Option<&[u8]>) -> Result<Self, Failure> {
        let body = body.ok_or_else(|| Failure::field("body", Reason::TooLong))?;
        match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => Ok(Self::strict(values)),
            _ => Err(Failure::field("body", Reason::NotAnObject)),
        }
    }

    /// For the control API: a null counts as absent.
    pub(crate) fn lenient(mut values: Map<String, Value>) -> Self {
        values.retain(|_, value| !value.is_null());
        Self::strict(values)
    }

    fn strict(values: Map<String, Value>) -> Self {
        Self {
            values,
            errors: Errors::default(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn read<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, Reason>) -> Option<T> {
        let result = read(self.get(name)?);
        self.errors.keep(name, result)
    }

    /// A text; it may be empty.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, |value| {
            let text = value.as_str().ok_or(Reason::NotText)?;
            checked_text(text).map(str::to_owned)
        })
    }

    /// A text that must not be empty.
    pub(crate) fn id(&mut self, name: &str) -> Option<String> {
        let id = self.text(name)?;
        if id.is_empty() {
            self.errors.add(name, Reason::NotValid);
            return None;
        }
        Some(id)
    }

    pub(crate) fn require(&mut self, name: &str) {
        if self.get(name).is_none() {
            self.errors.add(name, Reason::Required);
        }
    }

    pub(crate) fn object(&mut self, name: &str) -> Option<Value> {
        self.read(name, |value| {
            value
                .is_object()
                .then(|| value.clone())
                .ok_or(Reason::NotAnObject)
        })
    }

    pub(crate) fn time(&mut self, name: &str) -> Option<Millis> {
        self.read(name, |value| {
            value
                .as_str()
                .and_then(clock::parse)
                .ok_or(Reason::NotATime)
        })
    }

    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, |value| value.as_bool().ok_or(Reason::NotYesOrNo))
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<f64> {
        self.read(name, |value| value.as_f64().ok_or(Reason::NotANumber))
    }

    pub(crate) fn whole(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        self.read(name, |value| match value.as_u64() {
            Some(number) if (min..=max).contains(&number) => Ok(number),
            Some(_) => Err(Reason::OutOfRange),
            None => Err(Reason::NotWhole),
        })
    }

    /// `location`: both numbers, in degrees.
    pub(crate) fn location(&mut self) -> Option<Value> {
        let location = self.object("location")?;
        for (part, name, max) in [
            ("lat", "location.lat", 90.0),
            ("lng", "location.lng", 180.0),
        ] {
            match location.get(part) {
                None => self.errors.add(name, Reason::LocationIncomplete),
                Some(value) => match value.as_f64() {
                    None => self.errors.add(name, Reason::NotANumber),
                    Some(degrees) if degrees.abs() > max => {
                        self.errors.add(name, Reason::OutOfRange);
                    }
                    Some(_) => {}
                },
            }
        }
        Some(location)
    }
}

/// How a request refers to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CustomerRef {
    Id(String),
    ExternalId(String),
}

/// The query of a request.
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, Option<String>)>,
    pub(crate) errors: Errors,
}

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = raw
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (
                    decode(name, true).unwrap_or_else(|| name.to_owned()),
                    decode(value, true),
                )
            })
            .collect();
        Self {
            pairs,
            errors: Errors::default(),
        }
    }

    /// The value of a parameter; it may be empty.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.pairs.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        let result = match value {
            _ if values.next().is_some() => Err(Reason::Repeated),
            None => Err(Reason::NotValid),
            Some(value) => checked_text(value).map(str::to_owned),
        };
        self.errors.keep(name, result)
    }

    /// `id` or `externalId`; `id` wins if both are given.
    pub(crate) fn customer(&mut self) -> Option<CustomerRef> {
        let id = self.text("id");
        let external_id = self.text("externalId");
        let (name, reference) = match (id, external_id) {
            (Some(id), _) => ("id", CustomerRef::Id(id)),
            (None, Some(id)) => ("externalId", CustomerRef::ExternalId(id)),
            (None, None) => return None,
        };
        let (CustomerRef::Id(text) | CustomerRef::ExternalId(text)) = &reference;
        if text.is_empty() {
            self.errors.add(name, Reason::Required);
        }
        Some(reference)
    }

    /// `page` and `limit`.
    pub(crate) fn page(&mut self, max_limit: i64, rules: PageRules) -> Page {
        let max_limit = rules.max_limit.unwrap_or(max_limit);
        let accepted = match rules.caps_limit {
            true => i64::MAX,
            false => max_limit,
        };
        let limit = self.whole("limit", accepted).unwrap_or(10);
        Page {
            number: self.whole("page", i64::MAX).unwrap_or(1),
            limit: limit.min(max_limit),
            oldest_first: rules.oldest_first,
        }
    }

    fn whole(&mut self, name: &str, max: i64) -> Option<i64> {
        let text = self.text(name)?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let result = if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Err(Reason::NotWhole)
        } else {
            text.parse()
                .ok()
                .filter(|number| (1..=max).contains(number))
                .ok_or(Reason::OutOfRange)
        };
        self.errors.keep(name, result)
    }

    /// A number from 0.
    pub(crate) fn count(&mut self, name: &str) -> Option<u64> {
        let text = self.text(name)?;
        self.errors
            .keep(name, text.parse().map_err(|_| Reason::NotWhole))
    }

    pub(crate) fn date(&mut self, name: &str) -> Option<Date> {
        let text = self.text(name)?;
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let result = text.parse().ok().filter(|_| shaped).ok_or(Reason::NotADate);
        self.errors.keep(name, result)
    }

    /// The value, if the query is valid.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Failure> {
        self.errors.finish()?;
        value.ok_or_else(|| Failure::field("id", Reason::Required))
    }
}

/// Decodes percent-encoding; `None` for invalid UTF-8.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus_is_space => b' ',
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}
