//! Request rates, latencies, and work spread over connections.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::cargo::output;
use crate::house;
use crate::http::{Client, Request};
use crate::image::MANIFEST;
use crate::stats;

/// What a load yielded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Requests a second.
    pub(super) per_second: f64,
    /// The median latency in microseconds.
    pub(super) p50: f64,
    /// The latency that one in a hundred exceeds, in microseconds.
    pub(super) p99: f64,
}

/// One kind of request, sent over and over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load<'a> {
    /// Who is asked.
    pub(super) address: SocketAddr,
    /// GET or HEAD.
    pub(super) method: &'a str,
    /// What is asked for.
    pub(super) target: &'a str,
    /// The value of `Authorization`, if any.
    pub(super) authorization: Option<&'a str>,
    /// How many connections ask at once.
    pub(super) connections: u32,
    /// For how long.
    pub(super) time: Duration,
}

impl Load<'_> {
    /// Runs it: GET by wrk where that is installed, the rest by threads of our own.
    pub(super) fn run(&self) -> Result<Rate> {
        let answer = Client::new(self.address).call(self.request())?;
        if answer.status != 200 {
            bail!("{} {}: {}", self.method, self.target, answer.status);
        }
        match house::program("wrk") {
            Some(_) if self.method == "GET" => self.wrk("http"),
            _ => self.own(),
        }
    }

    /// Runs it over TLS; only wrk can, and it trusts everybody.
    pub(super) fn run_secure(&self) -> Result<Rate> {
        if house::program("wrk").is_none() {
            bail!("wrk is not installed, and nothing else here makes load over TLS");
        }
        self.wrk("https")
    }

    fn request(&self) -> Request<'_> {
        let request = Request::new(self.method, self.target).header("Accept", MANIFEST);
        match self.authorization {
            Some(value) => request.header("Authorization", value),
            None => request,
        }
    }

    fn wrk(&self, scheme: &str) -> Result<Rate> {
        let mut command = Command::new("wrk");
        command
            .arg("--latency")
            .arg(format!("-t{}", self.connections.min(2)));
        command.arg(format!("-c{}", self.connections));
        command.arg(format!("-d{}s", self.time.as_secs().max(1)));
        command.arg("-H").arg(format!("Accept: {MANIFEST}"));
        if let Some(value) = self.authorization {
            command.arg("-H").arg(format!("Authorization: {value}"));
        }
        command.arg(format!("{scheme}://{}{}", self.address, self.target));
        parse_wrk(&output(&mut command)?)
    }

    /// Runs it by threads of our own.
    pub(super) fn own(&self) -> Result<Rate> {
        let start = Instant::now();
        let mut latencies = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.connections)
                .map(|_| scope.spawn(|| self.worker(start)))
                .collect();
            let mut all = Vec::new();
            for worker in workers {
                all.extend(
                    worker
                        .join()
                        .map_err(|_panic| anyhow!("a client panicked"))??,
                );
            }
            anyhow::Ok(all)
        })?;
        let took = start.elapsed();
        latencies.sort_unstable();
        summary(&latencies, took)
    }

    fn worker(&self, start: Instant) -> Result<Vec<Duration>> {
        let mut client = Client::new(self.address);
        let mut latencies = Vec::new();
        while start.elapsed() < self.time {
            let sent = Instant::now();
            let answer = client.call(self.request())?;
            latencies.push(sent.elapsed());
            if answer.status != 200 {
                bail!("{} {}: {}", self.method, self.target, answer.status);
            }
        }
        Ok(latencies)
    }
}

/// Yields rate and latencies of requests that took this long together.
pub(super) fn summary(sorted: &[Duration], took: Duration) -> Result<Rate> {
    let at = |percent| stats::percentile(sorted, percent).context("no request was answered");
    Ok(Rate {
        per_second: stats::length(sorted.len()) / took.as_secs_f64(),
        p50: at(50)?.as_secs_f64() * 1e6,
        p99: at(99)?.as_secs_f64() * 1e6,
    })
}

fn parse_wrk(text: &str) -> Result<Rate> {
    if let Some(bad) = text.lines().find(|line| line.contains("Non-2xx")) {
        bail!("{}", bad.trim());
    }
    let after = |mark: &str| {
        let mut lines = text.lines().map(str::trim);
        lines
            .find_map(|line| line.strip_prefix(mark))
            .map(str::trim)
            .map(str::to_owned)
    };
    let rate = after("Requests/sec:").context("wrk printed no rate")?;
    let time = |mark| {
        after(mark)
            .as_deref()
            .and_then(microseconds)
            .context("wrk printed no latency")
    };
    Ok(Rate {
        per_second: rate.parse()?,
        p50: time("50%")?,
        p99: time("99%")?,
    })
}

fn microseconds(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let (number, unit) = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    number.parse::<f64>().ok().map(|number| number * unit)
}

/// Does all jobs over some connections; yields how long each took, sorted, and all together.
pub(super) fn spread<T: Sync>(
    address: SocketAddr,
    connections: usize,
    jobs: &[T],
    work: impl Fn(&mut Client, &T) -> Result<()> + Sync,
) -> Result<(Vec<Duration>, Duration)> {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut client = Client::new(address);
        let mut took = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            work(&mut client, job)?;
            took.push(start.elapsed());
        }
        anyhow::Ok(took)
    };
    let start = Instant::now();
    let mut all = Vec::with_capacity(jobs.len());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        for worker in workers {
            all.extend(
                worker
                    .join()
                    .map_err(|_panic| anyhow!("a client panicked"))??,
            );
        }
        anyhow::Ok(())
    })?;
    let took = start.elapsed();
    all.sort_unstable();
    Ok((all, took))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_wrk_is_read() {
        let text = "  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     1.00ms  2.00ms\n\
                    \n  Latency Distribution\n     50%  640.00us\n     75%    1.00ms\n     99%    1.20s\n\
                    Requests/sec:  50123.45\nTransfer/sec:      1.00MB\n";
        let rate = parse_wrk(text).unwrap();
        assert_eq!(
            rate,
            Rate {
                per_second: 50123.45,
                p50: 640.0,
                p99: 1_200_000.0
            }
        );
        assert!(parse_wrk("  Non-2xx or 3xx responses: 7\nRequests/sec: 1\n").is_err());
        assert!(parse_wrk("").is_err());
    }

    #[test]
    fn jobs_are_done_once_each() {
        let done = AtomicUsize::new(0);
        let jobs: Vec<usize> = (1..=10).collect();
        let address = "127.0.0.1:1".parse().unwrap();
        let (took, _) = spread(address, 3, &jobs, |_, job| {
            done.fetch_add(*job, Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
        assert_eq!((took.len(), done.into_inner()), (10, 55));
        assert!(spread(address, 2, &jobs, |_, _| bail!("no")).is_err());
    }
}
