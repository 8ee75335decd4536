//! The files that exports and imports write: links, modes, pipes, devices, and commands that are
//! killed.

use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::process::{Command, Stdio};
use std::thread;

use crate::export_import::Desk;
use crate::support::{Ran, run};

const ROWS: &str = "externalId,name\na,One\n,Bad\n";

impl Desk {
    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().mode() & 0o7777
    }

    fn is_link(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).unwrap().is_symlink()
    }

    fn pipe(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status();
        assert!(made.unwrap().success());
    }

    fn is_pipe(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name))
            .unwrap()
            .file_type()
            .is_fifo()
    }

    /// A copy of the device `/dev/NAME` in the folder, so that a bug of the command cannot delete
    /// the machine's device. A user who may not create devices may not delete `/dev/NAME` either.
    fn device(&self, name: &str) -> String {
        let minor = match name {
            "null" => "3",
            _ => "7",
        };
        let path = self.path(name);
        let made = Command::new("mknod")
            .arg(&path)
            .args(["c", "1", minor])
            .output();
        match made.unwrap().status.success() && File::options().write(true).open(&path).is_ok() {
            true => name.to_owned(),
            false => format!("/dev/{name}"),
        }
    }

    fn is_device(&self, path: &str) -> bool {
        let found = fs::symlink_metadata(self.path(path));
        found.unwrap().file_type().is_char_device()
    }

    /// A shell script in the folder, in which `$0` is the command.
    fn shell(&self, script: &str) -> Command {
        let command = self.world.command(&[]);
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).arg(command.get_program());
        shell.current_dir(&self.folder).stdin(Stdio::null());
        let settings = command.get_envs();
        shell.envs(settings.filter_map(|(name, value)| Some((name, value?))));
        shell
    }

    /// The bytes that a reader of the pipe receives while the command runs.
    fn received(&self, pipe: &str, arguments: &[&str]) -> (String, Ran) {
        let path = self.path(pipe);
        let reader = thread::spawn(move || fs::read_to_string(path).unwrap());
        let ran = self.run(arguments);
        (reader.join().unwrap(), ran)
    }
}

#[test]
fn an_import_writes_to_none_of_its_other_files() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    fs::hard_link(desk.path("in.csv"), desk.path("hard")).unwrap();
    symlink("in.csv", desk.path("soft")).unwrap();
    symlink("later", desk.path("soft-later")).unwrap();
    symlink("in.csv.checkpoint", desk.path("to-checkpoint")).unwrap();
    symlink("to-checkpoint", desk.path("chain")).unwrap();
    symlink("in.csv.failed.csv", desk.path("to-report")).unwrap();
    let folder = desk.path("").display().to_string();
    let absolute = format!("{folder}in.csv");
    for dry in [&[][..], &["--dry-run"]] {
        for (arguments, said) in [
            (
                &["--report", "in.csv"][..],
                "--report in.csv: this is the file to import",
            ),
            (&["--report", &absolute], "the file to import"),
            (
                &["--report", "hard"],
                "--report hard: this is the file to import",
            ),
            (&["--report", "soft"], "the file to import"),
            (
                &["--checkpoint", "hard"],
                "--checkpoint hard: this is the file to import",
            ),
            (
                &["--checkpoint", "in.csv", "--resume"],
                "the file to import",
            ),
            (
                &["--report", "x", "--checkpoint", "./x"],
                "--report x: this is the checkpoint",
            ),
            (
                &["--report", "./in.csv.checkpoint"],
                "this is the checkpoint",
            ),
            (&["--report", "to-checkpoint"], "this is the checkpoint"),
            (
                &["--report", "chain"],
                "--report chain: this is the checkpoint",
            ),
            (
                &["--report", "x", "--checkpoint", "-"],
                "--checkpoint -: name a file",
            ),
            (&["--report", "-"], "--report -: name a file"),
        ] {
            let all = [&["import", "in.csv"], arguments, dry].concat();
            let ran = desk.run(&all).fails(2, &[said]);
            let is_other = ran.err.contains("name another file");
            assert_eq!(is_other, !said.ends_with("name a file"), "{ran:?}");
        }
        let all = [
            &["import", "-", "--format", "csv", "--report", "in.csv"],
            dry,
        ]
        .concat();
        let all = [&["customers"], &*all].concat();
        let mut command = desk.world.command(&all);
        let command = command.current_dir(&desk.folder);
        run(command.stdin(File::open(desk.path("in.csv")).unwrap()))
            .fails(2, &["the file to import"]);
    }
    desk.run(&["import", "in.csv", "--checkpoint", "to-report"])
        .fails(2, &["--report in.csv.failed.csv: this is the checkpoint"]);
    assert_eq!(desk.read("in.csv"), ROWS);
    let files = [
        "chain",
        "hard",
        "in.csv",
        "soft",
        "soft-later",
        "to-checkpoint",
        "to-report",
    ];
    assert_eq!(desk.files(), files);
    assert_eq!(desk.writes() + desk.world.received("getCustomer"), 0);
}

#[test]
fn a_report_replaces_a_regular_file_and_is_written_to_a_pipe_or_a_device() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    let report = "line,externalId,outcome,reason\n3,,failed,the row has no externalId\n";
    for dry in [&["--dry-run"][..], &[]] {
        desk.write("old.csv", "old");
        symlink("old.csv", desk.path("link")).unwrap();
        let arguments =
            |report| [&["import", "in.csv", "--report", report, "--resume"], dry].concat();
        assert_eq!(desk.run(&arguments("link")).code, 16);
        assert!(desk.is_link("link"));
        assert_eq!(desk.read("old.csv"), report);
        fs::remove_file(desk.path("link")).unwrap();

        desk.pipe("pipe");
        let (received, ran) = desk.received("pipe", &arguments("pipe"));
        assert_eq!((&*received, ran.code), (report, 16));
        assert!(desk.is_pipe("pipe"));
        fs::remove_file(desk.path("pipe")).unwrap();

        let (null, full) = (desk.device("null"), desk.device("full"));
        assert_eq!(desk.run(&arguments(&null)).code, 16);
        assert!(desk.is_device(&null));
        let said = format!("{full}: No space left");
        let said = [&said, "continues without", "line 3: the row has no ext"];
        let ran = desk.run(&arguments(&full)).ends(16, &said);
        assert!(ran.out.contains("2 rows: "), "{ran:?}");
        // As /dev/stderr is one.
        symlink("/proc/self/fd/2", desk.path("stderr")).unwrap();
        let ran = desk.run(&arguments("stderr"));
        assert!(ran.err.starts_with(report), "{ran:?}");
        for name in ["null", "full", "stderr"] {
            let _ = fs::remove_file(desk.path(name));
        }
    }
    // A named report is always written. The report beside the file is there if a row failed.
    desk.write("good.csv", "externalId\na\n");
    desk.write("good.csv.failed.csv", "of an earlier run");
    desk.run(&["import", "good.csv", "--report", "named.csv"])
        .ok();
    assert_eq!(desk.read("named.csv"), "line,externalId,outcome,reason\n");
    assert_eq!(desk.read("good.csv.failed.csv"), "of an earlier run");
    desk.run(&["import", "good.csv"]).ok();
    let files = [
        "good.csv",
        "in.csv",
        "in.csv.checkpoint",
        "named.csv",
        "old.csv",
    ];
    assert_eq!(desk.files(), files);
    // Nothing is sent if it cannot be written.
    let before = desk.world.received("getCustomer");
    desk.run(&["import", "good.csv", "--report", "none/r.csv"])
        .fails(1, &["none/r.csv: No such file"]);
    desk.run(&["import", "good.csv", "--report", "/"])
        .fails(1, &["/: "]);
    assert_eq!(desk.world.received("getCustomer"), before);
}

#[test]
fn a_link_or_a_pipe_where_nobody_named_one_is_rejected() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    desk.write("mine", "mine");
    for (name, option) in [("checkpoint", "--checkpoint"), ("failed.csv", "--report")] {
        let name = format!("in.csv.{name}");
        symlink("mine", desk.path(&name)).unwrap();
        desk.run(&["import", "in.csv"])
            .fails(2, &[&name, "not a regular file", option]);
        fs::remove_file(desk.path(&name)).unwrap();
        desk.pipe(&name);
        desk.run(&["import", "in.csv"]).fails(2, &[&name, option]);
        fs::remove_file(desk.path(&name)).unwrap();
    }
    desk.pipe("pipe");
    for checkpoint in ["pipe", &desk.device("null")] {
        for dry in [&[][..], &["--dry-run"]] {
            let all = ["import", "in.csv", "--resume", "--checkpoint", checkpoint];
            desk.run(&[&all[..], dry].concat())
                .ends(2, &["not a checkpoint file"]);
        }
    }
    // Nobody is told to remove a folder or a device.
    for checkpoint in ["pipe", &desk.device("null"), ".."] {
        let said = format!("{checkpoint}: this is not a regular file: name another");
        desk.run(&["import", "in.csv", "--checkpoint", checkpoint])
            .fails(2, &[&said]);
    }
    assert_eq!(desk.read("mine"), "mine");
    let _ = fs::remove_file(desk.path("null"));
    assert_eq!(desk.files(), ["in.csv", "mine", "pipe"]);
}

#[test]
fn a_rejected_import_leaves_the_report_of_the_running_one() {
    let desk = Desk::new();
    // More rows than are finished before the first of them is reported.
    let bad = ",Bad\n".repeat(200);
    desk.write("in.csv", format!("externalId,name\n{bad}a,One\nb,Two\n"));
    desk.world.fault(
        r#"{"operation": "createCustomer", "kind": "hold", "then": "commit", "when": {"nth": 2}}"#,
    );
    let mut running = desk
        .world
        .command(&["customers", "import", "in.csv", "--json"]);
    let mut running = running
        .current_dir(&desk.folder)
        .args(["--concurrency", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    desk.world.held();
    let before = desk.read("in.csv.failed.csv");
    assert!(before.contains("\n2,,failed,"), "{before}");
    for options in [&[][..], &["--resume"], &["--resume", "--dry-run"]] {
        let all = [&["import", "in.csv"], options].concat();
        desk.run(&all)
            .fails(2, &["in.csv.checkpoint: another import is using"]);
    }
    for report in [&[][..], &["--dry-run", "--report", "in.csv.failed.csv"]] {
        let all = [&["import", "in.csv", "--checkpoint", "other"], report].concat();
        let said = "in.csv.failed.csv: another import is writing this report";
        desk.run(&all).fails(2, &[said]);
    }
    // A dry run writes nothing.
    assert_eq!(desk.run(&["import", "in.csv", "--dry-run"]).code, 16);
    assert_eq!(desk.read("in.csv.failed.csv"), before);
    assert!(!desk.path("other").exists());
    desk.world.control("DELETE", "/faults", "");
    let mut rows = String::new();
    let mut stdout = running.stdout.take().unwrap();
    stdout.read_to_string(&mut rows).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(16));
    assert_eq!(desk.report("in.csv.failed.csv").len(), 200);
}

#[test]
fn a_running_import_keeps_its_report_and_leaves_the_checkpoint_of_another() {
    let desk = Desk::new();
    desk.write("a.csv", "externalId\na\n");
    desk.write("b.csv", "externalId\nb\n");
    symlink("report.csv", desk.path("link.csv")).unwrap();
    desk.world
        .fault(r#"{"operation": "createCustomer", "kind": "hold", "then": "commit"}"#);
    let mut running = desk.world.command(&["customers", "import", "a.csv"]);
    let mut running = running
        .current_dir(&desk.folder)
        .args(["--report", "report.csv"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    desk.world.held();
    for report in ["report.csv", "link.csv"] {
        let said = format!("{report}: another import is writing this report");
        desk.run(&["import", "b.csv", "--report", report])
            .fails(2, &[&said]);
    }
    assert!(!desk.path("b.csv.checkpoint").exists());
    fs::remove_file(desk.path("a.csv.checkpoint")).unwrap();
    desk.write("a.csv.checkpoint", "of another import");
    desk.world.control("DELETE", "/faults", "");
    assert_eq!(running.wait().unwrap().code(), Some(0));
    assert_eq!(desk.read("a.csv.checkpoint"), "of another import");
    assert_eq!(desk.read("report.csv"), "line,externalId,outcome,reason\n");
    // The report is free again.
    desk.run(&["import", "b.csv", "--report", "report.csv"])
        .ok();
}

#[test]
fn a_dry_run_leaves_the_report_beside_the_file() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    for before in [&["in.csv"][..], &["in.csv", "in.csv.failed.csv"]] {
        if before.len() > 1 {
            desk.write("in.csv.failed.csv", "foreign");
        }
        desk.run(&["import", "in.csv", "--dry-run"])
            .ends(16, &["line 3: the row has no externalId"]);
        assert_eq!(desk.files(), before);
    }
    assert_eq!(desk.read("in.csv.failed.csv"), "foreign");
}

/// What a log has before the command is appended to.
#[test]
fn an_open_descriptor_is_written_to_and_never_replaced() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    desk.run(&["export", "all.csv"]).ok();
    symlink("/dev/stderr", desk.path("link")).unwrap();
    for (path, redirection) in [
        ("/dev/stderr", "2>> log"),
        ("link", "2>> log"),
        ("/proc/self/fd/2", "2>> log"),
        ("/dev/stdout", ">> log"),
        ("/dev/fd/7", "7>> log"),
        ("/dev/fd/7", "7> log"),
    ] {
        let before = match redirection.contains(">>") {
            true => "before\n",
            false => "",
        };
        for (command, written) in [
            (format!("import in.csv --dry-run --report {path}"), REPORT),
            (format!("export {path} --format csv"), &desk.read("all.csv")),
        ] {
            desk.write("log", "before\n");
            let number = fs::metadata(desk.path("log")).unwrap().ino();
            let ran = run(&mut desk.shell(&format!("$0 customers {command} {redirection}")));
            let log = desk.read("log");
            let expected = format!("{before}{written}");
            assert!(
                log.starts_with(&expected),
                "{command} {redirection}: {log} {ran:?}"
            );
            assert_eq!(fs::metadata(desk.path("log")).unwrap().ino(), number);
        }
    }
    // The shell continues after what the command has written.
    let script =
        "{ $0 customers import in.csv --dry-run --report /dev/stderr; echo after >&2; } 2> log";
    run(&mut desk.shell(script));
    let log = desk.read("log");
    assert!(
        log.starts_with(REPORT) && log.ends_with("\nafter\n"),
        "{log}"
    );
}

#[test]
fn an_open_descriptor_cannot_be_a_checkpoint() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    symlink("/dev/fd/7", desk.path("link")).unwrap();
    for (path, redirection) in [
        ("/dev/fd/7", "7<> log"),
        ("/proc/self/fd/7", "7<> log"),
        ("link", "7<> log"),
        ("/dev/stdin", "< log"),
    ] {
        desk.write("log", "");
        for resume in ["", "--resume"] {
            let import = format!("import in.csv {resume} --checkpoint {path} {redirection}");
            run(&mut desk.shell(&format!("$0 customers {import}")))
                .fails(2, &[&format!("--checkpoint {path}: name a file")]);
            assert_eq!((desk.read("log"), desk.writes()), (String::new(), 0));
        }
    }
}

#[test]
fn a_report_or_a_checkpoint_that_is_lost_does_not_hide_what_was_written() {
    let desk = Desk::new();
    desk.write("good.csv", "externalId\na\n");
    let full = desk.device("full");
    let ran = desk.run(&["import", "good.csv", "--report", &full]);
    let said = ["done, but the report is not complete: ", "No space left"];
    let ran = ran.ends(14, &said);
    assert!(ran.out.starts_with("1 row: 1 created"), "{ran:?}");
    assert_eq!(desk.created(), 1);
    assert!(!desk.path("good.csv.checkpoint").exists());
    // Nothing was written.
    for options in [&[][..], &["--dry-run"]] {
        let all = [&["import", "good.csv", "--report", &full], options].concat();
        desk.run(&all).ends(1, &said);
    }

    // More than a pipe holds.
    let bad = ",Bad\n".repeat(3000);
    desk.write("in.csv", format!("externalId,name\n{bad}b,Two\n"));
    desk.pipe("pipe");
    let script = "head -c 1 pipe > /dev/null & $0 customers import in.csv --report pipe";
    let ran = run(&mut desk.shell(script)).ends(16, &["pipe: Broken pipe", "line 3001: "]);
    assert!(ran.out.starts_with("3001 rows: 1 created"), "{ran:?}");
    assert_eq!(desk.created(), 2);

    let rows: String = (0..100).map(|row| format!("row-{row}\n")).collect();
    desk.write("many.csv", format!("externalId\n{rows}"));
    let script = "trap '' XFSZ; ulimit -f 1; exec $0 customers import many.csv --json";
    let ran = run(&mut desk.shell(script));
    let said = [
        "finished rows could not be recorded",
        "many.csv.checkpoint",
        "\"Unknown\"",
    ];
    let ran = ran.ends(14, &said);
    let created = desk.created() - 2;
    let counts = ran.json().pop().unwrap();
    assert_eq!(
        (&counts["rows"], &counts["created"]),
        (&created.into(), &created.into())
    );
    assert!(created > 0 && created < 100, "{created}");
}

#[test]
fn an_export_whose_named_reader_goes_away_has_failed() {
    let desk = Desk::new();
    desk.world
        .control("POST", "/customers/generate", r#"{"count": 2000}"#);
    desk.pipe("pipe.csv");
    for script in [
        "$0 customers export >(head -c 1000 > part) --format csv",
        "head -c 1000 pipe.csv > part & $0 customers export pipe.csv",
    ] {
        run(&mut desk.shell(script)).fails(1, &["Broken pipe"]);
    }
    let script = "$0 customers export - --format csv | head -c 1; exit ${PIPESTATUS[0]}";
    assert_eq!(run(&mut desk.shell(script)).code, 0);
}

#[test]
fn an_export_goes_through_links_and_keeps_modes() {
    let desk = Desk::new();
    desk.run(&["export", "new.csv"]).ok();
    assert_eq!(desk.mode("new.csv"), 0o600, "personal data");
    let all = desk.read("new.csv");

    desk.write("private.csv", "old");
    fs::set_permissions(desk.path("private.csv"), Permissions::from_mode(0o640)).unwrap();
    symlink("private.csv", desk.path("link.csv")).unwrap();
    symlink("link.csv", desk.path("chain.csv")).unwrap();
    desk.run(&["export", "chain.csv"]).ok();
    assert!(desk.is_link("link.csv") && desk.is_link("chain.csv"));
    assert_eq!(
        (desk.read("private.csv"), desk.mode("private.csv")),
        (all.clone(), 0o640)
    );

    fs::create_dir(desk.path("folder")).unwrap();
    symlink("folder/later.csv", desk.path("dangling.csv")).unwrap();
    desk.run(&["export", "dangling.csv"]).ok();
    assert!(desk.is_link("dangling.csv"));
    assert_eq!(desk.read("folder/later.csv"), all);
    symlink("loop.csv", desk.path("loop.csv")).unwrap();
    desk.run(&["export", "loop.csv"]).fails(1, &["loop.csv: "]);
    desk.run(&["export", "folder", "--format", "csv"])
        .fails(1, &["folder: "]);

    desk.write("in.csv", ROWS);
    assert_eq!(desk.run(&["import", "in.csv"]).code, 16);
    assert_eq!(
        (
            desk.mode("in.csv.checkpoint"),
            desk.mode("in.csv.failed.csv")
        ),
        (0o600, 0o600)
    );
}

#[test]
fn an_export_writes_into_pipes_and_devices() {
    let desk = Desk::new();
    desk.run(&["export", "all.csv"]).ok();
    desk.run(&["export", "all.parquet"]).ok();
    let all = desk.read("all.csv");
    desk.pipe("pipe.csv");
    let (received, ran) = desk.received("pipe.csv", &["export", "pipe.csv"]);
    ran.ok().prints(&["3 customers in pipe.csv"]);
    assert!(desk.is_pipe("pipe.csv"));
    assert_eq!(received, all);

    let (null, full) = (desk.device("null"), desk.device("full"));
    desk.run(&["export", &null, "--format", "csv"]).ok();
    desk.run(&["export", &full, "--format", "csv"])
        .fails(1, &[&full, "No space"]);
    assert!(desk.is_device(&null) && desk.is_device(&full));
    // As /dev/stdout is one.
    symlink("/proc/self/fd/1", desk.path("stdout")).unwrap();
    let ran = desk.run(&["export", "stdout", "--format", "csv"]).ok();
    assert_eq!(ran.out, all, "nothing but the customers");
    assert!(desk.is_link("stdout"));
    let script = "$0 customers export stdout --format csv > out.csv &&
        $0 customers export >(cat > copy.csv) --format csv > said && wait $! && cat said
        $0 customers export >(cat > copy.parquet) --format parquet > said && wait $!";
    let ran = run(&mut desk.shell(script)).ok();
    assert!(ran.out.starts_with("3 customers in /dev/fd/"), "{ran:?}");
    assert_eq!(
        (desk.read("out.csv"), desk.read("copy.csv")),
        (all.clone(), all)
    );
    let bytes = |name| fs::read(desk.path(name)).unwrap();
    assert_eq!(bytes("copy.parquet"), bytes("all.parquet"));
}

/// Files that somebody else has prepared under the name that exports once used.
#[test]
fn a_prepared_part_is_not_used() {
    let desk = Desk::new();
    desk.write("mine", "mine");
    symlink("mine", desk.path("a.csv.part")).unwrap();
    desk.write("b.csv.part", "foreign");
    desk.pipe("c.csv.part");
    for file in ["a.csv", "b.csv", "c.csv"] {
        desk.run(&["export", file]).ok();
    }
    assert_eq!(
        (desk.read("mine"), desk.read("b.csv.part")),
        ("mine".into(), "foreign".into())
    );
    let files = [
        "a.csv",
        "a.csv.part",
        "b.csv",
        "b.csv.part",
        "c.csv",
        "c.csv.part",
        "mine",
    ];
    assert_eq!(desk.files(), files);
}

#[test]
fn a_signal_leaves_nothing_of_an_export_and_a_full_disk_neither() {
    use std::os::unix::process::ExitStatusExt as _;

    let desk = Desk::new();
    desk.world
        .control("POST", "/customers/generate", r#"{"count": 1000}"#);
    desk.write("all.csv", "old");
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1), ("KILL", 9)] {
        desk.world.fault(
            r#"{"operation": "listCustomers", "kind": "hold", "then": "commit", "when": {"nth": 5}}"#,
        );
        let mut export = desk.world.command(&["customers", "export", "all.csv"]);
        let mut export = export.current_dir(&desk.folder).spawn().unwrap();
        desk.world.held();
        let id = export.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
        // As shells report it: 128 and the number of the signal.
        assert_eq!(export.wait().unwrap().signal(), Some(number), "{name}");
        assert_eq!(desk.files(), ["all.csv"], "{name}");
        assert_eq!(desk.read("all.csv"), "old", "{name}");
        desk.world.control("DELETE", "/faults", "");
    }
    for file in ["all.csv", "all.jsonl", "all.parquet"] {
        let script = format!("trap '' XFSZ; ulimit -f 8; exec $0 customers export {file}");
        run(&mut desk.shell(&script)).fails(1, &[&format!("{file}: File too large")]);
    }
    assert_eq!(
        (desk.files(), desk.read("all.csv")),
        (vec!["all.csv".to_owned()], "old".into())
    );
}

/// A script that runs `command` without `/proc`, which files without a name need.
fn without_unnamed_files(command: &str) -> String {
    format!("exec unshare -rm bash -c 'mount -t tmpfs none /proc && exec {command}' $0")
}

#[test]
fn a_signal_leaves_nothing_where_unfinished_files_need_a_name() {
    use std::os::unix::process::ExitStatusExt as _;

    let desk = Desk::new();
    if run(&mut desk.shell(&without_unnamed_files("true"))).code != 0 {
        return;
    }
    let export = without_unnamed_files("$0 customers export all.csv");
    desk.write("all.csv", "old");
    let part = || {
        let mut names = desk.files().into_iter();
        names.find(|name| name.starts_with(".skiplino-"))
    };
    for (script, name, number) in [
        ("", "INT", Some(2)),
        ("", "TERM", Some(15)),
        ("", "HUP", Some(1)),
        // As `nohup` does.
        ("trap '' HUP; ", "HUP", None),
    ] {
        let hold = r#"{"operation": "listCustomers", "kind": "hold", "then": "commit"}"#;
        let hold = desk.world.control("POST", "/faults", hold)["id"].clone();
        let mut export = desk.shell(&format!("{script}{export}"));
        let mut export = export.stdout(Stdio::null()).spawn().unwrap();
        desk.world.held();
        assert!(part().is_some(), "{:?}", desk.files());
        let id = export.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
        let release = format!("/faults/{hold}/release");
        desk.world.control("POST", &release, "");
        desk.world.control("DELETE", "/faults", "");
        let ended = export.wait().unwrap();
        assert_eq!(ended.signal(), number, "{script}{name}");
        assert_eq!((ended.success(), part()), (number.is_none(), None));
        assert_eq!(desk.read("all.csv") == "old", number.is_some());
    }
}

#[test]
fn an_import_without_a_place_for_a_checkpoint_says_so() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    for (script, reason) in [
        (
            "$0 customers import <(cat in.csv) --format csv",
            "is not a regular file",
        ),
        (
            "$0 customers import - --format csv < in.csv",
            "standard input is not",
        ),
        (
            "$0 customers import /dev/stdin --format csv < in.csv",
            "standard input is not",
        ),
        // A folder in which nobody can create a file.
        (
            "$0 customers import /dev/fd/3 --format csv 3< in.csv",
            "cannot be created",
        ),
    ] {
        let ran = run(&mut desk.shell(script));
        assert_eq!(ran.code, 16, "{script}: {ran:?}");
        for said in [reason, "--checkpoint", "line 3: the row has no externalId"] {
            assert!(ran.err.contains(said), "{said}: {ran:?}");
        }
        assert!(!ran.err.contains("--resume"), "{ran:?}");
        assert_eq!(desk.files(), ["in.csv"]);
    }
    assert_eq!(desk.stored()["a"]["name"], "One");
    for script in [
        "$0 customers import <(cat in.csv) --format csv --checkpoint c --report r",
        "$0 customers import - --format csv --checkpoint c --report r --resume < in.csv",
        "$0 customers import /dev/fd/3 --format csv --checkpoint c --report r --resume 3< in.csv",
    ] {
        let ran = run(&mut desk.shell(script));
        assert_eq!(
            (ran.code, &*desk.read("r")),
            (16, REPORT),
            "{script}: {ran:?}"
        );
        assert!(!ran.err.contains("no checkpoint"), "{ran:?}");
    }
    run(&mut desk.shell("$0 customers import <(cat in.csv) --format parquet"))
        .fails(2, &["Parquet cannot be read from"]);
    let ran = desk.run(&["import", "in.csv", "--checkpoint", "none/c"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("none/c") && ran.err.contains("--checkpoint"),
        "{ran:?}"
    );
}

/// Needs the right to mount a folder.
#[test]
fn a_read_only_folder_has_neither_checkpoint_nor_report() {
    let desk = Desk::new();
    desk.write("in.csv", ROWS);
    let read_only = "mount --bind . . && mount -o remount,bind,ro . && cd $PWD";
    let mounted = |script: &str| {
        let script = format!("exec unshare -rm bash -c '{read_only} && {script}' $0");
        run(&mut desk.shell(&script))
    };
    if mounted("true").code != 0 {
        return;
    }
    for report in ["", "old"] {
        if !report.is_empty() {
            desk.write("in.csv.failed.csv", report);
        }
        let ran = mounted("$0 customers import in.csv");
        assert_eq!(ran.code, 16, "{ran:?}");
        for said in [
            "no checkpoint, because in.csv.checkpoint cannot be created: Read-only",
            "in.csv.failed.csv: Read-only file system",
            "--report",
            "line 3: the row has no externalId",
        ] {
            assert!(ran.err.contains(said), "{said}: {ran:?}");
        }
        for option in ["--report", "--checkpoint"] {
            let ran = mounted(&format!("$0 customers import in.csv {option} other"));
            ran.ends(1, &["other", "Read-only"]);
        }
        mounted("$0 customers export in.csv").fails(1, &["in.csv: Read-only"]);
    }
    assert_eq!(desk.read("in.csv.failed.csv"), "old");
    assert_eq!(desk.stored()["a"]["name"], "One");
}

const REPORT: &str = "line,externalId,outcome,reason\n3,,failed,the row has no externalId\n";

#[test]
fn a_command_that_writes_goes_on_without_its_reader() {
    let desk = Desk::new();
    let rows: String = (0..600).map(|row| format!("row-{row},Name\n")).collect();
    desk.write("in.csv", format!("externalId,name\n{rows},Bad\n"));
    let script = "set -o pipefail; $0 customers import in.csv --json | head -1 > /dev/null";
    let ran = run(&mut desk.shell(script));
    assert_eq!((ran.code, desk.created()), (16, 600), "{ran:?}");
    let said = "skiplino: 1 row failed: see in.csv.failed.csv; --resume tries again\n";
    assert!(ran.err.contains(said), "{ran:?}");

    // Standard output is closed before anything is written.
    let closed = |command: &str| {
        let script = format!("$0 {command} | true; echo ${{PIPESTATUS[0]}}");
        run(&mut desk.shell(&script)).out
    };
    assert_eq!(closed("customers import in.csv --resume"), "16\n");
    desk.world
        .fault(r#"{"operation": "createCustomer", "kind": "drop_after_commit"}"#);
    let lost = closed("customers create --name Guest --retries 0");
    assert_eq!(lost, "14\n");
    desk.world.control("DELETE", "/faults", "");
    assert_eq!(closed("ticket cancel k7m2p9x4q1 --yes"), "0\n");
    assert_eq!(closed("ticket cancel k7m2p9x4q1 --yes"), "6\n");
}

#[test]
fn a_result_that_cannot_be_printed_is_told_apart_from_a_write_that_failed() {
    let desk = Desk::new();
    desk.write("in.csv", "externalId\nnew-1\n");
    for command in [
        "customers import in.csv",
        "customers create --external-id new-2",
        "customers update ext:new-2 --name Name",
        "customers delete ext:new-2 --yes",
        "ticket cancel k7m2p9x4q1 --yes --json",
    ] {
        let ran = run(&mut desk.shell(&format!("$0 {command} > /dev/full")));
        let said = ["done, but the result could not be printed", "No space"];
        ran.fails(14, &said);
    }
    assert_eq!(desk.stored()["new-1"]["externalId"], "new-1");
    assert!(!desk.stored().contains_key("new-2"));
    // A failed row counts more.
    desk.write("in.csv", ROWS);
    let ran = run(&mut desk.shell("$0 customers import in.csv > /dev/full"));
    assert_eq!(ran.code, 16, "{ran:?}");
}
