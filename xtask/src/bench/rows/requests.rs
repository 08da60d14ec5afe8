//! Small requests over 32 kept connections, in small and in big repositories.

use std::time::Duration;

use anyhow::Result;

use super::super::content::Content;
use super::super::load::Load;
use super::super::peer::Kind;
use super::super::sheet::{Goal, Head};
use super::super::{Bench, Running};

const SMALL: Head = (
    "",
    "req/s",
    &[
        Goal::AtLeast(0.8, "nginx"),
        Goal::AtLeast(2.0, "zot-minimal"),
        Goal::AtLeast(10.0, "zot-full"),
    ],
);
const PING: Head = (
    "",
    "req/s",
    &[
        Goal::AtLeast(0.8, "nginx"),
        Goal::AtLeast(2.0, "zot-minimal"),
    ],
);
const LATENCY: Head = ("", "µs", &[]);
const PAGE: Head = ("", "req/s", &[Goal::AtLeast(20.0, "zot-minimal")]);

const CONNECTIONS: u32 = 32;

/// Measures each small request against an image in a repository of its own.
pub(in super::super) fn small(bench: &mut Bench) -> Result<()> {
    let content = Content::new("bench/one", 1);
    let running = start(bench, &content)?;
    bench.alternate(&running, |bench, each| {
        rate(bench, each, PING, ("GET", "/v2/", "GET /v2/"))?;
        for (method, target, name) in [
            ("GET", content.by_tag(), "GET manifest by tag"),
            ("GET", content.by_digest(), "GET manifest by digest"),
            ("GET", content.layer(), "GET blob of 2 KiB"),
            ("HEAD", content.by_tag(), "HEAD manifest by tag"),
            ("HEAD", content.by_digest(), "HEAD manifest by digest"),
        ] {
            rate(bench, each, SMALL, (method, &target, name))?;
        }
        Ok(())
    });
    Ok(())
}

/// Measures the same where the repository has many tags, and pages of the list.
pub(in super::super) fn tags(bench: &mut Bench) -> Result<()> {
    for count in [bench.size(1000, 100), bench.size(10_000, 300)] {
        let content = Content::new("bench/many", count);
        let running = start(bench, &content)?;
        let page = format!("/v2/{}/tags/list?n=10", content.repo);
        bench.alternate(&running, |bench, each| {
            for (target, name, head) in [
                (content.by_tag(), "GET manifest by tag", SMALL),
                (content.by_digest(), "GET manifest by digest", SMALL),
                (page.clone(), "GET tags/list?n=10", PAGE),
            ] {
                rate(
                    bench,
                    each,
                    head,
                    ("GET", &target, &format!("{name}, {count} tags")),
                )?;
            }
            Ok(())
        });
    }
    Ok(())
}

fn start(bench: &mut Bench, content: &Content) -> Result<Vec<Running>> {
    bench.start(
        &Kind::READERS,
        |peer, root| content.prepare(peer, root),
        |peer, server| content.fill(peer, server),
    )
}

/// Records rate, median and 99th percentile of a request: method, target, name.
fn rate(bench: &mut Bench, each: &Running, head: Head, what: (&str, &str, &str)) -> Result<()> {
    let (method, target, name) = what;
    let load = Load {
        address: each.server.address,
        method,
        target,
        authorization: None,
        connections: CONNECTIONS,
        time: Duration::from_secs(bench.size(4, 1)),
    };
    let rate = load.run()?;
    let sheet = &mut bench.sheet;
    sheet.record_as(name.to_owned(), head, each.peer.name, rate.per_second);
    sheet.record_as(format!("{name}, p50"), LATENCY, each.peer.name, rate.p50);
    sheet.record_as(format!("{name}, p99"), LATENCY, each.peer.name, rate.p99);
    Ok(())
}
