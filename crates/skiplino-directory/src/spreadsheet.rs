//! Values that a spreadsheet, or a program that takes text for numbers, has damaged.
//!
//! Rejects only values that nobody can have meant: storing one would replace a valid value.

use skiplino::{invisible_ends, is_invisible};

use crate::column::{Column, Field};
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
    if is_error(text, field) {
        return Err(TextError::SpreadsheetError);
    }
    if field == Field::ExternalId && Column::parse(text) == Some(Column::Field(field)) {
        return Err(TextError::ColumnName);
    }
    // The core checks the ends of ids. Ordinary blanks do no harm in these fields.
    if matches!(field, Field::Email | Field::Mobile)
        && let Some(points) = invisible_ends(text.trim_matches(is_ascii_blank), is_mark)
    {
        return Err(TextError::InvisibleEnds(points));
    }
    if matches!(field, Field::Email | Field::Mobile) && is_no_value_word(text) {
        return Err(TextError::NoValueWord);
    }
    if is_number_like && is_scientific(text, field) {
        return Err(TextError::ScientificNotation);
    }
    if field == Field::Mobile && has_decimals(text) {
        return Err(TextError::Decimals);
    }
    if field == Field::Mobile && !text.contains(char::is_numeric) {
        return Err(TextError::NoDigits);
    }
    Ok(())
}

/// `="text"`, which keeps a spreadsheet from taking the text for a number.
fn is_formula(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("=\"") && text.ends_with('"')
}

/// Whether a text is an error of a spreadsheet, in any language: `#REF!`, `#BEZUG!`, `#NOM?`.
fn is_error(text: &str, field: Field) -> bool {
    // Errors without a mark at their end, in the languages of spreadsheets.
    let unmarked = [
        "N/A",
        "NV",
        "N/D",
        "N/B",
        "I/T",
        "Н/Д",
        "YOK",
        "GETTING_DATA",
    ];
    let text = text.trim();
    // LibreOffice: `Err:502`.
    if let Some(("Err" | "err" | "ERR", code)) = text.split_once(':') {
        return code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    }
    let Some(error) = text.strip_prefix('#') else {
        return false;
    };
    // LibreOffice writes number signs for a value that is wider than its column.
    if !error.is_empty() && error.chars().all(|char| char == '#') {
        return error.len() > 1 || field == Field::Mobile;
    }
    let letters = error.chars().filter(|char| char.is_alphabetic()).count();
    let is_shouted = !error.contains(|char: char| char.is_lowercase() || char.is_whitespace());
    unmarked.contains(&error.to_uppercase().as_str())
        || (letters > 1 && is_shouted && error.ends_with(['!', '?']))
        || (letters > 0 && field == Field::Mobile)
}

/// Whether a text stands for no value in some program, and is no e-mail address or phone number.
fn is_no_value_word(text: &str) -> bool {
    let words = [
        "null", "none", "nan", "nat", "nil", "<na>", "n/a", "na", "\\n", "true", "false",
    ];
    words.contains(&text.trim().to_lowercase().as_str())
}

fn is_ascii_blank(char: char) -> bool {
    char.is_ascii_whitespace()
}

/// Whether a character is invisible, and no ordinary blank.
fn is_mark(char: char) -> bool {
    is_invisible(char) && !is_ascii_blank(char)
}

/// Full-width characters as ASCII.
fn narrow(text: &str) -> String {
    let narrow = |char: char| match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        char => char,
    };
    text.trim().chars().map(narrow).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_numeric)
}

/// `9.73331E+11`. An id such as `12E4` may be valid: an id counts as damaged only with a sign or a
/// point.
fn is_scientific(text: &str, field: Field) -> bool {
    let text = narrow(text);
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

/// `97333112233.0`, `97333112233.`
fn has_decimals(text: &str) -> bool {
    narrow(text)
        .split_once(['.', ','])
        .is_some_and(|(whole, decimals)| {
            let digits = whole.trim_start_matches(['+', '-']);
            digits.len() > 4 && is_digits(digits) && decimals.bytes().all(|byte| byte == b'0')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_values_are_rejected_and_others_are_not() {
        use TextError::{
            Apostrophe, ColumnName, Decimals, Formula, InvisibleEnds, NoDigits, NoValueWord,
            ScientificNotation, SpreadsheetError,
        };
        let ends = |points: &str| InvisibleEnds(points.to_owned());
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
            (mobile, "##", SpreadsheetError),
            (mobile, "#NV", SpreadsheetError),
            (mobile, "#n/a", SpreadsheetError),
            (mobile, "#N/A ", SpreadsheetError),
            (mobile, "#fehlt", SpreadsheetError),
            (name, "#BEZUG!", SpreadsheetError),
            (name, "#NOM?", SpreadsheetError),
            (email, "#¡VALOR!", SpreadsheetError),
            (email, "#ERROR!", SpreadsheetError),
            (id, "#BUSY!", SpreadsheetError),
            (id, "#FIELD!", SpreadsheetError),
            (id, "#ЗНАЧ!", SpreadsheetError),
            (name, "#GETTING_DATA", SpreadsheetError),
            (name, "Err:502", SpreadsheetError),
            (id, "externalId", ColumnName),
            (id, "External ID", ColumnName),
            (mobile, "97333112233.000", Decimals),
            (mobile, "973331122330.", Decimals),
            (mobile, "９.７３３３１Ｅ+11", ScientificNotation),
            (mobile, "٩.٧٣٣E+١١", ScientificNotation),
            (mobile, "TRUE", NoValueWord),
            (mobile, "NULL", NoValueWord),
            (mobile, "NaN", NoValueWord),
            (email, "None", NoValueWord),
            (email, "\\N", NoValueWord),
            (email, "FALSE", NoValueWord),
            (mobile, "-", NoDigits),
            (mobile, "#", NoDigits),
            (mobile, "WAHR", NoDigits),
            (
                mobile,
                "\u{202a}+97333112233\u{202c}",
                ends("U+202A, U+202C"),
            ),
            (mobile, "+97333112233\u{a0}", ends("U+00A0")),
            (email, " \u{200b}a@example.com", ends("U+200B")),
        ] {
            assert_eq!(check(field, text), Err(error), "{field:?} {text}");
        }
        for (field, text) in [
            (mobile, "+97333112233"),
            (mobile, "0097333112233"),
            (mobile, "33.112.233"),
            (mobile, " +973 3311 2233 "),
            (mobile, "٠٠٩٧٣٣٣١١٢٢٣٣"),
            (mobile, "+973 33112233 ext. 5"),
            (mobile, "#31#+97333112233"),
            (id, "#1001"),
            (id, "#A12"),
            (id, "#1!"),
            (id, "TRUE"),
            (id, "email"),
            (name, "None"),
            (name, "Null"),
            (name, "True"),
            (name, "externalId"),
            (name, "#1 Customer"),
            (name, "#Winning!"),
            (name, "#"),
            (name, "\u{feff}Layla\u{200e}"),
            (email, "null@example.com"),
            (email, "#a@example.com"),
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
