//! How much memory an answer can take: in a process of its own, whose peak is nobody else's.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use serde_json::json;
use skiplino::ErrorKind;
use skiplino_tests::Bench;

const MIB: u64 = 1024 * 1024;

/// The most memory that this process ever held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.unwrap().trim().trim_end_matches(" kB");
    kibibytes.parse::<u64>().unwrap() * 1024
}

#[test]
fn a_huge_answer_takes_no_more_than_the_cap_allows() {
    let bench = Bench::new();
    let client = bench.public();
    client.branches().list().wait().unwrap();
    let before = peak();
    let faults = [("gzip_bomb", 256 * MIB), ("huge_body", 17 * MIB)];
    for (kind, bytes) in faults {
        bench.control("DELETE /faults", &json!(null));
        bench.fault("*", kind, json!({"bytes": bytes}));
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Decode, Some(200))
        );
        assert!(error.reason().unwrap().contains("larger than"), "{error}");
    }
    // Twice the cap of 16 MiB while the text grows, and what the sandbox itself takes in this process.
    let grown = peak() - before;
    assert!(grown < 48 * MIB, "it took {} MiB", grown / MIB);
}
