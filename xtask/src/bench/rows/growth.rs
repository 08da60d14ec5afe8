//! Tiny images into one repository: what each costs, and what a big repository costs its readers.

use std::time::Duration;

use anyhow::{Context, Result};

use super::super::Bench;
use super::super::load::{Load, spread};
use super::super::peer::{Kind, OURS, Peer};
use super::super::sheet::{Goal, Head};
use crate::http::Client;
use crate::image::{self, Blob};
use crate::process::Server;
use crate::random::Random;
use crate::stats;
use crate::wire::{self, Upload};

const CPU: Head = (
    "tiny image, server CPU each",
    "ms",
    &[Goal::Below(1.0, OURS)],
);
const GROWTH: Head = (
    "tiny image, the last tenth against the first",
    "x",
    &[Goal::Below(1.2, OURS)],
);
const READ: Head = ("", "x", &[Goal::Below(1.2, OURS)]);

/// How many repositories and images there are.
const BIG: &str = "bench/ten-thousand";
const SMALL: &str = "bench/ten";

/// Pushes, then reads; one peer after the other, ours first.
pub(in super::super) fn measure(bench: &mut Bench) -> Result<()> {
    // the peers' cost grows with the repository: their first thousands are enough to see it
    let counts = (bench.size(10_000, 500), bench.size(2000, 200));
    bench.sheet.note(format!(
        "tiny images: {} into ours, {} into the peers",
        counts.0, counts.1
    ));
    bench.each(&Kind::REGISTRIES, |bench, peer, root| {
        let (server, _) = peer.start(root)?;
        let count = if peer.kind == Kind::Ours {
            counts.0
        } else {
            counts.1
        };
        let layer = Blob::new(Random::new(5).bytes(1024));
        let big = push(bench, peer, &server, (count, &layer))?;
        let small = fill_small(&server, &layer)?;
        if peer.kind != Kind::Distribution {
            reads(bench, peer, &server, (&big, &small))?;
        }
        Ok(())
    })
}

/// Pushes the images in tenths; yields the first manifest, which has referrers.
fn push(bench: &mut Bench, peer: &Peer, server: &Server, what: (u64, &Blob)) -> Result<Blob> {
    let (count, layer) = what;
    image_of(&mut server.client(), BIG, layer, 0)?;
    let subject = referred(&mut server.client(), BIG, layer)?;
    let mut tenths = Vec::new();
    for tenth in 0..10 {
        let numbers: Vec<u64> = (1 + tenth * count / 10..=(tenth + 1) * count / 10).collect();
        let before = server.usage()?;
        spread(server.address, 4, &numbers, |client, number| {
            image_of(client, BIG, layer, *number).map(drop)
        })?;
        tenths
            .push(server.usage()?.cpu_since(&before).as_secs_f64() / stats::length(numbers.len()));
    }
    let first = tenths.first().context("no images")?;
    let last = tenths.last().context("no images")?;
    let mean = tenths.iter().sum::<f64>() / stats::length(tenths.len());
    bench.sheet.record(CPU, peer.name, mean * 1e3);
    bench.sheet.record(GROWTH, peer.name, last / first);
    Ok(subject)
}

fn fill_small(server: &Server, layer: &Blob) -> Result<Blob> {
    let mut client = server.client();
    for number in 0..8 {
        image_of(&mut client, SMALL, layer, number)?;
    }
    referred(&mut client, SMALL, layer)
}

/// Pushes an image of its own under a tag of its own.
fn image_of(client: &mut Client, repo: &str, layer: &Blob, number: u64) -> Result<Blob> {
    let config = image::config(&format!("{repo} {number}"));
    let blobs: &[&Blob] = if number == 0 {
        &[&config, layer]
    } else {
        &[&config]
    };
    for blob in blobs {
        let answer = wire::push_blob(client, repo, blob, Upload::Monolithic)?;
        wire::expect(&answer, 201, "blob upload")?;
    }
    let manifest = image::manifest(&config, &[layer], None);
    let answer = wire::put_manifest(client, repo, &format!("t{number:05}"), &manifest)?;
    wire::expect(&answer, 201, "PUT manifest")?;
    Ok(manifest)
}

/// Gives the first image a referrer.
fn referred(client: &mut Client, repo: &str, layer: &Blob) -> Result<Blob> {
    let config = image::config(&format!("{repo} 0"));
    let subject = image::manifest(&config, &[layer], None);
    let referrer = image::manifest(&config, &[layer], Some(&subject));
    let answer = wire::put_manifest(client, repo, &referrer.digest, &referrer)?;
    wire::expect(&answer, 201, "PUT referrer")?;
    Ok(subject)
}

/// Compares the median latency of reads in the big repository with the small one.
fn reads(bench: &mut Bench, peer: &Peer, server: &Server, subjects: (&Blob, &Blob)) -> Result<()> {
    let (big, small) = subjects;
    let layer = Blob::new(Random::new(5).bytes(1024));
    let time = Duration::from_millis(bench.size(1000, 200));
    let path = |repo: &str, subject: &Blob, what: &str| match what {
        "referrers" => format!("/v2/{repo}/referrers/{}", subject.digest),
        "tags/list?n=10" => format!("/v2/{repo}/tags/list?n=10"),
        _ => format!("/v2/{repo}/blobs/{}", layer.digest),
    };
    for (method, what) in [
        ("HEAD", "blob"),
        ("GET", "blob"),
        ("GET", "referrers"),
        ("GET", "tags/list?n=10"),
    ] {
        let p50 = |repo, subject| {
            let target = &path(repo, subject, what);
            let address = server.address;
            Load {
                address,
                method,
                target,
                authorization: None,
                connections: 1,
                time,
            }
            .own()
            .map(|rate| rate.p50)
        };
        // warm both, then take turns
        let mut ratios = Vec::new();
        for _ in 0..=bench.rounds {
            ratios.push(p50(BIG, big)? / p50(SMALL, small)?);
        }
        let ratio = stats::median(&ratios).context("no reads")?;
        let name = format!("{method} {what}, big repository against small");
        bench.sheet.record_as(name, READ, peer.name, ratio);
    }
    Ok(())
}
