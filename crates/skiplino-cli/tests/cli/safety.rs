//! Safety: keys are never printed, deletions need a confirmation, and a closed pipe is no crash.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::support::{Ran, World, bare, run};

#[test]
fn deletions_need_yes_without_a_terminal() {
    let world = World::new();
    for (command, operation) in [
        (["ticket", "cancel", "k7m2p9x4q1"], "cancelTicket"),
        (["customers", "delete", "ext:crm-7741"], "deleteCustomer"),
    ] {
        world.run(&command).fails(2, &["--yes", "no terminal"]);
        assert_eq!(world.received(operation), 0);
    }
}

#[test]
fn the_key_is_read_from_the_environment_a_flag_a_file_or_standard_input() {
    let world = World::new();
    let without = || {
        let mut command = world.command(&["customers", "list"]);
        command.env_remove("SKIPLINO_API_KEY");
        command
    };
    run(&mut without()).fails(2, &["SKIPLINO_API_KEY", "--api-key-file"]);
    run(without().env("SKIPLINO_API_KEY", "")).fails(2, &["SKIPLINO_API_KEY"]);
    run(without().args(["--api-key", "sk_sandbox_secret"])).ok();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "sk_sandbox_secret").unwrap();
    let path = file.path().to_str().unwrap();
    run(without().args(["--api-key-file", path])).ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        for (mode, is_warned) in [(0o640, true), (0o604, true), (0o600, false)] {
            let mode = std::fs::Permissions::from_mode(mode);
            file.as_file().set_permissions(mode).unwrap();
            let ran = run(without().args(["--api-key-file", path]));
            let warned = ran.err.contains("chmod 600");
            assert_eq!((ran.code, warned), (0, is_warned), "{ran:?}");
        }
    }
    // The file takes precedence over the environment variable.
    run(without()
        .env("SKIPLINO_API_KEY", "sk_wrong")
        .args(["--api-key-file", path]))
    .ok();
    run(without().args(["--api-key-file", "/nonexistent/key"])).fails(1, &["/nonexistent/key"]);

    // An endless file is not read to its end.
    #[cfg(unix)]
    run(without().args(["--api-key-file", "/dev/zero"])).fails(2, &["apiKey"]);

    let mut child = without()
        .args(["--api-key-file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"sk_sandbox_secret\n")
        .unwrap();
    Ran::from(child.wait_with_output().unwrap())
        .ok()
        .prints(&["Layla Hassan"]);
}

#[test]
fn a_key_is_never_shown() {
    // `run` searches all output for keys; these commands are the most likely to print one.
    for arguments in [
        &["--help"][..],
        &["help", "book"],
        &["branches", "--help"],
        &["branches", "sk_wrong_place"],
        &["branches", "--api-keys", "sk_wrong_flag"],
        &["sk_wrong_command"],
        &["branches", "--locale", "sk_wrong value"],
        &[
            "branches",
            "--base-url",
            "https://sk_wrong:hush@example.com",
        ],
        &[
            "branches",
            "--base-url",
            "ftp://example.com/hush?key=sk_wrong",
        ],
        &["book", "--service", "x", "--time", "sk_wrong"],
        &["completions", "bash"],
    ] {
        run(bare(arguments).env("SKIPLINO_API_KEY", "sk_wrong"));
        run(bare(arguments).env("SKIPLINO_API_KEY", "hush"));
    }
    for key in ["sk_wrong key", "sk_wrong\nkey", "hushé"] {
        run(bare(&["branches", "--api-key", key]).env("SKIPLINO_BASE_URL", "http://127.0.0.1:9"))
            .fails(2, &["apiKey"]);
    }
}

#[test]
fn plain_http_is_only_for_this_machine() {
    let mut command = bare(&["branches", "--base-url", "http://example.com/external/v1"]);
    run(command.env("SKIPLINO_API_KEY", "sk_wrong")).fails(2, &["baseUrl", "https"]);
}

#[test]
fn a_closed_pipe_ends_the_command_quietly() {
    let world = World::new();
    world.control("POST", "/customers/generate", r#"{"count": 5000}"#);
    for form in [
        &["customers", "list", "--all"][..],
        &["customers", "list", "--all", "--json"],
    ] {
        let before = world.received("listCustomers");
        let mut child = world
            .command(form)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(!first.is_empty());
        Ran::from(child.wait_with_output().unwrap()).ok();
        let read = world.received("listCustomers") - before;
        assert!(
            read < 25,
            "it read {read} of 51 pages after the reader had closed the pipe"
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn unwritable_output_is_reported_and_fails() {
    let world = World::new();
    for arguments in [
        &["branches"][..],
        &["--help"],
        &["completions", "bash"],
        // The sandbox cannot print its address, so it does not start.
        &["sandbox"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = world.command(arguments);
        let child = command
            .stdout(full.unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Ran::from(child.wait_with_output().unwrap()).fails(1, &["standard output", "No space"]);
    }
}
