//! One big blob: down and up.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::super::content::Filler;
use super::super::load::spread;
use super::super::peer::{Kind, OURS, Peer};
use super::super::sheet::{Goal, Head};
use super::super::{Bench, Running};
use crate::http::{Client, Request};
use crate::image;
use crate::process::Server;
use crate::stats;
use crate::wire::{self, Payload, Upload};

const REPO: &str = "bench/big";
const GIB: u64 = 1 << 30;

const PULL_RATE: Head = ("", "GB/s", &[Goal::AtLeast(0.95, "nginx")]);
const PULL_CPU: Head = ("", "CPU s/GB", &[Goal::AtMost(1.1, "nginx")]);
const PUSH_RATE: Head = (
    "push of 1 GiB, streamed",
    "GB/s",
    &[Goal::AtLeast(1.6, "zot-minimal")],
);
const PUSH_CPU: Head = (
    "push of 1 GiB, streamed, CPU",
    "CPU s/GB",
    &[Goal::AtMost(0.7, "zot-minimal")],
);
const CLOSING: Head = (
    "push of 1 GiB, the PUT that ends it",
    "ms",
    &[Goal::Below(20.0, OURS)],
);

/// Pulls a big blob, alone and four times at once; the client throws the bytes away.
pub(in super::super) fn pull(bench: &mut Bench) -> Result<()> {
    let filler = Filler::new(&Filler::block(), 1, bench.size(GIB, GIB / 16));
    let digest = filler.digest()?;
    let running = start(bench, &filler, &digest)?;
    let target = target(&digest);
    for at_once in [1, 4] {
        bench.alternate(&running, |bench, each| {
            let (took, cpu) = pulls(&each.server, &target, &filler, at_once)?;
            let volume = stats::float(filler.length) * stats::length(at_once) / 1e9;
            let name = format!("pull of 1 GiB, {at_once} at once");
            let sheet = &mut bench.sheet;
            let peer = each.peer.name;
            sheet.record_as(name.clone(), PULL_RATE, peer, volume / took.as_secs_f64());
            sheet.record_as(
                format!("{name}, CPU"),
                PULL_CPU,
                peer,
                cpu.as_secs_f64() / volume,
            );
            Ok(())
        });
    }
    Ok(())
}

fn pulls(
    server: &Server,
    target: &str,
    filler: &Filler,
    at_once: usize,
) -> Result<(Duration, Duration)> {
    let before = server.usage()?;
    let jobs = vec![(); at_once];
    let (_, took) = spread(server.address, at_once, &jobs, |client, ()| {
        pull_one(client, target, filler.length)
    })?;
    Ok((took, server.usage()?.cpu_since(&before)))
}

/// Pulls a blob of this size and throws it away.
pub(super) fn pull_one(client: &mut Client, target: &str, size: u64) -> Result<()> {
    let (answer, got) = client.discard(Request::new("GET", target))?;
    if (answer.status, got) != (200, size) {
        bail!("GET {target}: {} with {got} bytes", answer.status);
    }
    Ok(())
}

/// Starts everything that can be pulled from, with a big blob in it.
fn start(bench: &mut Bench, filler: &Filler, digest: &str) -> Result<Vec<Running>> {
    bench.start(
        &Kind::READERS,
        |peer, root| prepare(peer, root, filler, digest),
        |peer, server| fill(peer, server, filler, digest),
    )
}

/// Yields the path of the big blob.
pub(super) fn target(digest: &str) -> String {
    format!("/v2/{REPO}/blobs/{digest}")
}

/// Lays the big blob down where pushing is not possible.
pub(super) fn prepare(peer: &Peer, root: &Path, filler: &Filler, digest: &str) -> Result<()> {
    if peer.kind != Kind::Nginx {
        return Ok(());
    }
    let folder = root.join("v2").join(REPO).join("blobs");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(root.join("v2").join("index"), "{}")?;
    let mut file = std::fs::File::create(folder.join(digest))?;
    std::io::copy(&mut filler.clone(), &mut file)?;
    Ok(())
}

/// Pushes the big blob where it was not laid down.
pub(super) fn fill(peer: &Peer, server: &Server, filler: &Filler, digest: &str) -> Result<()> {
    if peer.kind == Kind::Nginx {
        return Ok(());
    }
    upload(&mut server.client(), REPO, filler, digest, Upload::Streamed).map(drop)
}

/// Uploads what a filler yields; yields how long the last request took.
pub(super) fn upload(
    client: &mut Client,
    repo: &str,
    filler: &Filler,
    digest: &str,
    way: Upload,
) -> Result<Duration> {
    let reader = &mut filler.clone();
    let payload = Payload {
        digest,
        length: filler.length,
        reader,
    };
    let uploaded = wire::push(client, repo, payload, way)?;
    wire::expect(&uploaded.answer, 201, "blob upload")?;
    Ok(uploaded.closing)
}

/// Pushes an image with a big layer that nobody has seen, streamed, as docker does, onto an empty
/// root. The clock stops when the manifest is acknowledged: only then must everything be durable.
pub(in super::super) fn push(bench: &mut Bench) -> Result<()> {
    let block = Filler::block();
    for round in 0..bench.rounds {
        let filler = Filler::new(&block, u64::from(round) + 10, bench.size(GIB, GIB / 16));
        let digest = filler.digest()?;
        bench.each(&Kind::REGISTRIES, |bench, peer, root| {
            let (server, _) = peer.start(root)?;
            let before = server.usage()?;
            let start = Instant::now();
            let closing = upload(
                &mut server.client(),
                REPO,
                &filler,
                &digest,
                Upload::Streamed,
            )?;
            name(&mut server.client(), &digest, filler.length)?;
            let took = start.elapsed();
            let cpu = server.usage()?.cpu_since(&before);
            let volume = stats::float(filler.length) / 1e9;
            let sheet = &mut bench.sheet;
            sheet.record(PUSH_RATE, peer.name, volume / took.as_secs_f64());
            sheet.record(PUSH_CPU, peer.name, cpu.as_secs_f64() / volume);
            sheet.record(CLOSING, peer.name, closing.as_secs_f64() * 1e3);
            Ok(())
        })?;
    }
    Ok(())
}

/// Pushes a manifest that names the layer.
fn name(client: &mut Client, layer: &str, size: u64) -> Result<()> {
    let config = image::config(layer);
    let answer = wire::push_blob(client, REPO, &config, Upload::Monolithic)?;
    wire::expect(&answer, 201, "blob upload")?;
    let manifest = image::manifest_of(&config, layer, size);
    let answer = wire::put_manifest(client, REPO, "big", &manifest)?;
    wire::expect(&answer, 201, "PUT manifest")
}
