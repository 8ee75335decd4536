//! Makes texts safe to print: one line of bounded length, without control characters, and without
//! personal data where a server may quote it.

use std::fmt::{self, Write as _};

/// The most characters of a word, and of a text before its last word.
const LONGEST: usize = 300;
const REDACTED: &str = "[redacted]";
/// Fewer digits are not a telephone number.
const FEWEST_DIGITS: usize = 7;

/// Prints a text on one line. With `redact`, e-mail addresses, telephone numbers and keys are
/// replaced, because a server may quote the input that it rejects.
pub(crate) struct Sanitized {
    pub(crate) text: String,
    pub(crate) redact: bool,
}

impl fmt::Display for Sanitized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut line, mut read) = (String::new(), 0);
        for (index, word) in self.text.split_whitespace().enumerate() {
            if index > 0 {
                line.push(' ');
            }
            if read > LONGEST {
                line.push('…');
                break;
            }
            read += word.len();
            if self.redact && ["@", "sk_", "pk_"].iter().any(|mark| word.contains(mark)) {
                line.push_str(REDACTED);
            } else {
                line.extend(word.chars().take(LONGEST));
            }
        }
        if self.redact {
            line = redact_numbers(&line);
        }
        line.chars().try_for_each(|char| {
            f.write_char(if is_control_like(char) {
                '\u{fffd}'
            } else {
                char
            })
        })
    }
}

/// The text on one line of bounded length, without e-mail addresses, telephone numbers and keys.
#[must_use]
pub fn redact(text: &str) -> String {
    let text = text.to_owned();
    Sanitized { text, redact: true }.to_string()
}

/// Whether a character would control the terminal or reverse the text after it.
pub fn is_control_like(char: char) -> bool {
    char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is a blank, or cannot be seen: zero-width marks, and marks of the direction.
/// Two ids that differ only in them look the same.
#[must_use]
pub fn is_invisible(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Replaces runs of seven or more digits of any script. A run may contain the signs that people
/// write in telephone numbers, and may touch letters, as in `mobile=97333334444`.
fn redact_numbers(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut redacted = String::with_capacity(line.len());
    let mut rest = &chars[..];
    let mut after_digit = false;
    while let Some(&first) = rest.first() {
        let (length, digits) = match first {
            _ if !after_digit && is_date(rest) => (DATE_LENGTH, 0),
            '+' | '(' => number(rest),
            _ if first.is_numeric() => number(rest),
            _ => (1, 0),
        };
        let (run, behind) = rest.split_at(length);
        if digits >= FEWEST_DIGITS {
            redacted.push_str(REDACTED);
        } else {
            redacted.extend(run);
        }
        after_digit = run.last().is_some_and(|last| last.is_numeric());
        rest = behind;
    }
    redacted
}

/// The length of the number at the start, up to its last digit, and its digits. The length is at
/// least 1.
fn number(chars: &[char]) -> (usize, usize) {
    /// As in `(973) - 3333`.
    const MOST_SEPARATORS: usize = 4;
    let (mut length, mut digits) = (1, 0);
    for (at, &char) in chars.iter().enumerate() {
        let is_group = at > 0 && !chars[at - 1].is_numeric();
        if char.is_numeric() {
            if is_group && is_date(&chars[at..]) {
                break;
            }
            (length, digits) = (at + 1, digits + 1);
        } else if at > 0 && (!is_separator(char) || at - length >= MOST_SEPARATORS) {
            break;
        }
    }
    (length, digits)
}

fn is_separator(char: char) -> bool {
    // The range is that of the dashes.
    matches!(
        char,
        '-' | '.' | '/' | '(' | ')' | '_' | '\u{2010}'..='\u{2015}'
    ) || is_invisible(char)
}

const DATE_LENGTH: usize = "2026-06-23".len();

/// Whether the text starts with a date, which says when, not who.
fn is_date(chars: &[char]) -> bool {
    let Some(date) = chars.get(..DATE_LENGTH) else {
        return false;
    };
    let digits = |from: usize, to: usize| -> Option<u32> {
        date[from..to]
            .iter()
            .try_fold(0, |sum, char| Some(sum * 10 + char.to_digit(10)?))
    };
    date[4] == '-'
        && date[7] == '-'
        && digits(0, 4).is_some_and(|year| (1900..2200).contains(&year))
        && digits(5, 7).is_some_and(|month| (1..=12).contains(&month))
        && digits(8, 10).is_some_and(|day| (1..=31).contains(&day))
        && !chars.get(DATE_LENGTH).is_some_and(|next| next.is_numeric())
}
