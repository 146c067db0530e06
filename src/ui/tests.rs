//! Tests of the streams and of the reporters, on streams in memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::*;
use crate::apply::Event;
use crate::apply::events::{Progress, Subject};
use crate::model::{Action, Addr};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(lock(&self.0).clone()).unwrap()
    }
}

struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options() -> Options {
    Options {
        color: Color::Never,
        columns: None,
        quiet: false,
        verbosity: 0,
        json: false,
        clock: || Timestamp::UNIX_EPOCH,
    }
}

fn ui(options: Options, input: &'static str) -> (Ui, Buffer, Buffer) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let ui = Ui {
        width: DEFAULT_WIDTH,
        interactive: true,
        animated: false,
        out: Mutex::new(Stream::new(out.clone(), false)),
        err: Mutex::new(Stream::new(err.clone(), false)),
        input: Mutex::new(Box::new(input.as_bytes())),
        record: Mutex::new(None),
        has_record: false,
        interrupts_are_taken: AtomicBool::new(false),
        is_stream: AtomicBool::new(true),
        options,
    };
    (ui, out, err)
}

#[test]
fn results_and_messages_go_their_ways_without_styles() {
    let (ui, out, err) = ui(options(), "");
    ui.result("\u{1b}[1mplan\u{1b}[0m").unwrap();
    ui.status("reading.");
    ui.warn("look");
    ui.error("no such tenant");
    assert_eq!(out.text(), "plan\n");
    assert_eq!(err.text(), "reading.\nwarning: look\nerror: no such tenant\n");
}

#[test]
fn quiet_leaves_problems() {
    let (ui, _, err) = ui(Options { quiet: true, ..options() }, "");
    ui.status("reading.");
    ui.warn("look");
    assert_eq!(err.text(), "warning: look\n");
}

#[test]
fn a_program_gets_lines_with_the_time() {
    let (ui, out, err) = ui(Options { json: true, ..options() }, "");
    ui.status("reading.");
    ui.error("no such tenant");
    let text = out.text();
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["@timestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(lines[1]["diagnostic"]["severity"], "error");
    assert!(err.text().is_empty());
}

#[test]
fn a_file_has_the_events_beside_what_a_person_sees() {
    let (mut ui, out, err) = ui(Options { quiet: true, ..options() }, "");
    let (sender, kept) = std::sync::mpsc::channel();
    ui.record_into(Box::new(move |line| {
        sender.send(line.to_owned()).unwrap();
        Ok(())
    }));
    ui.opening("1.2.3", true);
    ui.status("reading.");
    ui.result("a plan").unwrap();
    ui.error("no such tenant");
    ui.closing(Exit::Error, true);
    assert_eq!((out.text().as_str(), err.text().as_str()), ("a plan\n", "error: no such tenant\n"));
    let lines: Vec<Json> = kept.try_iter().map(|line| serde_json::from_str(&line).unwrap()).collect();
    let types: Vec<&Json> = lines.iter().map(|line| &line["type"]).collect();
    assert_eq!(types, ["version", "log", "diagnostic", "exit"]);
    assert_eq!(lines[3]["exit"]["code"], 1);
    assert!(lines.iter().all(|line| line["@module"] == "charter.ui" && line["@timestamp"].is_string()));
}

#[test]
fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is() {
    for (kind, is_error) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
        let (mut ui, _, _) = ui(options(), "");
        ui.out = Mutex::new(Stream::new(Broken(kind), false));
        assert_eq!(ui.result("plan").is_err(), is_error);
    }
}

#[test]
fn an_answer_is_a_line_and_the_end_of_input_is_empty() {
    let (ui, out, err) = ui(options(), "yes\nmore");
    assert_eq!(ui.ask("Enter a value: ").unwrap(), "yes\n");
    assert_eq!(ui.ask("Again: ").unwrap(), "more");
    assert_eq!(ui.ask("Again: ").unwrap(), "");
    assert!(err.text().starts_with("Enter a value: "));
    assert!(out.text().is_empty());
}

fn subject(action: Action) -> Subject {
    Subject {
        id: 0,
        addr: Addr::new("tenant", "acme").part("role"),
        kind: "role".into(),
        identity: "acme".into(),
        action,
    }
}

fn events(action: Action) -> Vec<Event> {
    let step = subject(action);
    vec![
        Event::StepStarted { step: step.clone() },
        Event::Progress { step: step.clone(), progress: Progress::Statement { number: 2, of: 5 } },
        Event::StepDone { step, elapsed: Duration::from_millis(120) },
    ]
}

async fn shown(options: Options, events: Vec<Event>) -> (String, String) {
    let (ui, out, err) = ui(options, "");
    let (sender, receiver) = unbounded_channel();
    for event in events {
        sender.send(event).unwrap();
    }
    drop(sender);
    progress::show(&ui, receiver).await;
    (out.text(), err.text())
}

#[tokio::test(start_paused = true)]
async fn a_log_gets_a_line_an_event() {
    let (_, err) = shown(options(), events(Action::Create)).await;
    assert_eq!(err, "tenant.acme.role: creating…\ntenant.acme.role: created [0.1s]\n");
    let (_, err) = shown(options(), events(Action::Execute { statements: 5 })).await;
    assert!(err.contains("tenant.acme.role: statement 2/5\n"), "{err}");
    let quiet = Options { quiet: true, ..options() };
    assert_eq!(shown(quiet, events(Action::Create)).await.1, "");
}

#[tokio::test(start_paused = true)]
async fn a_program_gets_an_object_an_event() {
    let json = Options { json: true, ..options() };
    let (out, _) = shown(json, events(Action::Create)).await;
    let lines: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&Json> = lines.iter().map(|line| &line["type"]).collect();
    assert_eq!(types, ["apply_start", "apply_progress", "apply_complete"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_says_what_takes_its_time() {
    let (ui, _, err) = ui(options(), "");
    let (sender, receiver) = unbounded_channel();
    let step = subject(Action::Delete);
    sender.send(Event::StepStarted { step }).unwrap();
    let ends = async {
        tokio::time::sleep(Duration::from_secs(25)).await;
        drop(sender);
    };
    futures_util::future::join(progress::show(&ui, receiver), ends).await;
    assert_eq!(
        err.text(),
        "tenant.acme.role: destroying…\ntenant.acme.role: still destroying… [10.0s]\ntenant.acme.role: still destroying… [20.0s]\n"
    );
}
