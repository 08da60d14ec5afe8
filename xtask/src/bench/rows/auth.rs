//! Small requests of callers who must be known.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::Bench;
use super::super::content::Content;
use super::super::load::Load;
use super::super::peer::{Guard, Kind, OURS};
use super::super::sheet::{Goal, Head};

const ANONYMOUS: Head = (
    "GET manifest by tag, anonymous beside passwords",
    "req/s",
    &[],
);
const KNOWN: Head = (
    "GET manifest by tag, Basic, bcrypt of cost 10",
    "req/s",
    &[Goal::AtLeast(2.0, "zot-minimal")],
);
const RATIO: Head = (
    "the same, Basic against anonymous",
    "x",
    &[Goal::Above(0.9, OURS)],
);
const LATENCY: Head = ("the same, Basic, p99", "µs", &[]);

/// A user, with the hash of the password `bench` at cost 10.
const USER: &str = "bench:$2y$10$BVBD3RPHI9XY9qSUdhF4Dechu23GFIKStFQ2Tb61T.TfNaReyQsjG\n";

/// User and password as a header says them.
const BASIC: &str = "Basic YmVuY2g6YmVuY2g=";

/// Asks for a manifest that everybody may read, without and with a password, in turn.
pub(in super::super) fn measure(bench: &mut Bench) -> Result<()> {
    let content = Content::new("bench/one", 1);
    let users = bench.scratch.join("htpasswd");
    std::fs::write(&users, USER)?;
    let running = bench.start_guarded(
        &[Kind::Ours, Kind::Minimal, Kind::Zot],
        &Guard::Passwords(http(&users)),
        |peer, root| content.prepare(peer, root),
        |peer, server| content.fill(peer, server),
    )?;
    let target = content.by_tag();
    bench.alternate(&running, |bench, each| {
        let load = Load {
            address: each.server.address,
            method: "GET",
            target: &target,
            authorization: None,
            connections: 32,
            time: Duration::from_secs(bench.size(4, 1)),
        };
        let anonymous = load.run()?;
        let authorization = Some(BASIC);
        let known = Load {
            authorization,
            ..load
        }
        .run()?;
        let (sheet, peer) = (&mut bench.sheet, each.peer.name);
        sheet.record(ANONYMOUS, peer, anonymous.per_second);
        sheet.record(KNOWN, peer, known.per_second);
        sheet.record(RATIO, peer, known.per_second / anonymous.per_second);
        sheet.record(LATENCY, peer, known.p99);
        Ok(())
    });
    Ok(())
}

/// Yields passwords from a file, and rights to read for everybody.
fn http(users: &std::path::Path) -> Value {
    json!({
        "auth": { "htpasswd": { "path": users } },
        "accessControl": { "repositories": { "**": {
            "anonymousPolicy": ["read"],
            "defaultPolicy": ["read"],
        } } },
    })
}
