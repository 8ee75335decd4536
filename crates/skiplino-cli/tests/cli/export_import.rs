//! Whole directories: exported to files, and imported from them.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, World, run};

/// A sandbox and a folder for files.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            world: World::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `customers COMMAND ...` in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["customers"], arguments].concat();
        run(self.world.command(&arguments).current_dir(&self.folder))
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The directory by `externalId`, without the fields that only the server writes.
    pub(crate) fn stored(&self) -> HashMap<String, Value> {
        let all = self.world.control("GET", "/customers", "");
        let all = all.as_array().unwrap().iter().cloned();
        all.filter_map(|mut customer| {
            let fields = customer.as_object_mut()?;
            fields.retain(|name, value| {
                !value.is_null()
                    && ["externalId", "name", "email", "mobile", "metadata"].contains(&&**name)
            });
            let id = fields.get("externalId")?.as_str()?.to_owned();
            Some((id, customer))
        })
        .collect()
    }

    /// Deletes customers without an `externalId`: an import cannot match them.
    fn delete_unmatched(&self) {
        let all = self.world.run(&["customers", "list", "--all", "--json"]);
        for customer in all.json() {
            if customer["externalId"].is_null() {
                let id = customer["_id"].as_str().unwrap();
                self.world.run(&["customers", "delete", id, "--yes"]).ok();
            }
        }
    }

    pub(crate) fn created(&self) -> u64 {
        let counts = self.world.control("GET", "/requests/counts", "");
        counts["createCustomer"]["committed"].as_u64().unwrap_or(0)
    }

    pub(crate) fn writes(&self) -> u64 {
        let operations = ["createCustomer", "updateCustomer", "deleteCustomer"];
        operations
            .iter()
            .map(|name| self.world.received(name))
            .sum()
    }

    /// The report of an import: the reason of each line.
    pub(crate) fn report(&self, name: &str) -> BTreeMap<u64, String> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        let lines = reader.records().map(|record| {
            let record = record.unwrap();
            (record[0].parse().unwrap(), record[3].to_owned())
        });
        lines.collect()
    }
}

/// Text that formats are known to damage.
const UNUSUAL: [&str; 14] = [
    "plain",
    "with, comma",
    "with \"quotes\"",
    "\"quoted\"",
    "two\nlines",
    "two\r\nlines, \"quoted\"",
    "فاطمة الأنصاري",
    "👩‍👩‍👧 family",
    " spaces around ",
    "=HYPERLINK(\"x\")",
    "+97333112233",
    "007",
    "-",
    "\u{feff}mark",
];

fn unusual() -> Vec<Value> {
    let texts = UNUSUAL.iter().enumerate();
    let mut rows: Vec<_> = texts
        .map(|(at, text)| {
            // An e-mail address and a phone number have one line without marks at its ends, and a
            // phone number has digits and does not begin with `=`. An id does not begin with a
            // blank or an invisible character.
            let line = text.replace(['\r', '\n'], " ");
            let line = line.trim_start_matches('\u{feff}');
            json!({
                "externalId": format!("{at}#{text}#"), "name": text,
                "email": format!("{line}@x"), "mobile": format!("tel:1{line}"),
                "metadata": {"text": text, *text: [1, 2.5, null, true, {"deep": text}], "": 0},
            })
        })
        .collect();
    rows.push(json!({"externalId": "only"}));
    rows.push(json!({"externalId": "empty", "metadata": {}}));
    rows.push(json!({"externalId": "0012", "mobile": "0097333112233"}));
    rows
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn an_exported_directory_is_imported_unchanged_in_every_format() {
    let rows = unusual();
    let from = Desk::new();
    from.write("rows.jsonl", lines(&rows));
    from.run(&["import", "rows.jsonl"])
        .ok()
        .prints(&["17 rows: 17 created"]);
    let stored = from.stored();
    assert_eq!(stored["11#007#"]["mobile"], "tel:1007");
    for (row, external_id) in rows
        .iter()
        .map(|row| (row, row["externalId"].as_str().unwrap()))
    {
        assert_eq!(stored[external_id], *row);
    }
    from.delete_unmatched();
    for file in ["all.csv", "all.jsonl", "all.parquet"] {
        from.run(&["export", file])
            .ok()
            .prints(&["19 customers in all."]);
        let before = from.writes();
        let again = from.run(&["import", file]).ok();
        again.prints(&["19 rows: 0 created, 0 updated, 19 unchanged; "]);
        assert_eq!(from.writes(), before, "{file}");

        let to = Desk::new();
        std::fs::copy(from.path(file), to.path(file)).unwrap();
        to.run(&["import", file])
            .ok()
            .prints(&["17 created, 0 updated, 2 unchanged"]);
        assert_eq!(to.stored(), stored, "{file}");
        assert_eq!(to.files(), [file], "nothing is left behind");
    }
}

#[test]
fn an_export_is_a_heading_and_rows_or_the_records_themselves() {
    let desk = Desk::new();
    desk.run(&["export", "all.csv"]).ok();
    let csv = desk.read("all.csv");
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("externalId,name,email,mobile,metadata,_id,createdAt,updatedAt")
    );
    let layla = "crm-7741,Layla Hassan,layla.hassan@example.com,+97333112233,\"{\"\"tier\"\":\"\"gold\"\"}\",\
        9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b,2026-06-23T11:00:00.000Z,2026-06-23T11:00:00.000Z";
    assert!(csv.contains(layla), "{csv}");
    let listed = desk.run(&["list", "--all", "--json"]).ok().out;
    assert_eq!(
        desk.run(&["export", "-", "--format", "jsonl"]).ok().out,
        listed
    );
    assert_eq!(desk.run(&["export", "-", "--format", "csv"]).ok().out, csv);
    let output = desk.run(&["export", "all.jsonl", "--json"]).ok().json();
    assert_eq!(output[0]["customers"], 3);
    assert_eq!(desk.read("all.jsonl"), listed);
}

#[test]
fn a_failed_export_keeps_the_old_file() {
    let desk = Desk::new();
    desk.world
        .control("POST", "/customers/generate", r#"{"count": 1000}"#);
    desk.write("all.csv", "yesterday's");
    desk.world.fault(
        r#"{"operation": "listCustomers", "kind": "status", "status": 400, "when": {"nth": 7}}"#,
    );
    let ran = desk.run(&["export", "all.csv"]);
    assert_eq!((ran.code, &*ran.out), (5, ""), "{ran:?}");
    assert_eq!(desk.read("all.csv"), "yesterday's");
    assert_eq!(desk.files(), ["all.csv"]);
    desk.world.control("DELETE", "/faults", "");
    let no_rows = json!({"message": "m", "data": [], "pagination": {
        "total": 1000, "totalPages": 10, "hasNextPage": true, "hasPrevPage": false,
    }});
    let fault =
        json!({"operation": "listCustomers", "kind": "status", "status": 200, "body": no_rows});
    desk.world.fault(&fault.to_string());
    desk.run(&["export", "all.csv"])
        .fails(10, &["the server counts 1000 records, but returned 0"]);
    assert_eq!(desk.read("all.csv"), "yesterday's");
    assert_eq!(desk.files(), ["all.csv"]);
    desk.world.control("DELETE", "/faults", "");
    desk.run(&["export", "no/such/folder.csv"])
        .fails(1, &["no/such/folder.csv"]);
    desk.run(&["export", "all.xlsx"])
        .fails(2, &["all.xlsx", "--format"]);
    desk.run(&["export", "-", "--format", "parquet"])
        .fails(2, &["Parquet cannot be read from or written to a pipe"]);
}

#[test]
fn formulas_are_escaped_and_come_back() {
    let from = Desk::new();
    let mut rows = unusual();
    rows.extend([
        json!({"externalId": "=cmd|' /C calc'!A0", "name": "@SUM(1)", "mobile": "+97333112233"}),
        json!({"externalId": "-12", "name": "'quoted'", "email": "\t=1", "mobile": "0097333112233"}),
    ]);
    from.write("rows.jsonl", lines(&rows));
    from.run(&["import", "rows.jsonl"]).ok();
    from.delete_unmatched();
    from.run(&["export", "plain.csv"]).ok();
    from.run(&["export", "all.csv", "--escape-formulas"]).ok();
    let text = from.read("all.csv");
    for escaped in [
        "'=cmd|' /C calc'!A0,'@SUM(1),,'+97333112233",
        "'-12,'quoted',",
    ] {
        assert!(text.contains(escaped), "{text}");
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for field in reader.records().flat_map(|record| {
        let fields = record.unwrap();
        fields.iter().map(str::to_owned).collect::<Vec<_>>()
    }) {
        assert!(!field.starts_with(['=', '+', '-', '@', '\t']), "{field:?}");
    }

    let to = Desk::new();
    to.write("all.csv", &text);
    let ran = to.run(&["import", "all.csv"]);
    assert_eq!(ran.code, 16, "{ran:?}");
    let reasons = to.report("all.csv.failed.csv");
    assert!(
        reasons
            .values()
            .all(|reason| reason.contains("--unescape-formulas")),
        "{reasons:?}"
    );
    assert_eq!(to.stored()["crm-7741"]["mobile"], "+97333112233");
    to.run(&["import", "all.csv", "--resume", "--unescape-formulas"])
        .ok();
    assert_eq!(to.stored(), from.stored());
    // A file that was not escaped is read as before.
    to.write("plain.csv", from.read("plain.csv"));
    let again = to.run(&["import", "plain.csv"]);
    again.ok().prints(&[" 0 created, 0 updated"]);
    for (command, option) in [
        ("export", "--escape-formulas"),
        ("import", "--unescape-formulas"),
    ] {
        from.run(&[command, "rows.jsonl", option])
            .fails(2, &[option, "CSV"]);
    }
}
