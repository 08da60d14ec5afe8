//! Peaks of memory under many transfers at once.

use anyhow::Result;

use super::super::Bench;
use super::super::content::Filler;
use super::super::load::spread;
use super::super::peer::{Kind, OURS};
use super::super::sheet::{Goal, Head};
use super::transfers::{pull_one, upload};
use crate::process::Server;
use crate::stats;
use crate::wire::Upload;

const REPO: &str = "bench/memory";
const MB: u64 = 1_000_000;

const PUSHES: Head = (
    "peak memory, 50 pushes of 20 MB at once",
    "MiB",
    &[Goal::Below(64.0, OURS)],
);
const PULLS: Head = ("peak memory, 200 pulls of 1 GiB at once", "MiB", &[]);

/// Measures pushes first, then pulls of one blob.
pub(in super::super) fn measure(bench: &mut Bench) -> Result<()> {
    let block = Filler::block();
    let kinds = [Kind::Ours, Kind::Zot, Kind::Distribution];
    let (count, size) = (bench.size(50, 10), 20 * MB);
    let mut uploads = Vec::new();
    for seed in 0..count {
        let filler = Filler::new(&block, 100 + seed, size);
        uploads.push((filler.digest()?, filler));
    }
    let big = Filler::new(&block, 99, bench.size(1 << 30, 1 << 26));
    let digest = big.digest()?;
    let pulls = bench.size(200, 20);
    bench.each(&kinds, |bench, peer, root| {
        let (server, _) = peer.start(root)?;
        spread(
            server.address,
            uploads.len(),
            &uploads,
            |client, (digest, filler)| {
                upload(client, REPO, filler, digest, Upload::Streamed).map(drop)
            },
        )?;
        bench.sheet.record(PUSHES, peer.name, peak(&server)?);
        upload(&mut server.client(), REPO, &big, &digest, Upload::Streamed)?;
        server.reset_peak()?;
        let target = format!("/v2/{REPO}/blobs/{digest}");
        spread(server.address, pulls, &vec![(); pulls], |client, ()| {
            pull_one(client, &target, big.length)
        })?;
        bench.sheet.record(PULLS, peer.name, peak(&server)?);
        Ok(())
    })
}

fn peak(server: &Server) -> Result<f64> {
    Ok(stats::mebibytes(server.usage()?.peak))
}
