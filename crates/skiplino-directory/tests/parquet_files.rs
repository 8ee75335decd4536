//! Parquet files of other programs: their codecs, and columns that hold no value.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step fails the test"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use skiplino_directory::{DirectoryError, Format, FormatError, HeadingError, RowReader};

const SCHEMA: &str = "message customers {
    required binary externalId (string);
    optional int32 name (unknown);
    optional double mobile;
}";

/// Writes two groups of three rows. The numbers are the values of `mobile` in each.
fn write(path: &Path, compression: Compression, numbers: &[f64]) {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = WriterProperties::builder().set_compression(compression);
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties.build().into()).unwrap();
    for ids in [["a", "b", "c"], ["d", "e", "f"]] {
        let mut group = writer.next_row_group().unwrap();
        let ids = ids.map(ByteArray::from);
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&ids, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let none = Some(&[0, 0, 0][..]);
        column
            .typed::<Int32Type>()
            .write_batch(&[], none, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Vec<_> = (0..3).map(|row| i16::from(row < numbers.len())).collect();
        let typed = column.typed::<DoubleType>();
        typed.write_batch(numbers, Some(&levels), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// Changes what the footer says of each column of each row group.
fn change_chunks(
    path: &Path,
    change: impl Fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder,
) {
    let mut bytes = fs::read(path).unwrap();
    let file = fs::File::open(path).unwrap();
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&file)
        .unwrap();
    let mut metadata = metadata.into_builder();
    let groups = metadata.take_row_groups().into_iter().map(|group| {
        let columns = group.columns().iter().cloned();
        let columns = columns.map(|column| change(column.into_builder()).build().unwrap());
        let columns = columns.collect();
        let group = group.into_builder().set_column_metadata(columns);
        group.build().unwrap()
    });
    let metadata = metadata.set_row_groups(groups.collect()).build();
    ParquetMetaDataWriter::new(&mut bytes, &metadata)
        .finish()
        .unwrap();
    fs::write(path, bytes).unwrap();
}

fn assert_damaged(path: &Path) {
    let error = RowReader::open(path, Format::Parquet).unwrap_err();
    let is_damaged = |source: &FormatError| *source == FormatError::Damaged;
    assert!(
        matches!(&error, DirectoryError::Format { source, .. } if is_damaged(source)),
        "{error}"
    );
}

#[test]
fn a_footer_that_contradicts_the_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let damage: [fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder; 5] = [
        |column| column.set_data_page_offset(-7),
        |column| column.set_data_page_offset(1 << 40),
        |column| column.set_total_compressed_size(-1),
        |column| column.set_total_compressed_size(1 << 40),
        |column| column.set_num_values(2),
    ];
    for change in damage {
        write(&path, Compression::UNCOMPRESSED, &[]);
        change_chunks(&path, change);
        assert_damaged(&path);
    }
    // The footer counts four rows, but its row groups have six. In the compact Thrift encoding,
    // this is the number 6 as the footer's field 3, before its list of two row groups.
    write(&path, Compression::UNCOMPRESSED, &[]);
    let mut bytes = fs::read(&path).unwrap();
    let places = bytes.windows(4).enumerate();
    let mut places = places.filter(|(_, bytes)| bytes == b"\x16\x0c\x19\x2c");
    let ((at, _), None) = (places.next().unwrap(), places.next()) else {
        panic!("the number of rows appears twice");
    };
    bytes[at + 1] = 4 << 1;
    fs::write(&path, bytes).unwrap();
    assert_damaged(&path);
}

#[test]
fn damage_in_the_middle_is_found_before_the_first_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let gzip = Compression::GZIP(GzipLevel::default());
    write(&path, gzip, &[f64::NAN]);
    let bytes = fs::read(&path).unwrap();
    let metadata = ParquetMetaDataReader::new();
    let metadata = metadata
        .parse_and_finish(&fs::File::open(&path).unwrap())
        .unwrap();
    for (row_group, group) in metadata.row_groups().iter().enumerate() {
        for chunk in group.columns() {
            let (start, length) = chunk.byte_range();
            let (start, length) = (usize::try_from(start), usize::try_from(length));
            let mut damaged = bytes.clone();
            damaged[start.unwrap()..][..length.unwrap()].fill(0xff);
            fs::write(&path, damaged).unwrap();
            let error = RowReader::open(&path, Format::Parquet).unwrap_err();
            let column = chunk.column_path().string();
            let damage = FormatError::DamagedColumn { column, row_group };
            assert!(
                matches!(&error, DirectoryError::Format { source, .. } if *source == damage),
                "{error}"
            );
        }
    }
    for (bytes, source) in [
        (&b"externalId,name\na,A\n"[..], FormatError::NotParquet),
        (b"", FormatError::NotParquet),
        (b"PAR1 PAR1", FormatError::Damaged),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = RowReader::open(&path, Format::Parquet).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: {source}", path.display()),
            "{bytes:?}"
        );
        assert!(matches!(error, DirectoryError::Format { .. }), "{error:?}");
    }
}

#[test]
fn no_damaged_byte_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    write(&path, Compression::SNAPPY, &[f64::NAN]);
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        for value in [0, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            fs::write(&path, damaged).unwrap();
            // Each row is read, or an error is returned.
            if let Ok(rows) = RowReader::open(&path, Format::Parquet) {
                let progress = rows.progress();
                let count = rows.count();
                let error = progress.take_error();
                assert!(error.is_some() || progress.total() == Some(count as u64));
            }
        }
    }
}

#[test]
fn every_codec_of_the_usual_writers_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let path = folder.path().join("rows.parquet");
        write(&path, compression, &[]);
        let rows: Vec<_> = RowReader::open(&path, Format::Parquet).unwrap().collect();
        let ids: Vec<_> = rows.iter().map(|row| row.external_id()).collect();
        assert_eq!(
            ids,
            ["a", "b", "c", "d", "e", "f"].map(Some),
            "{compression:?}"
        );
        assert!(rows.iter().all(|row| row.error().is_none()), "{rows:?}");
    }
}

#[test]
fn a_codec_that_is_not_read_is_rejected_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    write(&path, Compression::UNCOMPRESSED, &[]);
    // No writer makes such files any more, so only the footer says LZO.
    change_chunks(&path, |column| column.set_compression(Compression::LZO));
    let error = RowReader::open(&path, Format::Parquet).unwrap_err();
    let codec = FormatError::Codec {
        column: "externalId".to_owned(),
        codec: "LZO".to_owned(),
    };
    assert!(
        matches!(&error, DirectoryError::Format { source, .. } if *source == codec),
        "{error}"
    );
}

#[test]
fn a_column_without_values_is_not_given_and_one_with_numbers_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    write(&path, Compression::UNCOMPRESSED, &[f64::NAN, f64::NAN]);
    let rows: Vec<_> = RowReader::open(&path, Format::Parquet).unwrap().collect();
    assert!(rows.iter().all(|row| row.error().is_none()), "{rows:?}");
    write(
        &path,
        Compression::UNCOMPRESSED,
        &[f64::NAN, 97_333_112_233.0],
    );
    let error = RowReader::open(&path, Format::Parquet).unwrap_err();
    let not_text = HeadingError::NotText("mobile".to_owned());
    assert!(
        matches!(&error, DirectoryError::Heading { source, .. } if *source == not_text),
        "{error}"
    );
}
