//! Keeps API keys out of everything that is printed.

use std::ffi::OsString;
use std::fmt;

/// A key as the user typed it. It is never printed.
#[derive(Clone)]
pub(crate) struct Secret(OsString);

impl Secret {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key itself, if it is text.
    pub(crate) fn into_text(self) -> Option<String> {
        self.0.into_string().ok()
    }
}

impl From<OsString> for Secret {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// The published prefix of a key, which says no more than its kind.
pub(crate) fn mask(key: &str) -> &'static str {
    if key.starts_with("sk_") {
        "sk_…"
    } else if key.starts_with("pk_") {
        "pk_…"
    } else {
        "…"
    }
}

/// Masks everything in a text that looks like a key, and the key of the environment in any form.
pub(crate) fn without_keys(text: &str) -> String {
    let mut text = text.to_owned();
    if let Ok(key) = std::env::var("SKIPLINO_API_KEY")
        && !key.is_empty()
    {
        text = text.replace(&key, mask(&key));
    }
    for prefix in ["sk_", "pk_"] {
        let mut rest = text.as_str();
        let mut clean = String::with_capacity(text.len());
        while let Some(start) = rest.find(prefix) {
            let (before, found) = rest.split_at(start);
            let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            let end = found.find(|c| !is_key(c)).unwrap_or(found.len());
            clean.push_str(before);
            clean.push_str(mask(found));
            let after = found.get(end..).unwrap_or_default();
            // A masked key is not masked again.
            rest = after.strip_prefix('…').unwrap_or(after);
        }
        clean.push_str(rest);
        text = clean;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_in_any_text() {
        assert_eq!(
            without_keys("unexpected argument 'sk_live-1.2_3' or pk_x, not risk"),
            "unexpected argument 'sk_…' or pk_…, not risk"
        );
        assert_eq!(without_keys("nothing here"), "nothing here");
        assert_eq!(without_keys("'sk_…'"), "'sk_…'");
    }

    #[test]
    fn a_key_is_masked_down_to_its_class() {
        assert_eq!(mask("sk_live_1"), "sk_…");
        assert_eq!(mask("pk_live_1"), "pk_…");
        assert_eq!(mask("other"), "…");
        assert_eq!(
            format!("{:?}", Secret::from(OsString::from("sk_1"))),
            "Secret(redacted)"
        );
    }
}
