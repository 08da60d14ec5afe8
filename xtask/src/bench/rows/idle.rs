//! What nobody asks for: memory, processor and wake-ups at rest; the size of the binary.

use std::time::Duration;

use anyhow::Result;

use super::super::Bench;
use super::super::peer::{Kind, MINIMAL, OURS};
use super::super::sheet::{Goal, Head};
use crate::stats;

const MEMORY: Head = (
    "idle memory",
    "MiB",
    &[Goal::Below(20.0, OURS), Goal::Below(8.0, MINIMAL)],
);
const CPU: Head = ("idle CPU", "ms/s", &[Goal::Below(0.0, OURS)]);
const WAKEUPS: Head = ("idle wake-ups", "1/s", &[Goal::Below(1.0, OURS)]);
const SIZE: Head = (
    "binary",
    "MiB",
    &[Goal::Below(25.0, OURS), Goal::Below(8.0, MINIMAL)],
);

/// Starts everything on an empty root and watches it do nothing.
pub(in super::super) fn idle(bench: &mut Bench) -> Result<()> {
    let running = bench.start(&Kind::BUILDS, |_, _| Ok(()), |_, _| Ok(()))?;
    std::thread::sleep(Duration::from_secs(bench.size(5, 1)));
    let window = Duration::from_secs(bench.size(10, 2));
    let mut before = Vec::new();
    for each in &running {
        before.push(each.server.usage()?);
    }
    std::thread::sleep(window);
    for (each, before) in running.iter().zip(before) {
        let after = each.server.usage()?;
        let cpu = after.cpu_since(&before).as_secs_f64() * 1e3;
        let wakeups = stats::float(after.wakeups.saturating_sub(before.wakeups));
        let (sheet, peer) = (&mut bench.sheet, each.peer.name);
        sheet.record(MEMORY, peer, stats::mebibytes(after.resident));
        sheet.record(CPU, peer, cpu / window.as_secs_f64());
        sheet.record(WAKEUPS, peer, wakeups / window.as_secs_f64());
    }
    Ok(())
}

/// Looks at the files.
pub(in super::super) fn sizes(bench: &mut Bench) -> Result<()> {
    for peer in bench.of(&Kind::BUILDS) {
        let size = std::fs::metadata(&peer.binary)?.len();
        bench.sheet.record(SIZE, peer.name, stats::mebibytes(size));
    }
    Ok(())
}
