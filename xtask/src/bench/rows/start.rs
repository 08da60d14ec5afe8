//! The time to the first answer: on nothing, and on much.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::Bench;
use super::super::content::Content;
use super::super::load::{Load, spread};
use super::super::peer::{Kind, MINIMAL, OURS, Peer};
use super::super::sheet::{Goal, Head};
use crate::wire;

const EMPTY: Head = (
    "first 200, empty root",
    "ms",
    &[Goal::Below(10.0, OURS), Goal::Below(10.0, MINIMAL)],
);
const REPOS: Head = (
    "first 200, 10,000 repositories",
    "ms",
    &[Goal::Below(200.0, OURS)],
);
const TAGS: Head = (
    "first 200, one repository of 10,000 tags",
    "ms",
    &[Goal::Below(200.0, OURS)],
);
const PAGE: Head = (
    "catalog page of 100 among 10,000 repositories",
    "ms",
    &[Goal::Below(1.0, OURS)],
);

/// Starts each build several times on an empty root.
pub(in super::super) fn empty(bench: &mut Bench) -> Result<()> {
    for _ in 0..bench.rounds * 3 {
        bench.each(&Kind::BUILDS, |bench, peer, root| {
            let (_server, took) = peer.start(root)?;
            bench.sheet.record(EMPTY, peer.name, millis(took));
            Ok(())
        })?;
    }
    Ok(())
}

/// Starts again on roots that hold much, after a clean stop.
pub(in super::super) fn full(bench: &mut Bench) -> Result<()> {
    let repos: Vec<Content> = (0..bench.size(10_000, 200))
        .map(|n| Content::new(&format!("many/r{n:05}"), 1))
        .collect();
    let tags = vec![Content::new("bench/many", bench.size(10_000, 300))];
    bench.each(&[Kind::Ours, Kind::Zot], |bench, peer, root| {
        restart(bench, peer, root, (REPOS, &repos))
    })?;
    bench.each(&[Kind::Ours, Kind::Zot], |bench, peer, root| {
        restart(bench, peer, root, (TAGS, &tags))
    })
}

/// Fills a root, stops cleanly, and measures starts from then on.
fn restart(bench: &mut Bench, peer: &Peer, root: &Path, what: (Head, &[Content])) -> Result<()> {
    let (head, contents) = what;
    for content in contents {
        content.prepare(peer, root)?;
    }
    let (server, _) = peer.start(root)?;
    if peer.kind == Kind::Ours {
        spread(server.address, 4, contents, |client, content| {
            content.push(client)
        })?;
    }
    server.stop()?;
    for _ in 0..bench.rounds {
        let (server, took) = peer.start(root)?;
        bench.sheet.record(head, peer.name, millis(took));
        if contents.len() > 1 {
            let load = Load {
                address: server.address,
                method: "GET",
                target: "/v2/_catalog?n=100",
                authorization: None,
                connections: 1,
                time: Duration::from_secs(1),
            };
            // the first page may have to wait for what a start has put off
            let start = Instant::now();
            wire::expect(&server.client().get(load.target)?, 200, "catalog")?;
            let name = format!("{}, the first", PAGE.0);
            bench
                .sheet
                .record_as(name, ("", "ms", &[]), peer.name, millis(start.elapsed()));
            bench.sheet.record(PAGE, peer.name, load.own()?.p50 / 1e3);
        }
        server.stop()?;
    }
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
