//! Imports: rows that are bad, and imports that are stopped.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::export_import::Desk;
use crate::support::{Ran, run};

#[test]
fn bad_rows_are_listed_with_their_lines_and_do_not_stop_the_others() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        b"\xef\xbb\xbfexternalId,name,metadata\r\n\
        good-1,One,\r\n\
        ,No id,\r\n\
        too-few,One\r\n\
        too-many,One,,\r\n\
        \r\n\
        not-json,One,{tier: gold}\r\n\
        no-object,One,[1]\r\n\
        not-utf8,\xff\xfe,\r\n\
        good-2,\"Two\r\nlines\",\"{\"\"tier\"\":\"\"gold\"\"}\"\r\n\
        open,\"One,\r\n\
        good-3,Three,\r\n\
        after,\"One\" more,\r\n\
        good-4,Four,",
    );
    let ran = desk.run(&["import", "rows.csv"]);
    assert_eq!(ran.code, 16, "{ran:?}");
    let counts = "10 rows: 3 created, 0 updated, 0 unchanged, 7 failed; ";
    assert!(ran.out.starts_with(counts), "{ran:?}");
    assert!(
        ran.err
            .contains("7 rows failed: see rows.csv.failed.csv; --resume"),
        "{ran:?}"
    );
    let reasons = desk.report("rows.csv.failed.csv");
    for (line, reason) in [
        (3, "no externalId"),
        (4, "2 fields, but the heading has 3"),
        (5, "4 fields, but the heading has 3"),
        (7, "metadata is not JSON"),
        (8, "metadata is not a JSON object"),
        (9, "name is not UTF-8"),
        (
            12,
            "continues after its closing quote (the row ends on line 14)",
        ),
    ] {
        assert!(
            reasons.get(&line).is_some_and(|text| text.contains(reason)),
            "{line}: {reasons:?}"
        );
    }
    assert_eq!(reasons.len(), 7);
    let stored = desk.stored();
    assert_eq!(stored["good-2"]["name"], "Two\r\nlines");
    assert_eq!(
        stored["good-4"],
        json!({"externalId": "good-4", "name": "Four"})
    );
}

#[test]
fn json_lines_with_unknown_fields_are_rejected() {
    let desk = Desk::new();
    desk.write(
        "rows.jsonl",
        b"{\"externalId\": \"good-1\", \"name\": null, \"companyId\": \"c\"}\n\
        \n\
        {\"externalId\": \"cut\n\
        [\"a\", \"list\"]\n\
        {\"externalId\": \"odd\", \"nmae\": \"+97333112233\"}\n\
        {\"externalId\": \"number\", \"mobile\": 97333112233}\n\
        {\"externalId\": \"twice\", \"name\": \"a\", \"name\": \"b\"}\n\
        {\"name\": \"No id\"}\n\
        {\"externalId\": \"\xff\"}\n\
        {\"externalId\": \"deep\", \"metadata\": \"text\"}\n\
        {\"externalId\": \"keys\", \"metadata\": {\"a\": [{\"tier\": 1, \"tier\": 2}]}}\n\
        {\"externalId\": \"good-2\"}",
    );
    let ran = desk.run(&["import", "rows.jsonl", "--report", "bad.csv"]);
    assert_eq!((ran.code, desk.created()), (16, 2), "{ran:?}");
    let reasons = desk.report("bad.csv");
    for (line, reason) in [
        (3, "the row is not JSON"),
        (4, "not a JSON object"),
        (5, "unknown field `nmae`"),
        (6, "mobile is not text"),
        (7, "duplicate field `name`"),
        (8, "no externalId"),
        (9, "not UTF-8"),
        (10, "metadata is not a JSON object"),
        (11, "metadata holds the key \"tier\" twice in one object"),
    ] {
        assert!(
            reasons.get(&line).is_some_and(|text| text.contains(reason)),
            "{line}: {reasons:?}"
        );
    }
    assert_eq!(reasons.len(), 9);
    let said = format!("{ran:?}{}", desk.read("bad.csv"));
    assert!(!said.contains("97333"), "somebody's number: {said}");
}

#[test]
fn unknown_columns_are_rejected_before_anything_is_sent() {
    let desk = Desk::new();
    for (heading, said) in [
        ("externalId,phone,name", "[\"phone\"]"),
        ("external.id", "[\"external.id\"]"),
        ("externalId;phone", "[\"phone\"]"),
        ("externalId:name", "externalId:name"),
        ("externalId,,name", "column 2 has no name"),
        ("sep=;\nexternalId,name", "[\"externalId,name\"]"),
        ("externalId,Name,name", "\"name\" appears twice"),
        ("name,email", "no column externalId"),
        ("externalId,name,name", "\"name\" appears twice"),
        ("externalId,metadata,metadata.tier", "cannot both"),
        ("externalId,metadata.", "metadata."),
        ("externalId,\"name", "a quote is not closed"),
        ("", "the file is empty"),
    ] {
        desk.write("rows.csv", format!("{heading}\n1,2,3\n"));
        if heading.is_empty() {
            desk.write("rows.csv", "");
        }
        desk.run(&["import", "rows.csv"]).fails(2, &[said]);
    }
    assert_eq!(desk.world.received("getCustomer") + desk.writes(), 0);
    assert_eq!(desk.files(), ["rows.csv"]);
    desk.run(&["import", "none.csv"]).fails(1, &["none.csv"]);
    desk.write("rows.parquet", "not Parquet");
    desk.run(&["import", "rows.parquet"])
        .fails(2, &["rows.parquet: the file is not Parquet"]);
}

#[test]
fn metadata_may_be_a_column_for_each_key() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "externalId,metadata.tier,metadata.since,_id\na,gold,2020,x\nb,,,\ncrm-7741,,,\n",
    );
    desk.run(&["import", "rows.csv"]).ok();
    let stored = desk.stored();
    assert_eq!(
        stored["a"]["metadata"],
        json!({"tier": "gold", "since": "2020"})
    );
    assert_eq!(stored["b"], json!({"externalId": "b"}));
    assert_eq!(
        stored["crm-7741"]["metadata"],
        json!({"tier": "gold"}),
        "left alone"
    );
}

#[test]
fn a_dry_run_writes_nothing_anywhere() {
    let desk = Desk::new();
    desk.write(
        "rows.csv",
        "externalId,name\ncrm-7741,Other\ncrm-7742,\nnew,New\n,Bad\n",
    );
    let ran = desk.run(&["import", "rows.csv", "--dry-run", "--json"]);
    assert_eq!(ran.code, 16);
    let output = ran.json();
    let (tally, rows) = output.split_last().unwrap();
    assert_eq!(tally["rows"], 4);
    let of = |id: &str| rows.iter().find(|row| row["externalId"] == id).unwrap();
    assert_eq!(
        (&of("crm-7741")["outcome"], &of("crm-7741")["changed"]),
        (&json!("updated"), &json!(["name"]))
    );
    assert_eq!(of("crm-7742")["outcome"], "unchanged");
    assert_eq!(
        (&of("new")["outcome"], &of("new")["line"]),
        (&json!("created"), &json!(4))
    );
    assert_eq!(desk.writes(), 0);
    assert_eq!(desk.files(), ["rows.csv"]);
    let ran = desk.run(&["import", "rows.csv", "--dry-run"]);
    assert!(
        ran.out
            .starts_with("dry run: 4 rows: 1 created, 1 updated, 1 unchanged, 1 failed"),
        "{ran:?}"
    );
}

#[test]
fn a_strict_import_stops_at_the_first_bad_row() {
    let desk = Desk::new();
    let rows =
        |ids: std::ops::Range<u32>| ids.map(|id| format!("row-{id},Name\n")).collect::<String>();
    let bad = format!("externalId,name\n{},Bad\n{}", rows(0..500), rows(500..1000));
    desk.write("rows.csv", &bad);
    let ran = desk.run(&["import", "rows.csv", "--strict"]);
    assert_eq!(ran.code, 16);
    let counts = "501 rows: 500 created, 0 updated, 0 unchanged, 1 failed; ";
    assert!(ran.out.starts_with(counts), "{ran:?}");
    assert_eq!(desk.created(), 500);
    desk.write("rows.csv", bad.replace("\n,Bad", "\ngood,Bad"));
    desk.run(&["import", "rows.csv", "--strict", "--resume"])
        .ok()
        .prints(&["501 created", "500 already done"]);
    // A row that the server rejects stops a strict import, too; rows in flight are finished.
    let long = "x".repeat(10_001);
    desk.write(
        "other.csv",
        format!(
            "externalId,name\n{}odd,{long}\n{}",
            rows(2000..2100),
            rows(3000..4000)
        ),
    );
    let ran = desk.run(&["import", "other.csv", "--strict"]);
    assert_eq!(ran.code, 16);
    assert!(desk.created() < 1001 + 400, "{ran:?}");
}

#[test]
fn an_unfinished_import_continues_only_with_resume() {
    let desk = Desk::new();
    desk.write("rows.csv", "externalId,name\na,One\nb,Two\n,Bad\n");
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    assert_eq!(
        desk.files(),
        ["rows.csv", "rows.csv.checkpoint", "rows.csv.failed.csv"]
    );
    let requests = || desk.world.received("getCustomer") + desk.writes();
    let before = requests();
    desk.run(&["import", "rows.csv"])
        .fails(2, &["--resume", "rows.csv.checkpoint"]);
    // The file was replaced after the import began.
    desk.write("rows.csv", "externalId,name\na,One\nc,Two\n,Bad\n");
    let ran = desk.run(&["import", "rows.csv", "--resume"]);
    assert_eq!(ran.code, 2);
    let reason = "row 2 of an earlier run is done, but no row of the source has its externalId";
    assert!(ran.err.contains(reason), "{ran:?}");
    assert!(ran.err.contains("put it back, or start again"), "{ran:?}");
    assert_eq!(requests(), before);
    // Corrected rows are imported; then no checkpoint and no report remain.
    desk.write("rows.csv", "externalId,name\na,One\nb,Two\nc,Mended\n");
    let ran = desk.run(&["import", "rows.csv", "--resume"]).ok();
    ran.prints(&["3 rows: 1 created, 0 updated, 0 unchanged, 2 already done; "]);
    assert_eq!(desk.files(), ["rows.csv"]);
}

#[test]
fn an_import_that_the_server_ends_says_how_to_resume() {
    let desk = Desk::new();
    desk.write("rows.csv", many(100));
    let fault = r#"{"operation": "*", "kind": "status", "status": 401, "when": {"nth": 50}}"#;
    desk.world.fault(fault);
    let ran = desk.run(&["import", "rows.csv"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let note = "rows.csv.checkpoint records the finished rows: continue with --resume\n";
    assert!(ran.err.starts_with(note), "{ran:?}");
    desk.run(&["import", "rows.csv", "--resume"]).ok();
    assert_eq!(desk.created(), 100);
}

fn many(count: u32) -> String {
    let rows = (0..count).map(|id| format!("row-{id},\"Name, {id}\",+973{id:08}\n"));
    std::iter::once("externalId,name,mobile\n".to_owned())
        .chain(rows)
        .collect()
}

#[test]
fn an_import_that_has_not_started_names_no_checkpoint() {
    let desk = Desk::new();
    desk.write("rows.csv", many(2));
    for wrong in [["--rate", "0"], ["--concurrency", "0"]] {
        let ran = desk.run(&[&["import", "rows.csv"], &wrong[..]].concat());
        let ran = ran.ends(2, &[&wrong[0][2..], "must be"]);
        assert!(!ran.err.contains("--resume"), "{ran:?}");
        assert_eq!(desk.files(), ["rows.csv"]);
    }
}

#[test]
fn a_killed_import_resumes() {
    const ROWS: u32 = 5000;
    let desk = Desk::new();
    desk.write("rows.csv", many(ROWS));
    let mut resume = vec!["customers", "import", "rows.csv"];
    // Killed three times, at any point.
    for part in 1..=3 {
        let mut child = desk
            .world
            .command(&resume)
            .current_dir(&desk.folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while desk.created() < u64::from(ROWS / 4 * part) {
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it was killed"
            );
        }
        child.kill().unwrap();
        child.wait().unwrap();
        resume = vec!["customers", "import", "rows.csv", "--resume"];
    }
    let before = desk.world.received("getCustomer") + desk.writes();
    let ran = desk.run(&resume[1..]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let requests = desk.world.received("getCustomer") + desk.writes() - before;
    assert!(
        requests < u64::from(ROWS / 4 + 100),
        "{requests} requests for the rest: {ran:?}"
    );
    assert!(ran.out.starts_with("5000 rows: "), "{ran:?}");
    assert_eq!(desk.created(), u64::from(ROWS), "every row once");
    let stored = desk.stored();
    assert_eq!(stored.len() as u32, ROWS + 2);
    for id in 0..ROWS {
        let row = json!({"externalId": format!("row-{id}"), "name": format!("Name, {id}"), "mobile": format!("+973{id:08}")});
        assert_eq!(stored[&format!("row-{id}")], row);
    }
    assert_eq!(desk.files(), ["rows.csv"]);
}

/// As when an editor saves the file, or another program has not finished writing it.
#[test]
fn a_file_that_changes_during_its_import_stops_it() {
    use std::io::Write as _;

    let rows = |count: u32| {
        let name = "n".repeat(200);
        let rows = (0..count).map(|id| format!("row-{id},{name}\n"));
        format!("externalId,name\n{}", rows.collect::<String>())
    };
    let before = rows(500);
    let changes: [fn(&mut std::fs::File, &str); 3] = [
        |file, _| file.set_len(80_000).unwrap(),
        |file, _| file.write_all(b"externalId,name\n\n\n\n\n").unwrap(),
        |file, before| {
            let before = before.as_bytes();
            std::os::unix::fs::FileExt::write_all_at(file, b"row-500,a\n", before.len() as u64)
                .unwrap();
        },
    ];
    for change in changes {
        let desk = Desk::new();
        desk.write("rows.csv", &before);
        let hold = r#"{"operation": "createCustomer", "kind": "hold", "then": "commit"}"#;
        let hold = desk.world.control("POST", "/faults", hold)["id"].clone();
        let mut import = desk.world.command(&["customers", "import", "rows.csv"]);
        let import = import.current_dir(&desk.folder).stdout(Stdio::null());
        let import = import.stderr(Stdio::piped());
        let import = import.spawn().unwrap();
        desk.world.held();
        let mut file = std::fs::File::options()
            .write(true)
            .open(desk.path("rows.csv"));
        change(file.as_mut().unwrap(), &before);
        let release = format!("/faults/{hold}/release");
        desk.world.control("POST", &release, "");
        desk.world.control("DELETE", "/faults", "");
        let ran = Ran::from(import.wait_with_output().unwrap());
        ran.ends(
            1,
            &[
                "rows.csv: the file was changed while it was read",
                "rows.csv.checkpoint records the finished rows: continue with --resume",
            ],
        );
        // Each row that was written is one of the file before the change.
        for (id, stored) in desk.stored() {
            let is_own = ["crm-7741", "crm-7742"].contains(&&*id);
            let name = stored["name"].as_str().unwrap();
            assert!(is_own || before.contains(&format!("{id},{name}\n")), "{id}");
        }
        desk.write("rows.csv", rows(501));
        desk.run(&["import", "rows.csv", "--resume"]).ok();
        assert_eq!(desk.stored().len(), 503);
    }
}

#[test]
fn a_file_may_be_mended_before_its_import_is_resumed() {
    let desk = Desk::new();
    let rows = |names: &[(&str, &str)]| {
        let rows = names.iter().map(|(id, name)| format!("{id},{name}\n"));
        std::iter::once("externalId,name\n".to_owned())
            .chain(rows)
            .collect::<String>()
    };
    let file = [
        ("a", "A"),
        ("b", "B"),
        ("", "Bad"),
        ("c", "C"),
        ("", "Bad"),
        ("d", "D"),
    ];
    desk.write("rows.csv", rows(&file));
    assert_eq!(desk.run(&["import", "rows.csv"]).code, 16);
    let requests = || desk.world.received("getCustomer") + desk.writes();
    let before = requests();
    // One failed row is deleted, the other is corrected; further rows are changed, moved and added.
    let mended = [
        ("d", "D"),
        ("a", "A"),
        ("b", "Other"),
        ("c", "C"),
        ("e", "Mended"),
        ("f", "F"),
    ];
    desk.write("rows.csv", rows(&mended));
    let dry = "dry run: 6 rows: 2 created, 1 updated, 0 unchanged, 3 already done; ";
    let ran = desk
        .run(&["import", "rows.csv", "--resume", "--dry-run"])
        .ok();
    ran.prints(&[dry]);
    assert_eq!(requests() - before, 3);
    let ran = desk.run(&["import", "rows.csv", "--resume"]).ok();
    ran.prints(&[&dry["dry run: ".len()..]]);
    let stored = desk.stored();
    for (id, name) in mended {
        assert_eq!(stored[id]["name"], name);
    }
    assert_eq!(desk.files(), ["rows.csv"]);
}

/// 100,000 rows, of which some fail. The import is killed; the failed rows are deleted from the
/// file, others are changed; the import is resumed.
#[test]
fn a_large_import_that_is_killed_and_mended_ends_equal_to_the_file() {
    const ROWS: u32 = 100_000;
    let desk = Desk::new();
    let name = |id: u32| format!("Name {id}");
    let line = |id: u32, name: &str| format!("row-{id},{name}\n");
    let bad = |id: u32| id % 97 == 5;
    let text = (0..ROWS).map(|id| match bad(id) {
        true => format!("row-{id},{},too many\n", name(id)),
        false => line(id, &name(id)),
    });
    let heading = "externalId,name\n";
    desk.write("rows.csv", heading.to_owned() + &text.collect::<String>());
    let arguments = ["customers", "import", "rows.csv", "--concurrency", "32"];
    let mut child = desk
        .world
        .command(&arguments)
        .current_dir(&desk.folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while desk.created() < u64::from(ROWS / 2) {
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let failed = desk.report("rows.csv.failed.csv").len();
    assert!(failed as u32 >= ROWS / 97 / 2 - 1, "{failed} failed");

    // The lines that the report names are deleted. Every hundredth row is changed, finished or not.
    let failed = desk.report("rows.csv.failed.csv");
    let before = desk.read("rows.csv");
    let changed = |id: u32| match id % 100 == 3 {
        true => format!("Changed {id}"),
        false => name(id),
    };
    let mut rows = std::collections::BTreeMap::new();
    for (number, line) in (1..).zip(before.lines()).skip(1) {
        if !failed.contains_key(&number) {
            let id = line.split(',').next().unwrap();
            rows.insert(
                number,
                (id.to_owned(), changed(id["row-".len()..].parse().unwrap())),
            );
        }
    }
    let mended = rows.values().map(|(id, name)| format!("{id},{name}\n"));
    desk.write("rows.csv", heading.to_owned() + &mended.collect::<String>());
    let requests = || desk.world.received("getCustomer") + desk.writes();
    let before = requests();
    let ran = desk.run(&["import", "rows.csv", "--resume", "--concurrency", "32"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with(&format!("{} rows: ", rows.len())),
        "{ran:?}"
    );
    // Finished rows are not sent again.
    let most = u64::from(ROWS / 2 + 3 * ROWS / 100 + 1000);
    assert!(
        requests() - before < most,
        "{} requests",
        requests() - before
    );
    let stored = desk.stored();
    assert_eq!(stored.len(), rows.len() + 2);
    for (id, name) in rows.values() {
        assert_eq!(stored[id]["name"], *name);
    }
    assert_eq!(desk.files(), ["rows.csv"]);
}

#[test]
#[cfg(unix)]
fn a_checkpoint_that_cannot_be_written_stops_the_import() {
    let desk = Desk::new();
    desk.write("rows.csv", many(2000));
    let command = desk.world.command(&[]);
    let program = command.get_program().to_owned();
    // Files may be 4 KiB long at most; the signal for longer files is ignored, so that writing
    // fails.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" customers import rows.csv";
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", script])
        .arg(program)
        .current_dir(&desk.folder);
    limited.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ran = run(&mut limited);
    assert_eq!(ran.code, 14, "{ran:?}");
    assert!(
        ran.err.contains("could not be recorded") && ran.err.contains("checkpoint"),
        "{ran:?}"
    );
    assert!(desk.created() < 400, "it went on: {ran:?}");
    // A slow machine prints its progress.
    let ran = desk.run(&["import", "rows.csv", "--resume"]);
    assert_eq!((ran.code, desk.created()), (0, 2000), "{ran:?}");
}

#[test]
fn lost_responses_lose_no_row() {
    let desk = Desk::new();
    desk.write("rows.csv", many(500));
    desk.world.fault(
        r#"{"operation": "createCustomer", "kind": "drop_after_commit", "when": {"every": 4}}"#,
    );
    desk.world
        .fault(r#"{"operation": "*", "kind": "html_502", "when": {"every": 7}}"#);
    let ran = desk.run(&["import", "rows.csv"]);
    desk.world.control("DELETE", "/faults", "");
    let summary = ran.out.clone();
    assert!(summary.starts_with("500 rows: "), "{ran:?}");
    if ran.code != 0 {
        desk.run(&["import", "rows.csv", "--resume"]).ok();
    }
    assert_eq!(
        (desk.created(), desk.stored().len()),
        (500, 502),
        "{summary}"
    );
}

#[test]
fn standard_input_has_no_checkpoint_unless_one_is_named() {
    let desk = Desk::new();
    let piped = |arguments: &[&str]| {
        desk.write(
            "rows.jsonl",
            "{\"externalId\": \"a\"}\n{\"name\": \"No id\"}\n",
        );
        let all = [
            &["customers", "import", "-", "--format", "jsonl"],
            arguments,
        ]
        .concat();
        let file = std::fs::File::open(desk.path("rows.jsonl")).unwrap();
        run(desk
            .world
            .command(&all)
            .current_dir(&desk.folder)
            .stdin(file))
    };
    let ran = piped(&[]);
    assert_eq!(ran.code, 16);
    assert!(
        ran.err.contains("line 2: the row has no externalId"),
        "{ran:?}"
    );
    assert_eq!(desk.files(), ["rows.jsonl"]);
    assert_eq!(piped(&["--checkpoint", "c", "--report", "r.csv"]).code, 16);
    assert_eq!(desk.files(), ["c", "r.csv", "rows.jsonl"]);
    let ran = piped(&["--checkpoint", "c", "--resume"]);
    assert!(ran.out.contains("1 already done"), "{ran:?}");
    desk.run(&["import", "-"]).fails(2, &["--format"]);
}

/// The peak memory of a running process so far.
#[cfg(target_os = "linux")]
fn peak(id: u32) -> Option<u64> {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
#[cfg(target_os = "linux")]
fn an_export_and_an_import_take_little_memory() {
    const ROWS: u64 = 60_000;
    let desk = Desk::new();
    let body = json!({"count": ROWS}).to_string();
    desk.world.control("POST", "/customers/generate", &body);
    // Bad rows are processed like good ones but not sent, which would take minutes.
    desk.write(
        "bad.csv",
        format!("externalId,name\n{}", ",No id\n".repeat(100_000)),
    );
    for arguments in [
        &["export", "all.csv"][..],
        &["export", "all.parquet"],
        &["import", "bad.csv"],
    ] {
        let mut command = desk.world.command(&[&["customers"], arguments].concat());
        command.current_dir(&desk.folder);
        let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = silent.spawn().unwrap();
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            most = most.max(peak(child.id()).unwrap_or(0));
            std::thread::yield_now();
        }
        // The program itself needs some memory, and the id of each customer about 40 bytes.
        assert!(
            (4 << 10..48 << 10).contains(&most),
            "{arguments:?}: {most} KiB"
        );
    }
    assert_eq!(desk.read("all.csv").lines().count() as u64, 1 + 3 + ROWS);
}

#[test]
fn an_import_that_restores_formulas_can_be_resumed() {
    let desk = Desk::new();
    desk.write("rows.csv", "externalId,name\n'-1,'+Plus\n,Bad\n");
    for options in [&[][..], &["--resume"], &["--resume", "--dry-run"]] {
        let all = [&["import", "rows.csv", "--unescape-formulas"], options].concat();
        assert_eq!(desk.run(&all).code, 16, "{options:?}");
    }
    assert_eq!(desk.stored()["-1"]["name"], "+Plus");
}

#[test]
fn a_large_import_reads_the_directory_by_pages() {
    let desk = Desk::new();
    let body = r#"{"count": 1000}"#;
    desk.world.control("POST", "/customers/generate", body);
    desk.run(&["export", "all.csv"]).ok();
    let requests = || {
        let reads = desk.world.received("getCustomer") + desk.world.received("listCustomers");
        reads + desk.writes()
    };
    // One customer has no externalId, so its row fails.
    let before = requests();
    let ran = desk.run(&["import", "all.csv", "--json", "--report", "failed.csv"]);
    assert_eq!(ran.code, 16, "{ran:?}");
    let output = ran.json();
    let (counts, rows) = output.split_last().unwrap();
    assert_eq!(
        (&counts["unchanged"], &counts["failed"]),
        (&json!(1002), &json!(1))
    );
    let sent = requests() - before;
    assert_eq!(counts["requests"], sent);
    assert!((20..=32).contains(&sent), "{sent}");
    // The first rows are looked up, and have an id.
    let with_id = rows.iter().filter(|row| row["_id"].is_string()).count();
    assert!((8..=18).contains(&with_id), "{with_id}");
    let ran = desk.run(&["import", "all.csv", "--dry-run"]);
    assert!(ran.out.contains("1002 unchanged, 1 failed; "), "{ran:?}");
}
