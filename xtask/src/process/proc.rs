//! Reads `/proc`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux tells CPU time in hundredths of a second, whatever its own tick is.
const TICK: Duration = Duration::from_millis(10);

/// What a process and its children have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time.
    pub(crate) cpu: Duration,
    /// Memory now, in bytes.
    pub(crate) resident: u64,
    /// The most memory so far, in bytes.
    pub(crate) peak: u64,
    /// How often a thread woke up.
    pub(crate) wakeups: u64,
}

impl Usage {
    /// Yields the processor time since an earlier look.
    pub(crate) fn cpu_since(&self, before: &Self) -> Duration {
        self.cpu.saturating_sub(before.cpu)
    }
}

/// Adds up a process and its children.
pub(super) fn usage(id: u32) -> Result<Usage> {
    let mut sum = one(id)?;
    for child in children(id) {
        // a child may end while we look
        let other = one(child).unwrap_or_default();
        sum.cpu += other.cpu;
        sum.resident += other.resident;
        sum.peak += other.peak;
        sum.wakeups += other.wakeups;
    }
    Ok(sum)
}

/// Makes the peak of a process's memory start from what it has now.
pub(super) fn reset_peak(id: u32) -> Result<()> {
    for each in std::iter::once(id).chain(children(id)) {
        std::fs::write(folder(each).join("clear_refs"), "5")?;
    }
    Ok(())
}

fn one(id: u32) -> Result<Usage> {
    let folder = folder(id);
    let stat = std::fs::read_to_string(folder.join("stat"))?;
    let status = std::fs::read_to_string(folder.join("status"))?;
    Ok(Usage {
        cpu: cpu(&stat).context("/proc stat")?,
        resident: kilobytes(&status, "VmRSS:"),
        peak: kilobytes(&status, "VmHWM:"),
        wakeups: wakeups(id),
    })
}

/// Reads user and system time, which stand after the name in parentheses.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn kilobytes(status: &str, name: &str) -> u64 {
    number(status, name).unwrap_or(0) * 1024
}

fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Counts how often any thread of a process went to sleep by itself.
fn wakeups(id: u32) -> u64 {
    let threads = std::fs::read_dir(folder(id).join("task"))
        .into_iter()
        .flatten()
        .flatten();
    let texts =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
    texts
        .filter_map(|text| number(&text, "voluntary_ctxt_switches:"))
        .sum()
}

fn children(id: u32) -> Vec<u32> {
    let list = folder(id)
        .join("task")
        .join(id.to_string())
        .join("children");
    let text = std::fs::read_to_string(list).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

fn folder(id: u32) -> PathBuf {
    PathBuf::from("/proc").join(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194560 10 0 0 0 25 17 0 0 20 0 3 0 9 1 2";
        assert_eq!(cpu(stat), Some(Duration::from_millis(420)));
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), 1024 * 1024);
        assert_eq!(kilobytes(status, "VmHWM:"), 2048 * 1024);
        assert_eq!(kilobytes("", "VmRSS:"), 0);
    }

    #[test]
    fn this_very_process_can_be_read() {
        let own = usage(std::process::id()).unwrap();
        assert!(own.resident > 0 && own.peak >= own.resident);
    }
}
