//! Fuzzes the CSV reader of customers. Rows that a CSV writer wrote must be read back unchanged.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use skiplino_directory::read_csv;

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    match kind % 3 {
        0 => any(data),
        1 => any(&[b"externalId,name\n", data].concat()),
        _ => written(data),
    }
});

/// The line of each row, its external id, and whether it can be a customer. None if the heading is
/// rejected.
fn rows(text: &[u8]) -> Option<Vec<(u64, Option<String>, bool)>> {
    let rows = read_csv(text, Path::new("fuzz.csv")).ok()?;
    let rows = rows.map(|row| {
        let row = row.expect("bytes can always be read");
        let id = row.external_id().map(str::to_owned);
        (row.line(), id, row.error().is_none())
    });
    Some(rows.collect())
}

/// Rows are in order, and each that can be a customer has an id.
fn any(text: &[u8]) {
    let Some(rows) = rows(text) else {
        return;
    };
    let ends = text.iter().filter(|byte| matches!(byte, b'\n' | b'\r'));
    let lines = ends.count() as u64 + 1;
    let mut last = 1;
    for (line, id, is_good) in rows {
        assert!(line > last && line <= lines, "line {line} after {last}");
        last = line;
        assert!(!is_good || id.is_some_and(|id| !id.trim().is_empty()));
    }
}

/// Rows that a CSV writer wrote are read back unchanged. 0xff ends a field, and 0xfe a row. The
/// values begin with a letter, and the ids end with one: otherwise they could look like values that
/// a spreadsheet has damaged. An id has one line, because several may look like rows.
fn written(data: &[u8]) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(["metadata.note", "externalId"])
        .unwrap();
    let mut expected = Vec::new();
    for row in data.split(|byte| *byte == 0xfe) {
        let mut fields = row.split(|byte| *byte == 0xff);
        let note = [b"n", fields.next().unwrap_or_default()].concat();
        let mut id = [b"i", fields.next().unwrap_or_default(), b"i"].concat();
        id.retain(|byte| !matches!(byte, b'\n' | b'\r'));
        writer.write_record([&note, &id]).unwrap();
        let id = String::from_utf8(id).ok();
        let id = id.filter(|_| std::str::from_utf8(&note).is_ok());
        expected.push((id.clone(), id.is_some()));
    }
    let text = writer.into_inner().unwrap();
    let read = rows(&text).expect("the heading is right");
    let read: Vec<_> = read
        .into_iter()
        .map(|(_, id, is_good)| (id.filter(|_| is_good), is_good))
        .collect();
    assert_eq!(read, expected);
}
