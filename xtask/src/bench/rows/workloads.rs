//! The workloads of zot's own load generator: 10 clients push and pull blobs of 1, 10 and 100 MB.

use std::time::Duration;

use anyhow::Result;

use super::super::Bench;
use super::super::content::Filler;
use super::super::load::{spread, summary};
use super::super::peer::{Kind, Peer};
use super::super::sheet::{Goal, Head};
use super::transfers::{pull_one, upload};
use crate::image;
use crate::process::Server;
use crate::wire::{self, Upload};

const RATE: Head = (
    "",
    "1/s",
    &[
        Goal::AtLeast(1.0, "zot-minimal"),
        Goal::AtLeast(1.0, "zot-full"),
    ],
);
const TAIL: Head = ("", "ms", &[Goal::AtMost(1.0, "zot-minimal")]);
const CPU: Head = (
    "workloads, server CPU in all",
    "s",
    &[Goal::AtMost(0.5, "zot-minimal")],
);

const REPO: &str = "bench/work";
const CLIENTS: usize = 10;
const MB: u64 = 1_000_000;

/// A name, the way to upload, and the sizes that are cycled through.
type Work = (&'static str, Upload, &'static [u64]);

const PUSHES: [Work; 10] = [
    ("push monolithic 1 MB", Upload::Monolithic, &[MB]),
    ("push monolithic 10 MB", Upload::Monolithic, &[10 * MB]),
    ("push monolithic 100 MB", Upload::Monolithic, &[100 * MB]),
    ("push chunked 1 MB", Upload::Chunked(10 * MB), &[MB]),
    ("push chunked 10 MB", Upload::Chunked(5 * MB), &[10 * MB]),
    ("push chunked 100 MB", Upload::Chunked(10 * MB), &[100 * MB]),
    ("push streamed 1 MB", Upload::Streamed, &[MB]),
    ("push streamed 10 MB", Upload::Streamed, &[10 * MB]),
    ("push streamed 100 MB", Upload::Streamed, &[100 * MB]),
    (
        "push monolithic mixed",
        Upload::Monolithic,
        &[MB, MB, 10 * MB, MB, 10 * MB, 100 * MB],
    ),
];

const PULLS: [(&str, u64); 3] = [
    ("pull 1 MB", MB),
    ("pull 10 MB", 10 * MB),
    ("pull 100 MB", 100 * MB),
];

/// Runs all workloads on each peer, workload by workload in turn.
pub(in super::super) fn measure(bench: &mut Bench) -> Result<()> {
    let block = Filler::block();
    let mut seed = 1000;
    let running = bench.start(&Kind::REGISTRIES, |_, _| Ok(()), |_, _| Ok(()))?;
    for (name, way, sizes) in PUSHES {
        for _ in 0..bench.rounds {
            let mut jobs = Vec::new();
            for size in sizes.iter().cycle().take(count(bench, sizes)) {
                seed += 1;
                let filler = Filler::new(&block, seed, *size);
                jobs.push((filler.digest()?, filler));
            }
            for each in &running {
                let pushed = push(bench, &each.peer, &each.server, (name, way, &jobs));
                if let Err(error) = pushed {
                    bench.fail(each.peer.name, &error);
                }
            }
        }
    }
    for (name, size) in PULLS {
        let filler = Filler::new(&block, 1, size);
        let digest = filler.digest()?;
        bench.alternate(&running, |bench, each| {
            pull(bench, &each.peer, &each.server, (name, &filler, &digest))
        });
    }
    for each in &running {
        let cpu = each.server.usage()?.cpu.as_secs_f64();
        bench.sheet.record(CPU, each.peer.name, cpu);
    }
    Ok(())
}

/// How many blobs of these sizes make a measurement.
fn count(bench: &Bench, sizes: &[u64]) -> usize {
    match sizes {
        [size] if *size >= 100 * MB => bench.size(10, 2),
        [size] if *size >= 10 * MB => bench.size(50, 4),
        [_] => bench.size(200, 10),
        _ => bench.size(30, 6),
    }
}

type Jobs<'a> = &'a [(String, Filler)];

/// Pushes blobs, each with an image that names it: a push ends when that is durable.
fn push(
    bench: &mut Bench,
    peer: &Peer,
    server: &Server,
    what: (&str, Upload, Jobs<'_>),
) -> Result<()> {
    let (name, way, jobs) = what;
    let config = image::config(name);
    let answer = wire::push_blob(&mut server.client(), REPO, &config, Upload::Monolithic)?;
    wire::expect(&answer, 201, "blob upload")?;
    let (times, took) = spread(server.address, CLIENTS, jobs, |client, (digest, filler)| {
        upload(client, REPO, filler, digest, way)?;
        let manifest = image::manifest_of(&config, digest, filler.length);
        let answer = wire::put_manifest(client, REPO, &manifest.digest, &manifest)?;
        wire::expect(&answer, 201, "PUT manifest")
    })?;
    record(bench, peer, name, (&times, took))
}

fn pull(
    bench: &mut Bench,
    peer: &Peer,
    server: &Server,
    what: (&str, &Filler, &str),
) -> Result<()> {
    let (name, filler, digest) = what;
    upload(
        &mut server.client(),
        REPO,
        filler,
        digest,
        Upload::Monolithic,
    )?;
    let target = format!("/v2/{REPO}/blobs/{digest}");
    let jobs = vec![(); 4 * count(bench, &[filler.length])];
    let (times, took) = spread(server.address, CLIENTS, &jobs, |client, ()| {
        pull_one(client, &target, filler.length)
    })?;
    record(bench, peer, name, (&times, took))
}

fn record(bench: &mut Bench, peer: &Peer, name: &str, what: (&[Duration], Duration)) -> Result<()> {
    let rate = summary(what.0, what.1)?;
    bench
        .sheet
        .record_as(name.to_owned(), RATE, peer.name, rate.per_second);
    bench
        .sheet
        .record_as(format!("{name}, p99"), TAIL, peer.name, rate.p99 / 1e3);
    Ok(())
}
