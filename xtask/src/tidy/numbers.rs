//! The numbers of the house: what they are, what they may be, what would be better.

use std::fmt::Write as _;

use super::edges::Graph;
use super::source::{Function, Source};
use crate::stats::{length, percentile};

/// One number and its bounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    name: &'static str,
    value: f64,
    bound: Bound,
    /// The number that beats every code base we look up to.
    better: f64,
}

/// What a number may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// More fails.
    Most(f64),
    /// Less fails.
    Least(f64),
    /// Outside is worth a look, and fails nothing.
    Between(f64, f64),
}

impl Number {
    fn most(name: &'static str, value: f64, bound: f64, better: f64) -> Self {
        Self {
            name,
            value,
            bound: Bound::Most(bound),
            better,
        }
    }

    fn fails(&self) -> bool {
        match self.bound {
            Bound::Most(most) => self.value > most,
            Bound::Least(least) => self.value < least,
            Bound::Between(..) => false,
        }
    }

    fn verdict(&self) -> &'static str {
        let better = match self.bound {
            Bound::Most(_) => self.value <= self.better,
            Bound::Least(_) => self.value >= self.better,
            Bound::Between(low, high) if self.value < low || self.value > high => return "look",
            Bound::Between(..) => true,
        };
        match (self.fails(), better) {
            (true, _) => "FAIL",
            (false, true) => "better",
            (false, false) => "ok",
        }
    }
}

/// Takes all numbers. Functions count outside tests, files in any case; tasks are not the product.
pub(super) fn take(graph: &Graph, sources: &[Source]) -> Vec<Number> {
    let mut numbers = vec![
        Number::most("depth of the crate graph", length(graph.depth()), 7.0, 6.0),
        Number::most(
            "edges per package",
            per(graph.edges(), graph.packages.len()),
            3.4,
            2.7,
        ),
    ];
    numbers.extend(files(sources));
    numbers.extend(functions(sources));
    numbers.extend(habits(sources));
    numbers
}

fn files(sources: &[Source]) -> [Number; 3] {
    let mut lines: Vec<usize> = sources.iter().map(|source| source.lines).collect();
    lines.sort_unstable();
    let at = |percent| percentile(&lines, percent).map_or(0.0, length);
    [
        Number::most("file lines, median", at(50), 200.0, 135.0),
        Number::most("file lines, p90", at(90), 500.0, 390.0),
        Number::most("file lines, max", at(100), 800.0, 600.0),
    ]
}

fn functions(sources: &[Source]) -> [Number; 4] {
    let all = sources.iter().flat_map(|source| &source.functions);
    let mut lines: Vec<usize> = all
        .filter(|each| !each.test)
        .map(|each| each.length)
        .collect();
    lines.sort_unstable();
    let at = |percent| percentile(&lines, percent).map_or(0.0, length);
    let long = lines.iter().filter(|lines| **lines > 50).count();
    [
        Number::most("function lines, p90", at(90), 32.0, 23.0),
        Number::most("function lines, p99", at(99), 90.0, 66.0),
        Number::most("function lines, max", at(100), 120.0, 94.0),
        Number::most(
            "functions over 50 lines, %",
            100.0 * per(long, lines.len()),
            3.5,
            2.4,
        ),
    ]
}

fn habits(sources: &[Source]) -> [Number; 6] {
    let libraries = || sources.iter().filter(|source| source.library);
    let product = || sources.iter().filter(|source| source.product);
    let all: usize = sources.iter().map(|source| source.production).sum();
    let production: usize = product().map(|source| source.production).sum();
    let tests: usize = product().map(|source| source.tests).sum();
    let panics: usize = sources.iter().map(|source| source.panics.len()).sum();
    let public: usize = libraries().map(|source| source.public).sum();
    let bare: usize = libraries().map(|source| source.undocumented.len()).sum();
    let gates: usize = libraries().map(|source| source.gates.len()).sum();
    let traits = sources.iter().flat_map(|source| &source.traits);
    let largest = traits.map(|(_, methods)| *methods).max().unwrap_or(0);
    let documented = if public == 0 {
        100.0
    } else {
        100.0 * per(public - bare, public)
    };
    [
        Number::most("feature gates in libraries", length(gates), 0.0, 0.0),
        Number::most(
            "unwrap/expect/panic per 1,000 lines",
            1000.0 * per(panics, all),
            1.7,
            0.5,
        ),
        Number {
            name: "public items documented, %",
            value: documented,
            bound: Bound::Least(95.0),
            better: 100.0,
        },
        Number::most("methods of the largest trait", length(largest), 15.0, 12.0),
        Number {
            name: "tests per production line of the product",
            value: per(tests, production),
            bound: Bound::Between(0.6, 1.2),
            better: 1.0,
        },
        Number::most(
            "production lines of the product",
            length(production),
            40_000.0,
            40_000.0,
        ),
    ]
}

fn per(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        length(part) / length(whole)
    }
}

/// Yields the numbers as a Markdown table.
pub(super) fn table(numbers: &[Number]) -> String {
    let mut text = String::from("| number | ours | bound | better | |\n|---|---|---|---|---|\n");
    for number in numbers {
        let bound = match number.bound {
            Bound::Most(most) => format!("≤ {}", shown(most)),
            Bound::Least(least) => format!("≥ {}", shown(least)),
            Bound::Between(low, high) => format!("{} to {}", shown(low), shown(high)),
        };
        let (value, better) = (shown(number.value), shown(number.better));
        let _ = writeln!(
            text,
            "| {} | {value} | {bound} | {better} | {} |",
            number.name,
            number.verdict()
        );
    }
    text
}

fn shown(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// Yields each number out of its bounds, with the places that make it so where that is known.
pub(super) fn faults(numbers: &[Number], sources: &[Source]) -> Vec<String> {
    let out = numbers.iter().filter(|number| number.fails());
    let mut faults: Vec<String> = out
        .map(|number| format!("{}: {}", number.name, shown(number.value)))
        .collect();
    for source in sources {
        faults.extend(places(source));
    }
    faults
}

fn places(source: &Source) -> Vec<String> {
    let path = source.path.display();
    let mut places = Vec::new();
    if source.lines > 800 {
        places.push(format!("{path}: {} lines, 800 is the most", source.lines));
    }
    for each in source.functions.iter().filter(|each| each.length > 120) {
        places.push(format!(
            "{path}:{}: {} has {} lines",
            each.line, each.name, each.length
        ));
    }
    for (name, methods) in source.traits.iter().filter(|(_, methods)| *methods > 15) {
        places.push(format!("{path}: trait {name} has {methods} methods"));
    }
    if source.library {
        let gates = source.gates.iter();
        places.extend(gates.map(|line| format!("{path}:{line}: a feature gate in a library")));
        let bare = source.undocumented.iter();
        places
            .extend(bare.map(|(name, line)| format!("{path}:{line}: {name} has no documentation")));
    }
    places
}

/// Lists the longest files and functions.
pub(super) fn largest(sources: &[Source]) -> String {
    let mut text = String::from("longest files:\n");
    let mut files: Vec<&Source> = sources.iter().collect();
    files.sort_by_key(|source| std::cmp::Reverse(source.lines));
    for source in files.iter().take(8) {
        let _ = writeln!(text, "  {:>5}  {}", source.lines, source.path.display());
    }
    text.push_str("longest functions:\n");
    let mut functions: Vec<(&Source, &Function)> = Vec::new();
    for source in sources {
        functions.extend(source.functions.iter().map(|each| (source, each)));
    }
    functions.sort_by_key(|(_, each)| std::cmp::Reverse(each.length));
    for (source, each) in functions.iter().take(8) {
        let place = source.path.display();
        let _ = writeln!(
            text,
            "  {:>5}  {} ({place}:{})",
            each.length, each.name, each.line
        );
    }
    text.push_str("panics outside tests:\n");
    for source in sources {
        for line in &source.panics {
            let _ = writeln!(text, "         {}:{line}", source.path.display());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> Source {
        let mut source = Source::read(Path::new("crates/a/src/lib.rs"), text).unwrap();
        source.library = true;
        source
    }

    fn failing(sources: &[Source]) -> Vec<&'static str> {
        let numbers = take(&Graph::default(), sources);
        numbers
            .iter()
            .filter(|number| number.fails())
            .map(|number| number.name)
            .collect()
    }

    #[test]
    fn a_small_clean_file_is_within_all_bounds() {
        let source = read("/// Docs.\npub fn a() {}\n");
        assert_eq!(failing(std::slice::from_ref(&source)), Vec::<&str>::new());
        assert!(places(&source).is_empty());
    }

    #[test]
    fn each_bound_can_fail() {
        let long_file = "//\n".repeat(801);
        let long_function = format!("fn a() {{\n{}}}\n", "    a();\n".repeat(121));
        let methods = "/// D.\nfn m(&self);\n".repeat(16);
        let cases = [
            (long_file, "file lines, max"),
            (long_function, "function lines, max"),
            (
                "#[cfg(feature = \"x\")]\nfn a() {}\n".to_owned(),
                "feature gates in libraries",
            ),
            (
                "fn a() { None::<u8>.unwrap(); }\n".to_owned(),
                "unwrap/expect/panic per 1,000 lines",
            ),
            ("pub fn a() {}\n".to_owned(), "public items documented, %"),
            (
                format!("/// D.\npub trait T {{\n{methods}}}\n"),
                "methods of the largest trait",
            ),
        ];
        for (text, want) in cases {
            assert!(failing(&[read(&text)]).contains(&want), "{want}");
        }
    }

    #[test]
    fn the_table_shows_verdicts() {
        let number = Number::most("x", 3.0, 2.0, 1.0);
        assert_eq!(number.verdict(), "FAIL");
        assert_eq!(
            Number {
                value: 2.0,
                ..number.clone()
            }
            .verdict(),
            "ok"
        );
        assert_eq!(
            Number {
                value: 1.0,
                ..number.clone()
            }
            .verdict(),
            "better"
        );
        let ratio = Number {
            bound: Bound::Between(4.0, 5.0),
            ..number
        };
        assert_eq!(ratio.verdict(), "look");
        assert!(table(&[ratio]).contains("| x | 3 | 4 to 5 | 1 | look |"));
    }
}
