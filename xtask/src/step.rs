//! Named and timed steps, with a summary at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How a step ended when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// It ran.
    Ran,
    /// It did not run, and why.
    Skipped(String),
}

/// Runs steps one after the other; a failed one does not stop those after it.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    lines: Vec<(String, Duration, Result<Done, String>)>,
}

impl Steps {
    /// Runs one step and remembers its outcome.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<Done>) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work().map_err(|error| format!("{error:#}"));
        if let Err(error) = &outcome {
            println!("{name}: {error}");
        }
        self.lines.push((name.to_owned(), start.elapsed(), outcome));
    }

    /// Prints the summary; any failed step is an error.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n== summary");
        for (name, took, outcome) in &self.lines {
            println!("{}", line(name, *took, outcome));
        }
        let failed = self
            .lines
            .iter()
            .filter(|(.., outcome)| outcome.is_err())
            .count();
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.lines.len());
        }
        Ok(())
    }
}

fn line(name: &str, took: Duration, outcome: &Result<Done, String>) -> String {
    let said = match outcome {
        Ok(Done::Ran) => "ok".to_owned(),
        Ok(Done::Skipped(why)) => format!("skipped: {why}"),
        Err(_) => "FAILED".to_owned(),
    };
    format!("{name:<24} {:>8.1} s  {said}", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_run_but_not_the_steps_after_it() {
        let mut steps = Steps::default();
        let mut ran = false;
        steps.step("first", || bail!("no"));
        steps.step("second", || {
            ran = true;
            Ok(Done::Ran)
        });
        assert!(ran);
        let error = steps.finish().unwrap_err();
        assert_eq!(error.to_string(), "1 of 2 steps failed");
    }

    #[test]
    fn a_skipped_step_says_why_and_fails_nothing() {
        let mut steps = Steps::default();
        steps.step("deny", || Ok(Done::Skipped("not installed".into())));
        let (name, took, outcome) = &steps.lines[0];
        assert!(line(name, *took, outcome).ends_with("skipped: not installed"));
        assert!(steps.finish().is_ok());
    }
}
