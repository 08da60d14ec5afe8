//! Faults on top of memory.

use super::*;
use crate::memory::MemoryDriver;

fn key(text: &str) -> Key {
    Key::new(text).expect("valid")
}

fn driver() -> FaultDriver {
    FaultDriver::new(Arc::new(MemoryDriver::new(1 << 20))).with_power_cuts()
}

async fn text(driver: &FaultDriver, name: &str) -> Option<String> {
    let key = key(name);
    let object = driver.get(&key, None).await.ok()?;
    let bytes = object.body.collect(&key).await.expect("readable");
    Some(String::from_utf8(bytes.to_vec()).expect("text"))
}

#[tokio::test]
async fn rules_affect_the_calls_that_they_name() {
    let driver = driver();
    let full = Effect::Fail(ErrorKind::Full);
    driver.add(
        Rule::on(Operation::Put, full)
            .keys(Keys::Under(key("a")))
            .after(1)
            .times(1),
    );
    let mut outcomes = Vec::new();
    for name in ["a/1", "b/1", "a", "a/2", "a/3"] {
        let outcome = driver.put(&key(name), "x".into()).await;
        outcomes.push((name, outcome.err().map(|error| error.kind())));
        if name == "a" {
            driver.delete(&key("a/1")).await.expect("delete");
        }
    }
    let expected = [
        ("a/1", None),
        ("b/1", None),
        ("a", Some(ErrorKind::Exists)),
        ("a/2", Some(ErrorKind::Full)),
        ("a/3", None),
    ];
    assert_eq!(outcomes, expected);

    driver.add(Rule::on_all(Effect::Fail(ErrorKind::Io)).keys(Keys::EndWith("1".into())));
    driver.add(Rule::on(
        Operation::Rename,
        Effect::LoseAnswer(ErrorKind::Busy),
    ));
    let error = driver
        .rename(&key("b/1"), &key("b/2"))
        .await
        .expect_err("by the first rule");
    assert_eq!(error.kind(), ErrorKind::Io);
    let error = driver
        .rename(&key("a/3"), &key("b/2"))
        .await
        .expect_err("by the second rule");
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(text(&driver, "b/2").await.as_deref(), Some("x"));
    driver.clear();
    driver.stat(&key("b/1")).await.expect("no rule left");
}

#[tokio::test]
async fn a_list_can_fail_too() {
    let driver = driver();
    driver.put(&key("a/b"), "x".into()).await.expect("put");
    driver.add(Rule::on(Operation::List, Effect::Fail(ErrorKind::Io)).times(1));
    let failed: Vec<_> = driver.list(&key("a")).collect().await;
    assert!(
        matches!(&failed[..], [Err(error)] if error.kind() == ErrorKind::Io),
        "{failed:?}"
    );
    assert_eq!(driver.list(&key("a")).count().await, 1);
}

#[tokio::test]
async fn a_short_append_leaves_what_was_handed_on() {
    let driver = driver();
    let short = Effect::Short {
        bytes: 3,
        kind: ErrorKind::Full,
    };
    driver.add(Rule::on(Operation::Append, short).times(1));
    let data = || vec!["ab".into(), "cd".into(), "ef".into()];
    let error = driver
        .append(&key("u"), 0, data())
        .await
        .expect_err("short");
    assert_eq!(error.kind(), ErrorKind::Full);
    assert_eq!(text(&driver, "u").await.as_deref(), Some("abc"));
    assert_eq!(
        driver.append(&key("u"), 3, data()).await.expect("append"),
        9
    );
}

#[tokio::test]
async fn a_gate_holds_calls_until_it_is_opened() {
    let driver = Arc::new(driver());
    let gate = Gate::closed();
    driver.add(Rule::on(Operation::Put, Effect::Wait(gate.clone())));
    let putting = tokio::spawn({
        let driver = Arc::clone(&driver);
        async move { driver.put(&key("a"), "x".into()).await }
    });
    gate.arrived(1).await;
    assert_eq!(text(&driver, "a").await, None);
    assert!(!putting.is_finished());
    gate.open();
    putting.await.expect("joins").expect("put");
    assert_eq!(text(&driver, "a").await.as_deref(), Some("x"));
}

#[tokio::test]
async fn a_power_cut_takes_what_was_not_persisted() {
    let cases = [
        (
            Loss::Changes,
            [Some("old!"), Some("gone"), None, Some("upx"), None],
        ),
        (
            Loss::Bytes,
            [Some("ne"), None, Some("ne"), None, Some("upx")],
        ),
    ];
    for (loss, expected) in cases {
        let driver = driver();
        for (name, data) in [("replaced", "old!"), ("deleted", "gone"), ("kept", "kept")] {
            driver.put(&key(name), data.into()).await.expect("put");
        }
        driver
            .append(&key("upload"), 0, vec!["upx".into()])
            .await
            .expect("append");
        let keys = ["replaced", "deleted", "kept", "upload"].map(key);
        driver.persist(&keys).await.expect("persist");
        driver
            .append(&key("upload"), 3, vec!["y".into()])
            .await
            .expect("append");
        driver
            .put(&key("replaced"), "new!".into())
            .await
            .expect("put");
        driver.delete(&key("deleted")).await.expect("delete");
        driver.put(&key("new"), "new!".into()).await.expect("put");
        driver
            .commit(&key("upload"), &key("blob"))
            .await
            .expect("commit");
        driver.power_cut(loss).await.expect("power cut");
        for (name, data) in ["replaced", "deleted", "new", "upload", "blob"]
            .iter()
            .zip(expected)
        {
            assert_eq!(
                text(&driver, name).await.as_deref(),
                data,
                "{name} with {loss:?}"
            );
        }
        assert_eq!(text(&driver, "kept").await.as_deref(), Some("kept"));
    }
}

#[tokio::test]
async fn a_power_cut_leaves_bytes_that_are_durable_under_another_name() {
    for (loss, linked, moved) in [
        (Loss::Bytes, Some("linked"), Some("moved.")),
        (Loss::Changes, None, None),
    ] {
        let driver = driver();
        for (name, data) in [("1", "linked"), ("2", "moved.")] {
            driver
                .append(&key(name), 0, vec![data.into()])
                .await
                .expect("append");
        }
        driver
            .persist(&[key("1"), key("2")])
            .await
            .expect("persist");
        driver.link(&key("1"), &key("3")).await.expect("link");
        driver.commit(&key("2"), &key("4")).await.expect("commit");
        driver.power_cut(loss).await.expect("power cut");
        assert_eq!(text(&driver, "1").await.as_deref(), Some("linked"));
        assert_eq!(text(&driver, "3").await.as_deref(), linked, "{loss:?}");
        assert_eq!(text(&driver, "4").await.as_deref(), moved, "{loss:?}");
    }
}

#[tokio::test]
async fn a_failed_persist_persists_nothing() {
    let driver = driver();
    driver.put(&key("a"), "x".into()).await.expect("put");
    driver.add(Rule::on(Operation::Persist, Effect::Fail(ErrorKind::Io)).times(1));
    driver.persist(&[key("a")]).await.expect_err("by the rule");
    driver.power_cut(Loss::Changes).await.expect("power cut");
    assert_eq!(text(&driver, "a").await, None);
}

#[tokio::test]
async fn without_a_memory_there_is_no_power_to_cut() {
    let driver = FaultDriver::new(Arc::new(MemoryDriver::new(4096)));
    let error = driver.power_cut(Loss::Bytes).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
