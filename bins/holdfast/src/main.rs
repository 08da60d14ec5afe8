//! The registry: parse, load, serve.

mod allocator;
mod cli;
mod extensions;
mod serve;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use cli::{Command, Parsed};

fn main() -> ExitCode {
    allocator::tune();
    let outcome = match cli::parse(std::env::args_os()) {
        Ok(Parsed::Text(text)) => print(&text),
        Ok(Parsed::Command(command)) => run(command),
        Err(message) => Err(anyhow::Error::msg(message)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when this fails.
            let _ = writeln!(io::stderr(), "Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Version => serve::version(),
        Command::Serve { config } => serve::serve(config.as_deref()),
        Command::Verify { config } => config.as_deref().map_or(Ok(()), verify::verify),
        Command::Schema => print(&format!("{:#}\n", config::schema())),
        Command::Completion { shell } => print(&cli::completion(shell)),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
