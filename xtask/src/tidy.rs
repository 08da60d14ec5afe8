//! `tidy`: the rules of the house that compilers do not check.
//!
//! | part | what it judges |
//! |---|---|
//! | `edges` | which of our packages may import which |
//! | `dependencies` | licences, sources, banned crates, duplicate versions (data: `deny.toml`) |
//! | `source`, `numbers` | sizes of files and functions, gates, panics, documentation |
//! | `names` | file and module names that name nothing |
//! | `links` | links and paths in documents |
//! | `words` | text that belongs to one machine |

mod dependencies;
mod edges;
mod links;
mod names;
mod numbers;
mod source;
mod words;

use anyhow::{Result, bail};

use crate::house;

/// Judges everything; prints the numbers and each fault.
pub(crate) fn run() -> Result<()> {
    let metadata = house::metadata()?;
    let files = house::files()?;
    let graph = edges::Graph::read(&metadata);
    let sources = source::read_all(&metadata, &files)?;
    let numbers = numbers::take(&graph, &sources);
    println!("{}", numbers::table(&numbers));

    let mut faults = graph.faults(&edges::rules());
    faults.extend(dependencies::faults(&metadata)?);
    faults.extend(numbers::faults(&numbers, &sources));
    faults.extend(names::faults(&files, &sources));
    faults.extend(links::faults(house::root(), &files)?);
    faults.extend(words::faults(house::root(), &files)?);
    for fault in &faults {
        println!("tidy: {fault}");
    }
    if !faults.is_empty() {
        bail!("{} faults", faults.len());
    }
    Ok(())
}

/// Prints the numbers, with where the biggest files and functions are.
pub(crate) fn anchors() -> Result<()> {
    let metadata = house::metadata()?;
    let graph = edges::Graph::read(&metadata);
    let sources = source::read_all(&metadata, &house::files()?)?;
    println!("{}", numbers::table(&numbers::take(&graph, &sources)));
    println!("{}", numbers::largest(&sources));
    Ok(())
}
