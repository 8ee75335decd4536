//! Values that a spreadsheet, or a program that takes text for numbers, has damaged.
//!
//! Rejects only values that nobody can have meant: storing one would replace a valid value.

use crate::column::Field;
use crate::error::TextError;

/// Rejects a text that is certainly not the value of this field.
pub(crate) fn check(field: Field, text: &str) -> Result<(), TextError> {
    let is_number_like = matches!(field, Field::ExternalId | Field::Mobile);
    let unquoted = text.strip_prefix('\'');
    if is_formula(text) || (field == Field::Mobile && text.starts_with('=')) {
        return Err(TextError::Formula);
    }
    // An apostrophe may begin a name. Before these characters, it keeps a spreadsheet from running
    // the text as a formula.
    if unquoted.is_some_and(|rest| is_number_like || rest.starts_with(['=', '+', '-', '@', '\t'])) {
        return Err(TextError::Apostrophe);
    }
    if is_error(text) {
        return Err(TextError::SpreadsheetError);
    }
    if is_number_like && is_scientific(text, field) {
        return Err(TextError::ScientificNotation);
    }
    if field == Field::Mobile && has_decimals(text) {
        return Err(TextError::Decimals);
    }
    Ok(())
}

/// `="text"`, which keeps a spreadsheet from taking the text for a number.
fn is_formula(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("=\"") && text.ends_with('"')
}

fn is_error(text: &str) -> bool {
    let errors = [
        "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
    ];
    // LibreOffice writes number signs for a value that is wider than its column.
    errors.contains(&text) || (text.len() > 2 && text.bytes().all(|byte| byte == b'#'))
}

/// `9.73331E+11`. An id such as `12E4` may be valid: an id counts as damaged only with a sign or a
/// point.
fn is_scientific(text: &str, field: Field) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.trim();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let unsigned = exponent.trim_start_matches(['+', '-']);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let is_number = is_digits(whole.trim_start_matches(['+', '-']))
        && is_digits(fraction)
        && is_digits(unsigned);
    is_number && (field == Field::Mobile || unsigned != exponent || fraction != "0")
}

/// `97333112233.0`
fn has_decimals(text: &str) -> bool {
    text.trim()
        .split_once(['.', ','])
        .is_some_and(|(whole, decimals)| {
            let digits = whole.trim_start_matches('+');
            digits.len() > 4
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && matches!(decimals, "0" | "00")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_values_are_rejected_and_others_are_not() {
        use TextError::{Apostrophe, Decimals, Formula, ScientificNotation, SpreadsheetError};
        let (id, name, email, mobile) =
            (Field::ExternalId, Field::Name, Field::Email, Field::Mobile);
        for (field, text, error) in [
            (mobile, "9.73331E+11", ScientificNotation),
            (mobile, "9,73331E+11", ScientificNotation),
            (mobile, "1e11", ScientificNotation),
            (mobile, "+9.73331e11", ScientificNotation),
            (id, "1.23E+11", ScientificNotation),
            (id, "1E+11", ScientificNotation),
            (id, "1.5E11", ScientificNotation),
            (mobile, "97333112233.0", Decimals),
            (mobile, "=\"+97333112233\"", Formula),
            (mobile, "=97333112233", Formula),
            (name, "=\"Layla\"", Formula),
            (id, "=\"0012\"", Formula),
            (mobile, "'+97333112233", Apostrophe),
            (id, "'0012", Apostrophe),
            (name, "'=1+1", Apostrophe),
            (email, "'@x", Apostrophe),
            (email, "#NAME?", SpreadsheetError),
            (name, "#N/A", SpreadsheetError),
            (mobile, "########", SpreadsheetError),
        ] {
            assert_eq!(check(field, text), Err(error), "{field:?} {text}");
        }
        for (field, text) in [
            (mobile, "+97333112233"),
            (mobile, "0097333112233"),
            (mobile, "33.112.233"),
            (mobile, "-"),
            (id, "12E4"),
            (id, "1E11"),
            (id, "be+5"),
            (id, "7741.0"),
            (id, "a=\"b\""),
            (name, "'t Hooft"),
            (name, "=HYPERLINK(\"x\")"),
            (name, "-"),
            (name, "1E+5"),
            (name, "#1"),
            (email, "=@example.com"),
        ] {
            assert_eq!(check(field, text), Ok(()), "{field:?} {text}");
        }
    }
}
