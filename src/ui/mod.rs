//! The streams: results to standard output, everything else to standard error, questions from
//! standard input. Knows whether they are terminals, how wide they are and whether to colour.
//!
//! With JSON everything but an error of the streams is an event, a line on standard output
//! (docs/events.md). A file may have the events beside what a person sees.

mod bars;
pub mod exit;
pub mod log;
pub mod progress;

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};

pub use exit::Exit;

use crate::diag::escape;

/// Takes the lines of events besides standard output; says once why it cannot any more.
pub type Record = Box<dyn FnMut(&str) -> Result<(), String> + Send>;

/// The version of the format of events, for those that read them.
const EVENTS_VERSION: &str = "1.0";

/// The width where nothing says another, in columns.
const DEFAULT_WIDTH: usize = 100;

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Where a stream is a terminal and the environment does not object (`NO_COLOR`).
    #[default]
    Auto,
    /// Not at all.
    Never,
}

/// How the user wants to be talked to.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to colour.
    pub color: Color,
    /// The width that is asked for (`COLUMNS`); the terminal's where there is none.
    pub columns: Option<usize>,
    /// Whether to say only results, warnings and errors.
    pub quiet: bool,
    /// How many `-v`.
    pub verbosity: u8,
    /// Whether to talk to a program.
    pub json: bool,
    /// The clock, for the timestamps of JSON lines.
    pub clock: fn() -> Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: Color::Auto,
            columns: None,
            quiet: false,
            verbosity: 0,
            json: false,
            clock: Timestamp::now,
        }
    }
}

/// One stream.
struct Stream {
    writer: Box<dyn Write + Send>,
    color: bool,
}

/// The user's end of the program.
pub struct Ui {
    options: Options,
    width: usize,
    interactive: bool,
    animated: bool,
    out: Mutex<Stream>,
    err: Mutex<Stream>,
    input: Mutex<Box<dyn BufRead + Send>>,
    record: Mutex<Option<Record>>,
    has_record: bool,
    interrupts_are_taken: AtomicBool,
    is_stream: AtomicBool,
}

impl Ui {
    /// Opens the process's own streams.
    pub fn new(options: Options) -> Self {
        let colored = |choice: ColorChoice| {
            options.color == Color::Auto && !options.json && choice != ColorChoice::Never
        };
        let (out, err) = (io::stdout(), io::stderr());
        let color_out = colored(anstream::AutoStream::choice(&out));
        let color_err = colored(anstream::AutoStream::choice(&err));
        let terminal = err.is_terminal();
        let columns = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            width: options.columns.or_else(columns).unwrap_or(DEFAULT_WIDTH),
            interactive: io::stdin().is_terminal() && terminal,
            animated: terminal && !options.json && !options.quiet && options.verbosity == 0,
            out: Mutex::new(Stream::new(out, color_out)),
            err: Mutex::new(Stream::new(err, color_err)),
            input: Mutex::new(Box::new(io::BufReader::new(io::stdin()))),
            record: Mutex::new(None),
            has_record: false,
            interrupts_are_taken: AtomicBool::new(false),
            is_stream: AtomicBool::new(true),
            options,
        }
    }

    /// Gives events to a record, too, from here on.
    pub fn record_into(&mut self, record: Record) {
        *lock(&self.record) = Some(record);
        self.has_record = true;
    }

    /// Returns how many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns whether results are coloured.
    pub fn colors_results(&self) -> bool {
        lock(&self.out).color
    }

    /// Returns whether messages are coloured.
    pub fn colors_messages(&self) -> bool {
        lock(&self.err).color
    }

    /// Returns whether a person can be asked.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Returns whether a program reads.
    pub fn is_json(&self) -> bool {
        self.options.json
    }

    /// Returns whether anything takes events: a program that reads, or a file.
    pub fn has_events(&self) -> bool {
        self.options.json || self.has_record
    }

    /// Says that whoever calls sees to Ctrl-C and SIGTERM from here on.
    pub fn takes_interrupts(&self) {
        self.interrupts_are_taken.store(true, Ordering::Relaxed);
    }

    /// Returns whether somebody sees to Ctrl-C and SIGTERM.
    pub fn interrupts_are_taken(&self) -> bool {
        self.interrupts_are_taken.load(Ordering::Relaxed)
    }

    /// Says who speaks: the first event. It is on standard output only where nothing but events is.
    pub fn opening(&self, version: &str, streams: bool) {
        self.is_stream.store(streams, Ordering::Relaxed);
        self.edge(
            streams,
            &json!({
                "@level": "info",
                "@message": format!("charter {version}"),
                "type": "version",
                "charter": version,
                "ui": EVENTS_VERSION,
            }),
        );
    }

    /// Says how it ended: the last event. It is where the first one is.
    pub fn closing(&self, exit: Exit, streams: bool) {
        let level = if matches!(exit, Exit::Done | Exit::Changes) { "info" } else { "error" };
        self.edge(
            streams,
            &json!({
                "@level": level,
                "@message": exit.text(),
                "type": "exit",
                "exit": {"code": exit.code(), "meaning": exit.text()},
            }),
        );
    }

    /// Writes a result, with a line break at its end.
    ///
    /// # Errors
    /// Where standard output cannot be written. That its reader is gone (`| head`) is none.
    pub fn result(&self, text: &str) -> io::Result<()> {
        lock(&self.out).write(text)
    }

    /// Says how things go on; not with `--quiet`.
    pub fn status(&self, text: &str) {
        self.json_line(&message("info", text));
        if !self.options.json && !self.options.quiet {
            self.say(text);
        }
    }

    /// Warns.
    pub fn warn(&self, text: &str) {
        self.problem("warning", text, AnsiColor::Yellow.on_default().bold());
    }

    /// Says what is wrong.
    pub fn error(&self, text: &str) {
        self.problem("error", text, AnsiColor::Red.on_default().bold());
    }

    /// Writes an event of what goes on: on standard output only where nothing but events is.
    pub fn going_on(&self, event: &Json) {
        self.edge(self.is_stream.load(Ordering::Relaxed), event);
    }

    /// Writes an event where events go: a JSON line with the time. Nothing where they go nowhere.
    pub fn json_line(&self, event: &impl Serialize) {
        if let Some(line) = self.line(event) {
            self.keep(&line);
            if self.options.json {
                // Who listens to events and goes away does not end the run.
                let _ = lock(&self.out).write(&line);
            }
        }
    }

    /// Writes an event; into the file of events alone where standard output has a document.
    fn edge(&self, streams: bool, event: &Json) {
        if streams {
            self.json_line(event);
        } else if let Some(line) = self.line(event) {
            self.keep(&line);
        }
    }

    fn line(&self, event: &impl Serialize) -> Option<String> {
        if !self.has_events() {
            return None;
        }
        let mut json = serde_json::to_value(event).ok()?;
        if let Json::Object(members) = &mut json {
            let now = (self.options.clock)().to_string();
            members.insert("@timestamp".into(), now.into());
            members.entry("@module").or_insert_with(|| "charter.ui".into());
        }
        Some(json.to_string())
    }

    fn keep(&self, line: &str) {
        let written = lock(&self.record).as_mut().map_or(Ok(()), |record| record(line));
        if let Err(reason) = written {
            let style = AnsiColor::Yellow.on_default().bold();
            self.say(&format!("{style}warning{style:#}: {}", escape::block(&reason)));
        }
    }

    /// Asks a question and returns the answer, a line; empty at the end of the input.
    ///
    /// # Errors
    /// Where standard input cannot be read.
    pub fn ask(&self, prompt: &str) -> io::Result<String> {
        {
            let mut err = lock(&self.err);
            err.print(prompt)?;
        }
        let mut answer = String::new();
        lock(&self.input).read_line(&mut answer)?;
        Ok(answer)
    }

    /// Says what was drawn elsewhere: diagnostics. Also with `--quiet`.
    pub fn drawn(&self, text: &str) {
        self.say(text);
    }

    /// Writes a line of text to standard error.
    fn say(&self, text: &str) {
        // Where nobody reads messages there is nobody to tell.
        let _ = lock(&self.err).write(text);
    }

    fn problem(&self, severity: &str, text: &str, style: Style) {
        let level = if severity == "warning" { "warn" } else { severity };
        let mut line = message(level, text);
        line["type"] = "diagnostic".into();
        line["diagnostic"] = json!({"severity": severity, "summary": text, "detail": ""});
        self.json_line(&line);
        if !self.options.json {
            self.say(&format!("{style}{severity}{style:#}: {}", escape::block(text)));
        }
    }
}

fn message(level: &str, text: &str) -> Json {
    json!({"@level": level, "@message": text, "type": "log"})
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stream {
    fn new(writer: impl Write + Send + 'static, color: bool) -> Self {
        Self { writer: Box::new(writer), color }
    }

    /// Writes text and a line break, unless it ends in one.
    fn write(&mut self, text: &str) -> io::Result<()> {
        self.print(text)?;
        if !text.is_empty() && !text.ends_with('\n') {
            self.print("\n")?;
        }
        Ok(())
    }

    /// Writes text; without its styles where the stream has none.
    fn print(&mut self, text: &str) -> io::Result<()> {
        let written = if self.color {
            write!(self.writer, "{text}")
        } else {
            write!(self.writer, "{}", anstream::adapter::strip_str(text))
        };
        match written.and_then(|()| self.writer.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
