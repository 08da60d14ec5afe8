use std::process::Command;
use std::sync::mpsc;

use super::{Program, port};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_program_is_followed_line_by_line_and_stopped() {
    let (sender, lines) = mpsc::channel();
    let script = "trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done";
    let mut program = Program::start(shell(script), move |line| {
        sender.send(line.to_owned()).ok();
    });
    assert_eq!(lines.recv().unwrap(), "up");
    assert_eq!(program.stop().code(), Some(7));
    assert_eq!(program.log(), "up\n");
    // once it has ended, its process id may be somebody else's
    assert_eq!(program.stop().code(), Some(7));
}

#[test]
#[should_panic(expected = "waited in vain for a sign")]
fn a_program_that_ends_never_gets_ready() {
    Program::start(shell("exit 1"), |_| ()).wait_until("a sign", || false);
}

#[test]
fn the_port_is_read_from_its_line_only() {
    let message = "port is unspecified, listening on kernel chosen port";
    let cases = [
        (
            format!(r#"{{"level":"info","message":"{message}","port":44815}}"#),
            Some(44815),
        ),
        (
            r#"{"message":"configuration settings","port":8080}"#.to_owned(),
            None,
        ),
        (format!(r#"{{"message":"{message}"}}"#), None),
        ("not JSON".to_owned(), None),
    ];
    for (line, expected) in cases {
        assert_eq!(port(&line), expected, "{line}");
    }
}
