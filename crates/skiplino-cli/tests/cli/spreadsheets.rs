//! Imports of files that a spreadsheet has written.

use serde_json::json;

use crate::export_import::Desk;

const LAYLA: &str = "crm-7741";

#[test]
fn an_empty_value_erases_only_what_is_named() {
    for (name, text) in [
        (
            "rows.csv",
            "externalId,name,email,mobile,metadata\ncrm-7741,,,,\n",
        ),
        (
            "rows.jsonl",
            "{\"externalId\": \"crm-7741\", \"name\": null, \"email\": \"\", \"mobile\": null, \"metadata\": null}\n",
        ),
        (
            "keys.csv",
            "externalId,name,email,mobile,metadata.tier\ncrm-7741,,,,\n",
        ),
    ] {
        let desk = Desk::new();
        let before = desk.stored()[LAYLA].clone();
        desk.write(name, text);
        let import = |erase: &[&str]| desk.run(&[&["import", name], erase].concat());
        import(&[])
            .ok()
            .prints(&["1 row: 0 created, 0 updated, 1 unchanged"]);
        assert_eq!(desk.stored()[LAYLA], before, "{name}");
        import(&["--erase", "email,mobile"])
            .ok()
            .prints(&["1 updated"]);
        let without =
            json!({"externalId": LAYLA, "name": before["name"], "metadata": before["metadata"]});
        assert_eq!(desk.stored()[LAYLA], without, "{name}");
        import(&["--erase", "metadata", "--erase", "name"])
            .ok()
            .prints(&["1 updated"]);
        assert_eq!(desk.stored()[LAYLA].get("name"), None, "{name}");
        assert!(
            desk.stored()[LAYLA]
                .get("metadata")
                .is_none_or(|metadata| *metadata == json!({})),
            "{name}"
        );
        assert_eq!(import(&["--erase", "externalId"]).code, 2);
    }
    // A field that the file does not have is kept, whatever is named.
    let desk = Desk::new();
    let before = desk.stored()[LAYLA].clone();
    desk.write("rows.csv", "externalId,name\ncrm-7741,\n");
    desk.run(&["import", "rows.csv", "--erase", "email,mobile,metadata"])
        .ok();
    desk.write("rows.jsonl", "{\"externalId\": \"crm-7741\"}\n");
    desk.run(&[
        "import",
        "rows.jsonl",
        "--erase",
        "name,email,mobile,metadata",
    ])
    .ok();
    assert_eq!(desk.stored()[LAYLA], before);
}

#[test]
fn a_value_that_a_spreadsheet_has_damaged_fails_its_row() {
    let desk = Desk::new();
    let before = desk.stored();
    desk.write(
        "rows.csv",
        "externalId,name,mobile\n\
        crm-7741,,9.73331E+11\n\
        crm-7741,,\"=\"\"+97333112233\"\"\"\n\
        crm-7741,,97333112233.0\n\
        1.23E+11,New,\n\
        crm-7741,#NAME?,\n\
        crm-7741,,'0097333112233\n",
    );
    desk.write(
        "rows.jsonl",
        "{\"externalId\": \"crm-7741\", \"mobile\": \"9.73331E+11\"}\n",
    );
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    let reasons = desk.report("rows.csv.failed.csv");
    for (line, reason) in [
        (
            2,
            "mobile is a number in scientific notation, which has lost digits: format",
        ),
        (3, "mobile is a formula of a spreadsheet: format"),
        (4, "mobile is a number with decimals: format"),
        (5, "externalId is a number in scientific notation"),
        (
            6,
            "name is an error of a spreadsheet, such as #N/A: enter the value again",
        ),
        (7, "mobile begins with an apostrophe"),
    ] {
        assert!(reasons[&line].starts_with(reason), "{line}: {reasons:?}");
    }
    assert_eq!(desk.run(&["import", "rows.jsonl"]).code, 16);
    assert!(desk.report("rows.jsonl.failed.csv")[&1].contains("scientific notation"));
    assert_eq!((desk.stored(), desk.writes()), (before, 0));
}

/// Imports rows of these columns, each of which must fail with its reason.
fn assert_all_fail(heading: &str, rows: &[(&str, &str)]) {
    let desk = Desk::new();
    let before = desk.stored();
    let lines: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    desk.write("rows.csv", format!("{heading}\n{lines}"));
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16, "{rows:?}");
    let reasons = desk.report("rows.csv.failed.csv");
    assert_eq!(reasons.len(), rows.len(), "{reasons:?}");
    for (reason, (row, expected)) in reasons.values().zip(rows) {
        assert!(reason.starts_with(expected), "{row}: {reason}");
    }
    assert_eq!((desk.stored(), desk.writes()), (before, 0));
}

#[test]
fn a_blank_cell_keeps_the_stored_value() {
    for blank in [" ", "\u{a0}", "\u{200b}"] {
        let desk = Desk::new();
        let before = desk.stored()[LAYLA].clone();
        let cells = [blank; 4].join(",");
        desk.write(
            "rows.csv",
            format!("externalId,name,email,mobile,metadata.tier\ncrm-7741,{cells}\n"),
        );
        desk.run(&["import", "rows.csv"])
            .ok()
            .prints(&["1 unchanged"]);
        assert_eq!(desk.stored()[LAYLA], before, "{blank:?}");
        desk.run(&["import", "rows.csv", "--erase", "email"]).ok();
        assert_eq!(desk.stored()[LAYLA].get("email"), None, "{blank:?}");
    }
}

#[test]
fn errors_and_words_instead_of_a_value_fail_their_rows() {
    let error = "is an error of a spreadsheet";
    let word = "is a word such as null, which stands for no value";
    let decimals = "is a number with decimals";
    let ends = "must not begin or end with invisible characters: U+";
    let cells = [
        ("mobile", "#NV", error),
        ("mobile", "#GETTING_DATA", error),
        ("mobile", "#n/a ", error),
        ("mobile", "##", error),
        ("mobile", "Err:502", error),
        ("name", "#BEZUG!", error),
        ("email", "#NOM?", error),
        ("mobile", "TRUE", word),
        ("mobile", "null", word),
        ("email", "\\N", word),
        ("email", "nan", word),
        ("mobile", "WAHR", "has no digits"),
        ("mobile", "97333112233.000", decimals),
        ("mobile", "97333112233.", decimals),
        ("mobile", "\u{202a}+97333112233\u{202c}", ends),
        ("email", "a@example.com\u{a0}", ends),
    ];
    let rows = cells.map(|(field, text, reason)| {
        let cells = ["name", "email", "mobile"].map(|name| if name == field { text } else { "" });
        (
            format!("crm-7741,{}", cells.join(",")),
            format!("{field} {reason}"),
        )
    });
    let rows = rows.each_ref().map(|(row, reason)| (&**row, &**reason));
    assert_all_fail("externalId,name,email,mobile", &rows);
    // As names, these are ordinary texts.
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "externalId,name\na,None\nb,True\nc,#1 Customer\n#1001,null\n",
    );
    desk.run(&["import", "rows.csv"])
        .ok()
        .prints(&["4 created"]);
    assert_eq!(desk.stored()["a"]["name"], "None");
}

#[test]
fn rows_that_a_quote_or_a_second_heading_has_damaged_fail() {
    let lines = "holds several lines that look like rows";
    assert_all_fail(
        "External ID,name",
        &[
            ("External ID,name", "externalId is the name of its column"),
            ("externalId,", "externalId is the name of its column"),
            (
                "a, \"Hassan, Layla\"",
                "a blank comes before an opening quote",
            ),
            ("b,\"Layla\nc,Omar\nd,Sara\"", &format!("name {lines}")),
        ],
    );
    assert_all_fail(
        "externalId,email,name,mobile",
        &[
            (
                "a,\"a@example.com\nb@example.com\",,",
                "email has more than one line",
            ),
            ("a,,,\"+97333112233\n\"", "mobile has more than one line"),
            ("a,,\"A,\n\nb,,B\",", &format!("name {lines}")),
            ("\"a,,A,\nb\",,B,", &format!("externalId {lines}")),
        ],
    );
    // A name over several lines that are no rows is a name, as exports write it.
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "externalId,name,metadata.note\na,\"Layla\nHassan\",\"x,y\nz,w\"\n",
    );
    desk.run(&["import", "rows.csv"])
        .ok()
        .prints(&["1 created"]);
    assert_eq!(desk.stored()["a"]["name"], "Layla\nHassan");
}

#[test]
fn a_text_of_many_lines_is_reported() {
    let desk = Desk::new();
    // Each line has fewer fields than a row, so these are no rows for certain.
    for (lines, is_reported) in [(9, false), (10, true)] {
        let name = ["Layla, H"].repeat(lines).join("\n");
        desk.write(
            "rows.csv",
            format!("externalId,name,metadata.note\na,A,\nb,\"{name}\",x\n"),
        );
        let ran = desk.run(&["import", "rows.csv", "--dry-run"]);
        let said = "rows.csv: the row on line 3 has a text of 10 lines: if that is unexpected";
        assert_eq!(
            (ran.code, ran.err.contains(said)),
            (0, is_reported),
            "{ran:?}"
        );
    }
    let metadata = format!("{{{}\n}}", "\n".repeat(20));
    desk.write(
        "rows.csv",
        format!("externalId,metadata\na,\"{metadata}\"\n"),
    );
    desk.run(&["import", "rows.csv", "--dry-run"]).ok();
}

#[test]
fn a_damaged_parquet_file_is_rejected_as_a_whole() {
    let desk = Desk::new();
    desk.run(&["export", "all.parquet"]).ok();
    let bytes = std::fs::read(desk.path("all.parquet")).unwrap();
    // No byte of the footer makes the command panic.
    let footer = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[footer..footer + 4].try_into().unwrap());
    let start = footer - usize::try_from(length).unwrap();
    for at in (start..footer).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[at] = 0xff;
        desk.write("rows.parquet", damaged);
        let ran = desk.run(&["import", "rows.parquet", "--dry-run"]);
        assert_ne!(ran.code, 101, "{at}: {ran:?}");
    }
    // Damage in the data is found before anything is sent.
    let mut damaged = bytes;
    damaged[4..start].fill(0xff);
    desk.write("rows.parquet", damaged);
    let ran = desk.run(&["import", "rows.parquet", "--json"]);
    let said = "the Parquet file is damaged in the column externalId, in row group 0 (from 0)";
    let ran = ran.fails(2, &["rows.parquet: ", said, "InvalidRequest", "NotApplied"]);
    assert_eq!(desk.writes(), 0, "{ran:?}");
    assert_eq!(desk.files(), ["all.parquet", "rows.parquet"]);
}

#[test]
fn an_id_with_invisible_ends_fails_its_row_and_names_them() {
    let desk = Desk::new();
    let ids = [
        (" crm-7741", "U+0020"),
        ("crm-7741\u{a0}", "U+00A0"),
        ("\u{200b}crm-7741", "U+200B"),
        ("\u{202a}crm-7741\u{202c}", "U+202A, U+202C"),
        ("crm-7741\u{200e}", "U+200E"),
        ("crm-7741\u{feff}", "U+FEFF"),
    ];
    let lines = ids.map(|(id, _)| format!("{id},Name\n")).concat();
    desk.write(
        "rows.csv",
        format!("externalId,name\n{lines}crm 8000,Omar\n"),
    );
    let objects = ids
        .map(|(id, _)| format!("{}\n", json!({"externalId": id})))
        .concat();
    desk.write("rows.jsonl", objects);
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    assert_eq!(desk.run(&["import", "rows.jsonl"]).code, 16);
    for (index, (_, points)) in ids.iter().enumerate() {
        for (file, heading) in [("rows.csv", 1), ("rows.jsonl", 0)] {
            let reasons = desk.report(&format!("{file}.failed.csv"));
            let reason = &reasons[&(index as u64 + heading + 1)];
            let said = "externalId: must not begin or end with blanks or invisible characters: ";
            assert!(reason.ends_with(&format!("{said}{points}")), "{reason}");
        }
    }
    assert_eq!((desk.writes(), desk.stored().len()), (1, 3));
    // On the command line, too.
    let world = &desk.world;
    world
        .run(&["customers", "create", "--external-id", "crm-1\u{a0}"])
        .fails(2, &["externalId", "U+00A0"]);
    world
        .run(&["customers", "get", "ext:crm-7741 "])
        .fails(2, &["externalId", "U+0020"]);
}

#[test]
fn separators_and_headings_are_understood_and_reported_once() {
    let semicolons = "rows.csv: the fields are separated by ';'";
    let tabs = "rows.csv: the fields are separated by tabs";
    let names = "rows.csv: the column \"External ID\" is read as externalId, the column \" E-Mail\" is read as email";
    for (text, said) in [
        (
            "externalId;email;name\na;a,@x;\"A; B\"\n",
            &[semicolons][..],
        ),
        ("externalId\temail\tname\r\na\ta,@x\tA; B\r\n", &[tabs]),
        (
            "sep=;\r\nexternalId;email;name\r\na;a,@x;\"A; B\"\r\n",
            &[semicolons],
        ),
        (
            "\u{feff}\"sep=\t\"\nexternalId\temail\tname\na\ta,@x\tA; B\n",
            &[tabs],
        ),
        ("sep=,\nexternalId,email,name\na,\"a,@x\",A; B\n", &[]),
        ("External ID, E-Mail,name\na,\"a,@x\",A; B\n", &[names]),
        (
            "externalId,email,name,,\na,\"a,@x\",A; B,,\n,,,,\n, ,,,\n",
            &[
                "rows.csv: the last 2 columns have no name and are ignored while they are empty",
                "rows.csv: lines without any value were skipped: 2",
            ],
        ),
        (
            "Name;email;externalId;\nA\\;a,@x;a;\n",
            &[
                semicolons,
                "\"Name\" is read as name",
                "the last column has no name",
            ],
        ),
    ] {
        let desk = Desk::new();
        desk.write("rows.csv", text);
        let ran = desk.run(&["import", "rows.csv"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.out.starts_with("1 row: 1 created"), "{ran:?}");
        assert_eq!(desk.stored()["a"]["email"], "a,@x", "{text:?}");
        assert_eq!(ran.err.lines().count(), said.len(), "{ran:?}");
        for said in said {
            assert_eq!(ran.err.matches(said).count(), 1, "{said}: {ran:?}");
        }
    }
    // A value in a column without a name belongs to no field.
    let desk = Desk::new();
    desk.write("rows.csv", "externalId,name,\na,A,x\nb,B,\nc,C\n");
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    let reason = "column 3 has a value, but no name in the heading";
    assert_eq!(desk.report("rows.csv.failed.csv")[&2], reason);
    assert_eq!(desk.created(), 2);
}

#[test]
fn a_file_that_is_not_utf_8_text_is_rejected_with_the_cure() {
    let desk = Desk::new();
    let utf_16: Vec<u8> = "externalId,name\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, said) in [
        (
            [b"\xff\xfe", &utf_16[..]].concat(),
            "the file is UTF-16: save it as UTF-8",
        ),
        (utf_16, "the file is UTF-16: save it as UTF-8"),
        (
            b"PK\x03\x04...".to_vec(),
            "the file is a workbook or an archive",
        ),
        (b"\x1f\x8b\x08...".to_vec(), "the file is compressed"),
        (b"PAR1....PAR1".to_vec(), "the file is Parquet"),
        (
            b"externalId,\x4e\xe9e\n".to_vec(),
            "the heading is not UTF-8: save it as UTF-8",
        ),
    ] {
        desk.write("rows.csv", bytes);
        desk.run(&["import", "rows.csv"])
            .fails(2, &["rows.csv", said]);
    }
    assert_eq!(desk.files(), ["rows.csv"]);
    // A Windows code page, in one field.
    desk.write("rows.csv", b"externalId,name\na,Ren\xe9\nb,B\n");
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    let reason = "name is not UTF-8: save it as UTF-8, which Excel calls \"CSV UTF-8\"";
    assert_eq!(desk.report("rows.csv.failed.csv")[&2], reason);
}
