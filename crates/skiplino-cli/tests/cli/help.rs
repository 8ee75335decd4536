//! The help of every command, and the shell completions.

use crate::support::{bare, run};

#[test]
fn completions_are_made_for_every_shell() {
    for (shell, sign) in [
        ("bash", "complete -F _skiplino"),
        ("zsh", "#compdef skiplino"),
        ("fish", "complete -c skiplino"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = run(&mut bare(&["completions", shell]))
            .ok()
            .prints(&[sign, "reschedule"]);
        assert!(!script.out.contains("panicked"));
    }
    assert_eq!(run(&mut bare(&["completions", "cmd"])).code, 2);
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        "branches",
        "tree",
        "slots",
        "book",
        "ticket",
        "ticket get",
        "ticket cancel",
        "ticket reschedule",
        "customers",
        "customers list",
        "customers get",
        "customers create",
        "customers update",
        "customers delete",
        "customers tickets",
        "customers export",
        "customers import",
        "sandbox",
        "doctor",
        "whoami",
        "completions",
        "exit-codes",
    ] {
        let words: Vec<_> = std::iter::once("help").chain(command.split(' ')).collect();
        let example = format!("Examples:\n  skiplino {command}");
        let example = if command == "ticket" || command == "customers" {
            "Examples:\n  skiplino "
        } else {
            &example
        };
        run(&mut bare(&words)).ok().prints(&[example]);
    }
    run(&mut bare(&["help", "exit-codes"]))
        .ok()
        .prints(&["   14  a write failed but may have been applied"]);
}
