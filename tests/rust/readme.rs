//! The README shows the tested example.

use skiplino_tests::tests_folder;

#[test]
fn the_first_program_of_the_readme_is_the_tested_example() {
    let root = tests_folder().join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let example = std::fs::read_to_string(root.join("crates/skiplino/examples/first.rs")).unwrap();
    let program = &example[example.find("use skiplino").unwrap()..];
    assert!(
        readme.contains(program),
        "the README shows another program than examples/first.rs"
    );
}
