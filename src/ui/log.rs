//! The log, on standard error: ours as far as is asked for, everyone else's warnings only. What
//! HTTP libraries log below that holds headers and bodies, and so passwords; no option shows it.

use std::io;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::uptime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What of the log is shown, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// How many `-v`: warnings, info, debug, trace.
    pub verbosity: u8,
    /// What to log instead, in the syntax of `tracing` (`charter::apply=trace`); the value of
    /// `CHARTER_LOG`.
    pub directives: Option<&'a str>,
    /// Whether lines are JSON objects.
    pub json: bool,
    /// Whether lines are coloured.
    pub color: bool,
}

/// Starts the log of this process.
///
/// # Errors
/// A text for people, where the directives make no sense or a log was started before.
pub fn init(options: Options<'_>) -> Result<(), String> {
    subscriber(options, io::stderr)?.try_init().map_err(|error| format!("the log cannot be started: {error}"))
}

fn subscriber<W>(options: Options<'_>, writer: W) -> Result<impl Subscriber + Send + Sync, String>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = wanted(options)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_timer(uptime())
        .with_ansi(options.color && !options.json);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if options.json {
        lines.json().with_filter(wanted.and(harmless())).boxed()
    } else {
        lines.with_filter(wanted.and(harmless())).boxed()
    };
    Ok(tracing_subscriber::registry().with(lines))
}

fn wanted(options: Options<'_>) -> Result<EnvFilter, String> {
    let level = match options.verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let default = format!("warn,charter={level}");
    EnvFilter::builder()
        .with_regex(false)
        .parse(options.directives.unwrap_or(&default))
        .map_err(|error| format!("CHARTER_LOG makes no sense: {error}"))
}

/// Lets through what is ours, and warnings.
fn harmless() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(|metadata| is_ours(metadata.target()) || *metadata.level() <= Level::WARN)
}

fn is_ours(target: &str) -> bool {
    target == "charter" || target.starts_with("charter::")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(options: Options<'_>) -> String {
        let buffer = Buffer::default();
        let sink = buffer.clone();
        let subscriber = subscriber(options, move || sink.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "charter::apply", "our warning");
            tracing::info!(target: "charter::apply", "our info");
            tracing::trace!(target: "charter", "our trace");
            tracing::debug!(target: "hyper::proto", "authorization: hunter5");
            tracing::info!(target: "charter_spy", "hunter5");
            tracing::warn!(target: "kube::client", "their warning");
        });
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn our_lines_are_shown_as_far_as_asked() {
        for (verbosity, lines) in [(0, 2), (1, 3), (2, 3), (3, 4), (9, 4)] {
            let options = Options { verbosity, ..Options::default() };
            let text = logged(options);
            assert_eq!(text.lines().count(), lines, "{verbosity}: {text}");
        }
    }

    #[test]
    fn no_option_shows_what_others_log_below_warnings() {
        for directives in [None, Some("trace"), Some("hyper=trace,charter=trace")] {
            for json in [false, true] {
                let text = logged(Options { verbosity: 3, directives, json, color: false });
                assert!(text.contains("our trace"), "{text}");
                assert!(!text.contains("hunter5"), "{text}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let options = Options { directives: Some("charter=loud"), ..Options::default() };
        assert!(wanted(options).is_err());
    }
}
