//! Pulls and small requests over TLS, all with the same certificate.

use std::time::Duration;

use anyhow::Result;

use super::super::content::{Content, Filler};
use super::super::load::Load;
use super::super::peer::{Guard, Kind, Pair};
use super::super::sheet::{Goal, Head};
use super::super::{Bench, secure};
use super::transfers;
use crate::stats;

const RATE: Head = (
    "",
    "GB/s",
    &[
        Goal::AtLeast(1.3, "zot-minimal"),
        Goal::AtLeast(0.8, "nginx"),
    ],
);
const CPU: Head = ("", "CPU s/GB", &[]);
const SMALL: Head = (
    "",
    "req/s",
    &[
        Goal::AtLeast(0.8, "nginx"),
        Goal::AtLeast(1.0, "zot-minimal"),
    ],
);
const LATENCY: Head = ("", "µs", &[]);

const PEERS: [Kind; 3] = [Kind::Ours, Kind::Zot, Kind::Nginx];

/// Pulls a big blob and asks for small things.
pub(in super::super) fn measure(bench: &mut Bench) -> Result<()> {
    let pair = secure::certificate(&bench.scratch)?;
    big(bench, &pair)?;
    small(bench, &pair)
}

fn big(bench: &mut Bench, pair: &Pair) -> Result<()> {
    let filler = Filler::new(&Filler::block(), 1, bench.size(1 << 30, 1 << 26));
    let digest = filler.digest()?;
    let running = bench.start_guarded(
        &PEERS,
        &Guard::Tls(pair.clone()),
        |peer, root| transfers::prepare(peer, root, &filler, &digest),
        |peer, server| transfers::fill(peer, server, &filler, &digest),
    )?;
    let target = transfers::target(&digest);
    for at_once in [1, 4] {
        bench.alternate(&running, |bench, each| {
            let before = each.server.usage()?;
            let what = (filler.length, at_once);
            let took = secure::pulls(each.server.address, &target, pair, what)?;
            let cpu = each.server.usage()?.cpu_since(&before);
            let volume = stats::float(filler.length) * stats::length(at_once) / 1e9;
            let name = format!("pull of 1 GiB over TLS, {at_once} at once");
            let (sheet, peer) = (&mut bench.sheet, each.peer.name);
            sheet.record_as(name.clone(), RATE, peer, volume / took.as_secs_f64());
            let cpu = cpu.as_secs_f64() / volume;
            sheet.record_as(format!("{name}, CPU"), CPU, peer, cpu);
            Ok(())
        });
    }
    Ok(())
}

fn small(bench: &mut Bench, pair: &Pair) -> Result<()> {
    let content = Content::new("bench/one", 1);
    let running = bench.start_guarded(
        &PEERS,
        &Guard::Tls(pair.clone()),
        |peer, root| content.prepare(peer, root),
        |peer, server| content.fill(peer, server),
    )?;
    let targets = [
        ("GET manifest by tag over TLS", content.by_tag()),
        ("GET blob of 2 KiB over TLS", content.layer()),
    ];
    bench.alternate(&running, |bench, each| {
        for (name, target) in &targets {
            let load = Load {
                address: each.server.address,
                method: "GET",
                target,
                authorization: None,
                connections: 32,
                time: Duration::from_secs(bench.size(4, 1)),
            };
            let rate = load.run_secure()?;
            let (sheet, peer) = (&mut bench.sheet, each.peer.name);
            sheet.record_as((*name).to_owned(), SMALL, peer, rate.per_second);
            sheet.record_as(format!("{name}, p99"), LATENCY, peer, rate.p99);
        }
        Ok(())
    });
    Ok(())
}
