//! Hostile bytes as a CSV file of customers, and customers written as CSV that must be read back as they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skiplino_cli::csv_rows;

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

/// Whatever it is, rows are found from its top to its bottom, and those that are customers have an id.
fn any(text: &[u8]) {
    let Some(rows) = csv_rows(text) else {
        return;
    };
    let ends = text.iter().filter(|byte| matches!(byte, b'\n' | b'\r'));
    let lines = ends.count() as u64 + 1;
    let mut last = 1;
    for (line, id, good) in rows {
        assert!(line > last && line <= lines, "line {line} after {last}");
        last = line;
        assert!(!good || id.is_some_and(|id| !id.trim().is_empty()));
    }
}

/// What a writer of CSV was given comes back row by row. 0xff ends a field, and 0xfe a row.
fn written(data: &[u8]) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["name", "externalId"]).unwrap();
    let mut given = Vec::new();
    for row in data.split(|byte| *byte == 0xfe) {
        let mut fields = row.split(|byte| *byte == 0xff);
        let (name, id) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        writer.write_record([name, id]).unwrap();
        let readable = std::str::from_utf8(name).is_ok();
        let id = std::str::from_utf8(id).ok();
        let good = readable && id.is_some_and(|id| !id.trim().is_empty());
        given.push((id.filter(|_| good).map(str::to_owned), good));
    }
    let text = writer.into_inner().unwrap();
    let read = csv_rows(&*text).expect("the heading is right");
    let read: Vec<_> = read
        .into_iter()
        .map(|(_, id, good)| (id.filter(|_| good), good))
        .collect();
    assert_eq!(read, given);
}
