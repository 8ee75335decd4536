//! Customers that are written to a file are read back as rows that change nothing.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a failed step fails the test"
)]

use std::borrow::Borrow as _;
use std::fs;

use serde_json::json;
use skiplino::{Customer, CustomerWriteRequest};
use skiplino_directory::{
    CustomerRow, DirectoryError, DirectoryWriter, Field, FileRow, Format, HeadingError, RowError,
    RowReader,
};

const FORMATS: [(Format, &str); 3] = [
    (Format::Csv, "all.csv"),
    (Format::JsonLines, "all.jsonl"),
    (Format::Parquet, "all.parquet"),
];

fn customers() -> Vec<Customer> {
    let full = json!({
        "_id": "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b", "externalId": "crm-1", "companyId": "cmp_1",
        "name": "Layla, \"Hassan\"\nline two", "email": "layla@example.com", "mobile": "+97333112233",
        "metadata": {"tier": "gold", "n": [1, 2.5, null]},
        "createdAt": "2026-06-23T11:00:00.000Z", "updatedAt": "2026-06-23T12:30:00.123Z",
    });
    let bare = json!({
        "_id": "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9c", "externalId": "crm-2", "companyId": "cmp_1",
        "createdAt": "2026-06-23T11:00:00.000Z", "updatedAt": "2026-06-23T11:00:00.000Z",
    });
    [full, bare]
        .into_iter()
        .map(|customer| serde_json::from_str(&customer.to_string()).unwrap())
        .collect()
}

fn text(request: &CustomerWriteRequest) -> String {
    format!("{:?} {}", request, serde_json::to_string(request).unwrap())
}

fn expected() -> Vec<String> {
    let mut full = CustomerRow::<RowError>::new();
    for (field, text) in [
        (Field::ExternalId, "crm-1"),
        (Field::Name, "Layla, \"Hassan\"\nline two"),
        (Field::Email, "layla@example.com"),
        (Field::Mobile, "+97333112233"),
        (Field::Metadata, r#"{"tier": "gold", "n": [1, 2.5, null]}"#),
    ] {
        full.set_text(field, text).unwrap();
    }
    let mut bare = CustomerRow::new();
    bare.set_text(Field::ExternalId, "crm-2").unwrap();
    [full, bare].map(|row| text(row.borrow())).to_vec()
}

#[test]
fn every_format_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in FORMATS {
        let path = folder.path().join(name);
        assert_eq!(Format::from_path(&path), Some(format));
        let mut writer = DirectoryWriter::create(&path, format).unwrap();
        writer.write(&customers()).unwrap();
        assert!(!path.exists(), "{name} is not complete yet");
        writer.finish().unwrap();
        let reader = RowReader::open(&path, format).unwrap();
        let progress = reader.progress();
        let rows: Vec<_> = reader.collect();
        assert!(rows.iter().all(|row| row.error().is_none()), "{rows:?}");
        let requests: Vec<_> = rows.iter().map(|row| text(row.borrow())).collect();
        assert_eq!(requests, expected(), "{name}");
        let sizes = rows.iter().map(FileRow::size);
        assert_eq!(progress.total(), Some(sizes.sum()), "{name}");
        assert!(rows[0].size() > 0 && rows[1].size() > 0, "{name}");
    }
    let files = fs::read_dir(folder.path()).unwrap();
    assert_eq!(files.count(), FORMATS.len(), "no part is left");
}

#[test]
fn the_number_of_rows_is_estimated_from_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in FORMATS {
        let path = folder.path().join(name);
        let mut writer = DirectoryWriter::create(&path, format).unwrap();
        for _ in 0..2000 {
            writer.write(&customers()).unwrap();
        }
        writer.finish().unwrap();
        let reader = RowReader::open(&path, format).unwrap();
        let expected = reader.expected_rows().unwrap() as f64;
        let rows = reader.count() as f64;
        // In CSV, half of the rows have two lines.
        let ratio = expected / rows;
        assert!((0.9..1.6).contains(&ratio), "{name}: {ratio}");
        if format == Format::Parquet {
            continue;
        }
        // A line without a line break at its end.
        fs::write(&path, "externalId").unwrap();
        let rows = RowReader::open(&path, format).unwrap().expected_rows();
        assert_eq!(rows, Some(1), "{name}");
    }
}

#[test]
fn an_unfinished_writer_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in FORMATS {
        let path = folder.path().join(name);
        let mut writer = DirectoryWriter::create(&path, format).unwrap();
        writer.write(&customers()).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn of_two_writers_the_last_one_to_finish_remains() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.csv");
    let create = || DirectoryWriter::create(&path, Format::Csv).unwrap();
    let (mut first, second) = (create(), create());
    first.write(&customers()).unwrap();
    second.finish().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    first.finish().unwrap();
    let rows = RowReader::open(&path, Format::Csv).unwrap();
    assert_eq!(rows.count(), customers().len());
}

#[test]
fn a_strict_reader_ends_after_the_first_rejected_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, "externalId,name\na,A\n,B\nc,C\n").unwrap();
    let reader = RowReader::open(&path, Format::Csv).unwrap();
    let rows: Vec<_> = reader.strict(true).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].error(), Some(&RowError::NoExternalId));
    assert_eq!((rows[1].line(), rows[1].external_id()), (3, None));
    let all = RowReader::open(&path, Format::Csv).unwrap();
    assert_eq!(all.count(), 3);
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let missing = RowReader::open(&path, Format::Csv).unwrap_err();
    assert!(missing.to_string().contains("rows.csv: "), "{missing}");
    fs::write(&path, "name,phone\n").unwrap();
    let heading = RowReader::open(&path, Format::Csv).unwrap_err();
    let phone = HeadingError::UnknownColumns(vec!["phone".to_owned()]);
    assert!(
        matches!(&heading, DirectoryError::Heading { source, .. } if *source == phone),
        "{heading}"
    );
}
