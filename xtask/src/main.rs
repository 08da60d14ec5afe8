//! The project's tasks: what CI runs, and what a developer runs by hand.
//!
//! Nothing of ours is imported here. Whatever needs a running registry (`conformance`, `crash`,
//! `bench`) starts the binary as a process and speaks HTTP to it, as a stranger would.
//!
//! | module | verb or part |
//! |---|---|
//! | `ci`, `features`, `tidy`, `deny` | what a change must pass |
//! | `conformance`, `e2e`, `parity`, `crash`, `fuzz`, `golden` | tests that need more than `cargo test` |
//! | `bench`, `sizes`, `dist` | numbers, and what is shipped |
//! | `house`, `cargo`, `step` | the workspace, cargo, named and timed steps |
//! | `http`, `wire`, `process`, `image`, `random`, `stats` | driving a server from outside |
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a task talks to a terminal, and reads its own files and environment"
)]

mod bench;
mod cargo;
mod ci;
mod conformance;
mod crash;
mod deny;
mod dist;
mod e2e;
mod features;
mod fuzz;
mod golden;
mod house;
mod http;
mod image;
mod parity;
mod process;
mod random;
mod sizes;
mod stats;
mod step;
mod suite;
mod tidy;
mod wire;

use std::process::ExitCode;

use clap::Parser;

/// The project's tasks. CI runs `ci` and `e2e`; each verb runs alone as well.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Verb {
    /// Everything that a change must pass: fmt, clippy, tidy, test, features, doc, deny
    Ci,
    /// The house rules: crate edges, budgets, names, links, words, licences
    Tidy,
    /// The numbers of the house, without judging the rest
    Anchors,
    /// Builds and tests the binary with none, all, each, and all but one of its features
    Features(features::Args),
    /// Runs cargo-deny when it is installed
    Deny,
    /// Runs the OCI conformance suite against both builds
    Conformance(conformance::Args),
    /// Runs the end-to-end tests with real clients
    E2e(e2e::Args),
    /// Sends the same requests to the binary and to zot, and looks for what is not listed
    Parity(parity::Args),
    /// Kills the server at random moments of a push storm and looks for what was lost
    Crash(crash::Args),
    /// Measures ours and the peers on the PATH side by side
    Bench(bench::Args),
    /// Runs one fuzz target, or all of them
    Fuzz(fuzz::Args),
    /// Compares the golden files, or rewrites them
    Golden(golden::Args),
    /// Builds what is shipped into target/dist
    Dist,
    /// Sizes and dependency counts of both builds
    Sizes,
}

fn main() -> ExitCode {
    match run(Verb::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Ci => ci::run(),
        Verb::Tidy => tidy::run(),
        Verb::Anchors => tidy::anchors(),
        Verb::Features(args) => features::run(&args),
        Verb::Deny => deny::run(),
        Verb::Conformance(args) => conformance::run(&args),
        Verb::Crash(args) => crash::run(&args),
        Verb::E2e(args) => e2e::run(&args),
        Verb::Parity(args) => parity::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Golden(args) => golden::run(&args),
        Verb::Dist => dist::run(),
        Verb::Sizes => sizes::run(),
    }
}
