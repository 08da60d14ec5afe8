use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use http::{HeaderMap, Method};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

fn log(level: &str) -> (TempDir, PathBuf, Log) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let options = LogOptions {
        level: level.to_owned(),
        output: Some(path.clone()),
    };
    let log = Log::open(&options).unwrap();
    (dir, path, log)
}

fn lines(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn within(log: &Log, call: impl FnOnce()) {
    let subscriber = tracing_subscriber::registry().with(log.layer());
    tracing::subscriber::with_default(subscriber, call);
    log.flush();
}

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] io::Error);

#[test]
fn events_become_lines() {
    let (_dir, path, log) = log("info");
    within(&log, || {
        let error = Outer(io::Error::other("inner"));
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::error!(
            error,
            port = 8080,
            on = true,
            text = "a\"b",
            "it {}",
            "failed"
        );
        tracing::info!(target: "h2::frame", "of another crate");
        tracing::warn!(target: "h2::frame", token = "s3cr3tm4rk", password = ?"s3cr3tm4rk", "theirs");
        tracing::debug!("below the level");
    });
    let lines = lines(&path);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let line = &lines[0];
    assert_eq!(line["level"], "error");
    assert_eq!(line["message"], "it failed");
    assert_eq!(line["error"], "outer: inner");
    assert_eq!((&line["port"], &line["on"]), (&8080.into(), &true.into()));
    assert_eq!(line["text"], "a\"b");
    assert!(line["caller"].as_str().unwrap().contains("tests.rs:"));
    let first: Vec<_> = line.as_object().unwrap().keys().take(3).cloned().collect();
    assert_eq!(first, ["time", "level", "message"]);
    assert_eq!(
        (&lines[1]["token"], &lines[1]["password"]),
        (&"******".into(), &"******".into())
    );
}

#[test]
fn access_lines_come_from_info_on() {
    for (level, expected) in [("debug", 1), ("INFO", 1), ("warn", 0), ("error", 0)] {
        let (_dir, path, log) = log(level);
        log.access(&Access {
            username: None,
            client: crate::client_address::Client::direct(([127, 0, 0, 1], 1).into()),
            method: &Method::GET,
            path: "/v2/",
            status: 200,
            latency: Duration::ZERO,
            body_size: 2,
            headers: &HeaderMap::new(),
        });
        log.flush();
        assert_eq!(lines(&path).len(), expected, "{level}");
    }
}

#[test]
fn files_are_appended_to_and_private() {
    let (_dir, path, log) = log("");
    within(&log, || tracing::info!("one"));
    let options = LogOptions {
        output: Some(path.clone()),
        ..LogOptions::default()
    };
    let other = Log::open(&options).unwrap();
    within(&other, || tracing::info!("two"));
    assert_eq!(lines(&path).len(), 2);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn levels_are_those_of_zot() {
    for (name, expected) in [
        ("", LevelFilter::DEBUG),
        ("Trace", LevelFilter::DEBUG),
        ("warning", LevelFilter::WARN),
        ("FATAL", LevelFilter::ERROR),
        ("panic", LevelFilter::ERROR),
    ] {
        assert_eq!(level(name).unwrap(), expected, "{name}");
    }
    let text = level("loud").unwrap_err().to_string();
    let expected = "invalid log level 'loud', supported levels are: debug, trace, info, warn, \
                    warning, error, fatal, panic";
    assert_eq!(text, expected);
    let options = LogOptions {
        level: String::new(),
        output: Some("/nonexistent/folder/log".into()),
    };
    assert!(matches!(Log::open(&options), Err(LogError::Open(..))));
}

#[test]
fn settings_are_an_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let options = LogOptions {
        level: "info".to_owned(),
        output: Some(path.clone()),
    };
    let log = Log::open(&options).unwrap();
    log.settings(&serde_json::json!({"http": {"port": "8080"}}));
    log.flush();
    let line = lines(&path).pop().unwrap();
    assert_eq!(line["message"], "configuration settings");
    assert_eq!(line["params"]["http"]["port"], "8080");
}

#[test]
fn level_and_file_change_while_the_log_is_in_use() {
    let (dir, path, log) = log("error");
    let other = dir.path().join("other");
    let change = |level: &str, output: &Path| {
        let options = LogOptions {
            level: level.to_owned(),
            output: Some(output.to_owned()),
        };
        log.prepare(&options).map(|prepared| log.replace(prepared))
    };
    // One place, so that its interest is remembered.
    let say = |text: &str| tracing::info!("{text}");
    within(&log, || {
        say("unheard");
        change("info", &path).unwrap();
        say("one");
        change("debug", &other).unwrap();
        say("two");
        assert!(matches!(change("loud", &path), Err(LogError::Level(_))));
        let nowhere = Path::new("/nonexistent/folder/log");
        assert!(matches!(change("error", nowhere), Err(LogError::Open(..))));
        say("three");
        change("error", &other).unwrap();
        say("unheard");
    });
    let texts = |path: &Path| {
        let lines = lines(path);
        let texts = lines
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(texts(&path), ["one"]);
    assert_eq!(texts(&other), ["two", "three"]);
}

mod markers;
