//! The result of each check, and the lines of the diagnosis.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use skiplino::Operation;

use crate::checks::{CHECKS, Check, CheckedBy};

/// Checks of headers and of the order and size of lists. They cannot make a response unreadable.
const HARMLESS: [&str; 8] = ["A17", "A18", "A19", "P17", "P18", "P19", "P20", "P31"];

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Verdict {
    /// The server agrees.
    Confirmed,
    /// The server differs, and the SDK still works.
    Refuted,
    /// The server differs, and calls of the SDK fail.
    Broken,
    /// No response showed whether the server agrees.
    NotChecked,
}

impl Verdict {
    /// The sign in front of a line.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Confirmed => "✓",
            Self::Refuted => "!",
            Self::Broken => "✗",
            Self::NotChecked => "·",
        }
    }
}

/// A line of the diagnosis.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// The id of a check, as in `A12`, or the name of a step, as in `tls`.
    pub id: String,
    /// The subject, in a word or two.
    pub topic: String,
    /// The result.
    pub verdict: Verdict,
    /// The result in words, without a key or personal data.
    pub found: String,
    /// What to do, if there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// The results so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    confirmed: BTreeSet<&'static str>,
    refuted: BTreeMap<&'static str, Vec<Refutation>>,
    /// Why a check could not be made.
    not_checked: BTreeMap<&'static str, String>,
    /// Operations whose answer the client cannot read, with its error.
    unreadable: BTreeMap<&'static str, String>,
    /// Refuted checks that make calls fail although each response can be read.
    broken: BTreeSet<&'static str>,
}

#[derive(Debug)]
struct Refutation {
    operation: &'static str,
    text: String,
}

impl Findings {
    pub(crate) fn confirm(&mut self, id: &'static str) {
        self.confirmed.insert(id);
    }

    pub(crate) fn refute(&mut self, id: &'static str, operation: Operation, text: String) {
        let operation = operation.id();
        let known = self.refuted.entry(id).or_default();
        if known.iter().all(|refutation| refutation.text != text) {
            known.push(Refutation { operation, text });
        } else {
            // The same difference at a further operation.
            known.push(Refutation {
                operation,
                text: String::new(),
            });
        }
    }

    /// Confirms or refutes.
    pub(crate) fn judge(
        &mut self,
        id: &'static str,
        operation: Operation,
        agrees: bool,
        otherwise: impl FnOnce() -> String,
    ) {
        if agrees {
            self.confirm(id);
        } else {
            self.refute(id, operation, otherwise());
        }
    }

    /// Says why a check could not be made. A later response may still confirm or refute it.
    pub(crate) fn not_checked(&mut self, id: &'static str, why: impl Into<String>) {
        self.not_checked.insert(id, why.into());
    }

    pub(crate) fn unreadable(&mut self, operation: Operation, error: String) {
        self.unreadable.insert(operation.id(), error);
    }

    /// Says that calls fail because of this refuted check, although each response can be read.
    pub(crate) fn breaks(&mut self, id: &'static str) {
        self.broken.insert(id);
    }

    /// The line of each check, and a line for each answer that the client cannot read although no
    /// check explains it.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<_> = CHECKS.iter().map(|check| self.line(check)).collect();
        for (operation, error) in &self.unreadable {
            let is_explained = self
                .refuted
                .iter()
                .filter(|(id, _)| !HARMLESS.contains(id))
                .flat_map(|(_, refutations)| refutations)
                .any(|refutation| refutation.operation == *operation);
            if !is_explained {
                lines.push(Line {
                    id: "client".to_owned(),
                    topic: (*operation).to_owned(),
                    verdict: Verdict::Broken,
                    found: error.clone(),
                    advice: Some("send the file of --report to the SDK's maintainers".to_owned()),
                });
            }
        }
        lines
    }

    fn line(&self, check: &Check) -> Line {
        let refutations = self.refuted.get(check.id);
        let (verdict, found, advice) = match refutations {
            Some(refutations) => {
                let makes_unreadable = !HARMLESS.contains(&check.id)
                    && refutations
                        .iter()
                        .any(|refutation| self.unreadable.contains_key(refutation.operation));
                let is_broken = makes_unreadable || self.broken.contains(check.id);
                let texts: Vec<_> = refutations
                    .iter()
                    .map(|refutation| refutation.text.as_str())
                    .filter(|text| !text.is_empty())
                    .collect();
                let verdict = match is_broken {
                    true => Verdict::Broken,
                    false => Verdict::Refuted,
                };
                let found = format!("differs: {}", texts.join("; "));
                (verdict, found, Some(check.if_wrong.to_owned()))
            }
            None if self.confirmed.contains(check.id) => {
                (Verdict::Confirmed, check.claim.to_owned(), None)
            }
            None => {
                let why = self.not_checked.get(check.id).cloned();
                let why = why.unwrap_or_else(|| match check.checked_by {
                    CheckedBy::Nothing => "doctor cannot check it".to_owned(),
                    CheckedBy::Read => "no response shows it".to_owned(),
                    other => format!("needs {}", other.text()),
                });
                let found = format!("not checked ({why}): {}", check.claim);
                (Verdict::NotChecked, found, None)
            }
        };
        Line {
            id: check.id.to_owned(),
            topic: check.topic.to_owned(),
            verdict,
            found,
            advice,
        }
    }
}
