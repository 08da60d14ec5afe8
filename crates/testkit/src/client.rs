//! Programs that tests run: clients of the registry, with a home of their own.
//!
//! A [`Home`] is a temporary folder that stands for the caller's home; whatever a client remembers
//! or caches lands there and goes away with it. A [`Client`] runs in it, with nothing of the
//! caller's environment but the search path, under a time limit, and shows everything that it
//! printed when it does not end as the test expects.

#![expect(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a client that cannot be run, or ends other than expected, ends the test"
)]

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// How long a client may run; a deadline for hangs, not a measure of speed.
const DEADLINE: Duration = Duration::from_mins(3);

/// A temporary folder in which clients live.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// Makes an empty home.
    pub fn new() -> Self {
        match tempfile::Builder::new().prefix("e2e").tempdir() {
            Ok(folder) => Self { folder },
            Err(error) => panic!("failed to make a temporary folder: {error}"),
        }
    }

    /// Yields the folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Yields the path of something in the folder.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Makes a folder in the folder, unless it is there, and yields its path.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        match std::fs::create_dir_all(&path) {
            Ok(()) => path,
            Err(error) => panic!("failed to make {}: {error}", path.display()),
        }
    }

    /// Writes a file in the folder and yields its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.folder(folder);
        }
        let written = std::fs::File::create(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, content.as_ref()));
        match written {
            Ok(()) => path,
            Err(error) => panic!("failed to write {}: {error}", path.display()),
        }
    }

    /// Reads a file of the folder.
    pub fn read(&self, name: &str) -> Vec<u8> {
        let mut content = Vec::new();
        let read = std::fs::File::open(self.join(name))
            .and_then(|mut file| file.read_to_end(&mut content));
        match read {
            Ok(_) => content,
            Err(error) => panic!("failed to read {name}: {error}"),
        }
    }

    /// Finds a client on the search path.
    ///
    /// When it is not there, says so and yields `None`: the test is skipped. In CI (the variable
    /// `CI` is not empty) nothing may be skipped, so that a client cannot go missing unseen.
    pub fn client(&self, name: &str) -> Option<Client> {
        let Some(program) = find(name) else {
            skip(&format!("{name} is not installed"));
            return None;
        };
        let client = Client {
            program,
            folder: self.path().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        };
        let home = self.path();
        Some(
            client
                .variable("PATH", variable("PATH").unwrap_or_default())
                .variable("HOME", home)
                .variable("TMPDIR", home)
                .variable("XDG_CONFIG_HOME", home.join(".config"))
                .variable("XDG_CACHE_HOME", home.join(".cache"))
                .variable("XDG_DATA_HOME", home.join(".local"))
                .variable("XDG_RUNTIME_DIR", home)
                .variable("LC_ALL", "C"),
        )
    }
}

/// Says that a test cannot run here; in CI that is a failure.
pub fn skip(reason: &str) {
    #[expect(
        clippy::print_stdout,
        reason = "who runs the tests must see what did not run"
    )]
    if variable("CI").is_none_or(|value| value.is_empty()) {
        println!("skipped: {reason}");
        return;
    }
    panic!("{reason}, and in CI no client is skipped");
}

/// Tells whether a program is on the search path.
pub fn is_installed(name: &str) -> bool {
    find(name).is_some()
}

/// Tells whether the tests run as the user that may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program with the environment, and the arguments, that every call of it has.
#[derive(Clone, Debug)]
pub struct Client {
    program: PathBuf,
    folder: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
}

impl Client {
    /// Adds an argument that comes first in every call.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs the client, which must succeed.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        let output = self.call(arguments);
        assert!(output.status.success(), "expected success\n{output}");
        output
    }

    /// Runs the client, which must fail by itself.
    pub fn fail<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        let output = self.call(arguments);
        let failed = output.status.code().is_some_and(|code| code != 0);
        assert!(failed, "expected failure\n{output}");
        output
    }

    /// Runs the client and yields how it ended.
    pub fn call<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Output {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let line = format!("{command:?}");
        match command.spawn() {
            Ok(child) => wait(child, line),
            Err(error) => panic!("failed to run {line}: {error}"),
        }
    }

    /// Yields the call as a command, for programs that run beside the test.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .process_group(0);
        command
    }
}

/// What a call left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// The call, as one would type it.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Output {
    /// Yields what was printed, without the space around it.
    pub fn text(&self) -> &str {
        self.stdout.trim()
    }

    /// Yields the printed lines, without the space around them.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// Reads what was printed as JSON.
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error})\n{self}"),
        }
    }

    /// Checks that `text` was printed or complained about.
    pub fn assert_says(&self, text: &str) {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "{text:?} is missing\n{self}");
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}\n{}", self.line, self.status)?;
        writeln!(
            f,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        )
    }
}

/// Reads a variable of the caller's environment.
pub fn variable(name: &str) -> Option<OsString> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are not configured through `config`"
    )]
    std::env::var_os(name)
}

fn find(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn wait(mut child: Child, line: String) -> Output {
    let (sender, ended) = mpsc::channel();
    let stdout = drain(child.stdout.take(), sender.clone());
    let stderr = drain(child.stderr.take(), sender);
    // both pipes are closed when the client and whatever it left running have ended
    let late = (0..2).any(|_| ended.recv_timeout(DEADLINE).is_err());
    if late {
        // not waited for yet, so the group is still its own
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        group.map(|group| kill_process_group(group, Signal::KILL));
    }
    let status = child.wait().unwrap_or_else(|_| ExitStatus::from_raw(-1));
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    let output = Output {
        line,
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    };
    assert!(!late, "still running after {DEADLINE:?}\n{output}");
    output
}

fn drain(
    pipe: Option<impl Read + Send + 'static>,
    ended: mpsc::Sender<()>,
) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).ok();
        }
        ended.send(()).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::Home;

    #[test]
    fn clients_live_in_their_home_with_nothing_of_the_caller_but_the_search_path() {
        let home = Home::new();
        let shell = home
            .client("sh")
            .unwrap()
            .argument("-c")
            .variable("EXTRA", "given");
        let said = shell.run(&["pwd; echo $HOME; echo $EXTRA; echo ${USER-none}"]);
        let folder = home.path().to_str().unwrap();
        assert_eq!(said.lines(), [folder, folder, "given", "none"]);
    }

    #[test]
    fn both_outputs_and_the_end_are_seen() {
        let shell = Home::new();
        let shell = shell.client("sh").unwrap().argument("-c");
        let failed = shell.fail(&["echo out; echo err >&2; exit 3"]);
        assert_eq!((failed.text(), failed.stderr.trim()), ("out", "err"));
        assert_eq!(failed.status.code(), Some(3));
        let shown = failed.to_string();
        assert!(
            ["exit 3", "out", "err"]
                .iter()
                .all(|part| shown.contains(part)),
            "{shown}"
        );
    }

    #[test]
    #[should_panic(expected = "expected success")]
    fn an_unexpected_failure_ends_the_test() {
        Home::new().client("false").unwrap().run::<&str>(&[]);
    }

    #[test]
    #[should_panic(expected = "expected failure")]
    fn an_unexpected_success_ends_the_test() {
        Home::new().client("true").unwrap().fail::<&str>(&[]);
    }
}
