//! Reads the `JUnit` report of the suite.

use anyhow::{Context, Result, bail};

/// The outcome of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Tests that the version of the specification switches off.
    disabled: u64,
    /// Names of the tests that did not pass, with their outcome.
    names: Vec<String>,
}

impl Report {
    /// The first lines of a table of reports.
    pub(super) const HEAD: &str =
        "| run | passed | failed | skipped | disabled |\n|---|---|---|---|---|\n";

    /// Reads a report. The suite counts steps that it does not list, so its counts are taken.
    pub(super) fn read(text: &str) -> Result<Self> {
        let whole = elements(text, "testsuites")
            .next()
            .context("no <testsuites>")?;
        let count = |name| attribute(whole, name).map_or(Ok(0), str::parse::<u64>);
        let (skipped, disabled) = (count("skipped")?, count("disabled")?);
        let failed = count("failures")? + count("errors")?;
        let tests = count("tests")?;
        let mut names = Vec::new();
        let mut listed = 0_u64;
        for case in elements(text, "testcase") {
            listed += 1;
            let status = attribute(case, "status").unwrap_or("unknown");
            if status != "passed" {
                names.push(format!(
                    "{status} {}",
                    attribute(case, "name").unwrap_or("?")
                ));
            }
        }
        if tests == 0 || listed == 0 {
            bail!("no tests: {tests} were counted and {listed} listed");
        }
        let passed = tests.saturating_sub(failed + skipped + disabled);
        Ok(Self {
            passed,
            failed,
            skipped,
            disabled,
            names,
        })
    }

    /// Yields the tests that did not pass; those switched off count when anything else is wrong.
    pub(super) fn faults(&self) -> &[String] {
        if self.bad() > 0 { &self.names } else { &[] }
    }

    /// Counts what must not be.
    pub(super) fn bad(&self) -> u64 {
        self.failed + self.skipped
    }

    /// Yields a line of a table.
    pub(super) fn row(&self, name: &str) -> String {
        let Self {
            passed,
            failed,
            skipped,
            disabled,
            ..
        } = self;
        format!("| {name} | {passed} | {failed} | {skipped} | {disabled} |\n")
    }
}

/// Yields the attributes of each element of this name, as text.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let open = format!("<{name} ");
    let starts: Vec<&str> = text.split(open.as_str()).skip(1).collect();
    starts
        .into_iter()
        .filter_map(|rest| rest.split_once('>'))
        .map(|(attributes, _)| attributes)
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mark = format!("{name}=\"");
    let mut parts = attributes.match_indices(mark.as_str());
    // `name=` must not be the end of a longer name
    let (at, _) = parts.find(|(at, _)| {
        attributes
            .get(..*at)
            .is_some_and(|before| before.is_empty() || before.ends_with(' '))
    })?;
    attributes.get(at + mark.len()..)?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"<testsuites time="0.6" tests="4" failures="1" skipped="1" disabled="1">
<testsuite name="suite" tests="4" failures="1" errors="0" disabled="1" skipped="1">
<properties><property name="Config" value="a &lt;testcase name"></property></properties>
<testcase name="s/ping" classname="" time="0.1" status="passed"></testcase>
<testcase name="s/blob" classname="" time="0.1" status="failure"><system-out>x</system-out></testcase>
<testcase name="s/tag" classname="" status="skipped"></testcase>
<testcase name="s/off" classname="" status="skipped"></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn counts_and_names_are_read() {
        let report = Report::read(TEXT).unwrap();
        assert_eq!(report.bad(), 2);
        assert_eq!(report.row("x"), "| x | 1 | 1 | 1 | 1 |\n");
        assert_eq!(
            report.faults(),
            ["failure s/blob", "skipped s/tag", "skipped s/off"]
        );
    }

    #[test]
    fn a_run_with_nothing_wrong_has_no_faults() {
        let text = r#"<testsuites tests="2" disabled="1"><testcase name="a" status="passed"></testcase>
            <testcase name="b" status="skipped"></testcase></testsuites>"#;
        let report = Report::read(text).unwrap();
        assert_eq!(
            (report.bad(), report.faults().len(), report.passed),
            (0, 0, 1)
        );
    }

    #[test]
    fn a_report_without_tests_is_an_error() {
        for text in [
            "",
            r#"<testsuites tests="0"></testsuites>"#,
            r#"<testsuites tests="2"></testsuites>"#,
            r#"<testsuites tests="0"><testcase name="a" status="passed"></testcase></testsuites>"#,
        ] {
            assert!(Report::read(text).is_err(), "{text}");
        }
    }
}
