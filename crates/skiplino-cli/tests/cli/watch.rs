//! `skiplino ticket watch`: each change of a ticket.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::support::World;

const TICKET: &str = "k7m2p9x4q1";
const CALL_NEXT: &str = "/services/6fe8fb8b12/call-next";

fn watch(world: &World, arguments: &[&str]) -> (Child, std::io::Lines<BufReader<ChildStdout>>) {
    let all = [&["ticket", "watch", TICKET, "--every", "0.02"], arguments].concat();
    let mut child = world
        .command(&all)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

#[test]
fn each_change_is_a_line_until_it_is_served() {
    let world = World::new();
    let (mut child, mut lines) = watch(&world, &[]);
    let mut next = || lines.next().unwrap().unwrap();
    assert_eq!(
        next(),
        "Q017  waiting  ░░░░░░░░░░░░░░░░░░░░  6 people ahead, about 18 min"
    );
    // Each change is made after the previous one was printed, so that no change is skipped.
    for (ahead, bar) in [(5, 3), (4, 6), (3, 10), (2, 13), (1, 16), (0, 20)] {
        world.control("POST", CALL_NEXT, r#"{"finish": true}"#);
        let line = next();
        let drawn = line.chars().filter(|char| *char == '█').count();
        assert_eq!(drawn, bar, "{line}");
        let place = match ahead {
            0 => "nobody ahead".to_owned(),
            1 => "1 person ahead".to_owned(),
            _ => format!("{ahead} people ahead"),
        };
        assert!(line.contains(&place), "{line}");
    }
    world.control("POST", CALL_NEXT, r#"{"finish": true}"#);
    assert_eq!(next(), "Q017  serving");
    world.control("POST", &format!("/tickets/{TICKET}/serve"), "{}");
    assert_eq!(next(), "Q017  served");
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn programs_get_json_lines_and_learn_of_a_cancellation_from_the_exit_code() {
    let world = World::new();
    let (mut child, lines) = watch(&world, &["--json"]);
    let mut states = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    assert_eq!(states.next().unwrap()["queueSize"], 6);
    world.run(&["ticket", "cancel", TICKET, "--yes"]).ok();
    assert_eq!(states.next().unwrap()["status"], "cancelled");
    assert!(states.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(15));
}

#[test]
fn a_watch_gives_up_after_the_given_time() {
    let world = World::new();
    world.control(
        "POST",
        "/faults",
        r#"{"operation": "getTicket", "kind": "html_502"}"#,
    );
    let limit = [
        "ticket",
        "watch",
        TICKET,
        "--every",
        "0.01",
        "--give-up-after",
        "0.05",
    ];
    let ran = world.run(&limit);
    assert_eq!(ran.code, 9);
    assert_eq!(
        ran.err,
        "skiplino: get the ticket: the server failed (502)\n"
    );
    world.control("DELETE", "/faults", "");
    let ran = world.run(&["ticket", "watch", "nosuchtick"]);
    assert_eq!(ran.code, 4);
}
