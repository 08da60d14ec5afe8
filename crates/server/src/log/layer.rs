//! Events of `tracing` as lines of the log.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::Log;
use super::line::Line;
use super::secret::{MASK, is_secret};
use super::sink::Class;

/// The crates whose events are ours; what others say counts from warnings on.
const OURS: [&str; 11] = [
    "auth", "client", "config", "ext", "hf", "holdfast", "meta", "oci", "registry", "server",
    "storage",
];

/// Writes events to a sink in zot's form.
#[derive(Debug)]
pub struct JsonLayer(Log);

thread_local! {
    static LINES: RefCell<(Line, Line)> = RefCell::default();
}

impl JsonLayer {
    pub(crate) const fn new(log: Log) -> Self {
        Self(log)
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = *metadata.level();
        level <= self.0.level() && (level <= Level::WARN || is_ours(metadata.target()))
    }
}

fn is_ours(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or(target);
    let name = name.split(['-', '_']).next().unwrap_or(name);
    OURS.contains(&name)
}

impl<S: Subscriber> Layer<S> for JsonLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.level())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        LINES.with(|lines| match lines.try_borrow_mut() {
            Ok(mut lines) => self.write(&mut lines, event),
            // A value that logs while it is being logged.
            Err(_) => self.write(&mut Default::default(), event),
        });
    }
}

impl JsonLayer {
    #[expect(
        clippy::disallowed_methods,
        reason = "a log carries the time of the wall"
    )]
    fn write(&self, (line, fields): &mut (Line, Line), event: &Event<'_>) {
        let metadata = event.metadata();
        fields.bytes().clear();
        let mut visitor = Visitor {
            message: String::new(),
            fields,
        };
        event.record(&mut visitor);
        let message = visitor.message;
        let (name, class) = match *metadata.level() {
            Level::ERROR => ("error", Class::Vital),
            Level::WARN => ("warn", Class::Vital),
            Level::INFO => ("info", Class::Event),
            Level::DEBUG | Level::TRACE => ("debug", Class::Event),
        };
        line.begin(SystemTime::now(), name, &message);
        line.bytes().extend_from_slice(fields.bytes());
        let file = metadata.file().unwrap_or("unknown");
        let caller = format!("{file}:{}", metadata.line().unwrap_or(0));
        let whole = line.end(&caller, metadata.module_path().unwrap_or(metadata.target()));
        self.0.append(whole, class);
    }
}

/// Writes the fields of an event, except its message, which comes before them.
struct Visitor<'a> {
    message: String,
    fields: &'a mut Line,
}

impl Visitor<'_> {
    fn raw(&mut self, field: &Field, value: impl fmt::Display) {
        self.fields.raw(field.name(), value);
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name if is_secret(name) => self.fields.str(name, MASK),
            name => self.fields.str(name, value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.raw(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.raw(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.raw(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.raw(field, value);
        } else {
            self.record_debug(field, &value);
        }
    }

    /// Writes an error and what caused it, since an error displays one level only.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.record_str(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name if is_secret(name) => self.fields.str(name, MASK),
            name => self.fields.display(name, format_args!("{value:?}")),
        }
    }
}
