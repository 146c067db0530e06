//! The blocks `charter`, `clickhouse`, `kubernetes` and `isolation`: who declares, how to reach the
//! servers, and who is trusted. The blocks `rollout` and `lint` have files of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::decls::{Decls, Placed};
use super::decode::{self, Seal};
use super::eval::{Cx, Evaluator, Scope};
use super::version;
use crate::diag::{Diagnostic, Diagnostics, SourceMap, Span};
use crate::model::names;
use crate::model::schema::{BlockSchema, Type};
use crate::model::settings::{ClickHouse, DEFAULT_NAMESPACE, Isolation, Kubernetes, KubernetesTarget};
use crate::model::value::number_text;
use crate::model::{Body, Secret, Settings, Value};

/// The longest that one query may take, as the other end of a typing error.
const MAX_TIMEOUT: f64 = 86_400.0;

/// How long a migration waits for a mutation unless told: rewriting a large table takes that long.
const MUTATION_TIMEOUT: Duration = Duration::from_secs(3_600);

/// Returns the settings, with the default in the place of what is wrong, and whether nothing is.
pub fn evaluate(
    decls: &Decls<'_>,
    ev: &Evaluator<'_>,
    sources: &SourceMap,
    diags: &mut Diagnostics,
) -> (Settings, bool) {
    let mut reader = Reader { decls, ev, diags, good: true };
    let (scope, environment) = reader.charter();
    let clickhouse = reader.clickhouse();
    let kubernetes = reader.kubernetes();
    let isolation = reader.isolation();
    let rollout = reader.rollout();
    let lint = reader.lint(sources);
    let settings = Settings { scope, environment, clickhouse, kubernetes, isolation, rollout, lint };
    (settings, reader.good)
}

pub(super) struct Reader<'r, 'a> {
    decls: &'r Decls<'a>,
    ev: &'r Evaluator<'r>,
    diags: &'r mut Diagnostics,
    good: bool,
}

impl<'a> Reader<'_, 'a> {
    pub(super) fn fail(&mut self, item: Diagnostic) {
        self.good = false;
        self.diags.push(item);
    }

    /// Checks and evaluates a block; an empty one where there is none.
    pub(super) fn body(
        &mut self,
        name: &str,
        schema: &BlockSchema,
        seal: Seal,
    ) -> Option<(Placed<'a>, Body)> {
        let placed = *self.decls.settings.get(name)?;
        let mut found = Diagnostics::default();
        decode::check(&placed, schema, (&[], &[]), &mut found);
        let cx = Cx { ev: self.ev, at: placed.at, scope: &Scope::Top };
        let body = decode::body(&cx, &placed, schema, seal);
        self.ev.take().into_iter().for_each(|item| found.push(item));
        self.good &= body.is_some() && !found.has_errors();
        self.diags.extend(found);
        Some((placed, body?))
    }

    fn charter(&mut self) -> (String, String) {
        let schema = BlockSchema::default()
            .optional("required_version", Type::String, "The versions of charter.")
            .optional("scope", Type::String, "The owner that is recorded.")
            .optional("environment", Type::String, "The environment.");
        let mut settings = ("default".to_owned(), "development".to_owned());
        let Some((_, body)) = self.body("charter", &schema, Seal::Keep) else {
            return settings;
        };
        if let Some(wanted) = body.string("required_version") {
            self.version(wanted, body.span_of("required_version"));
        }
        if let Some(scope) = body.string("scope") {
            match scope_name(scope) {
                Ok(()) => scope.clone_into(&mut settings.0),
                Err(reason) => self.fail(
                    Diagnostic::error("scope is not a name")
                        .at(body.span_of("scope"), reason)
                        .help("a scope is a small letter, then small letters, digits, _ and -"),
                ),
            }
        }
        if let Some(environment) = body.string("environment") {
            match names::path_segment(environment) {
                Ok(()) => environment.clone_into(&mut settings.1),
                Err(reason) => self.fail(
                    Diagnostic::error("environment is not the name of a folder")
                        .at(body.span_of("environment"), reason)
                        .detail("The environment is the first folder below migrations/."),
                ),
            }
        }
        settings
    }

    fn version(&mut self, wanted: &str, span: Span) {
        let version = env!("CARGO_PKG_VERSION");
        match version::meets(version, wanted) {
            Ok(true) => {}
            Ok(false) => self.fail(
                Diagnostic::error("wrong version of charter")
                    .at(span, format!("this is charter {version}"))
                    .help("install a version that meets the constraint"),
            ),
            Err(reason) => self.fail(
                Diagnostic::error("version constraint cannot be read")
                    .at(span, reason)
                    .help("write it as \">= 0.1, < 2.0\" or \"~> 0.1\""),
            ),
        }
    }

    fn clickhouse(&mut self) -> ClickHouse {
        let text = |schema: BlockSchema, name| schema.optional(name, Type::String, "");
        let schema = ["url", "user", "password", "cluster"]
            .into_iter()
            .chain(["ca_file", "cert_file", "key_file"])
            .fold(BlockSchema::default(), text)
            .optional("timeout", Type::Any, "")
            .optional("mutation_timeout", Type::Any, "")
            .optional("settings", Type::Any.map(), "");
        let mut settings = ClickHouse {
            url: "http://127.0.0.1:8123".to_owned(),
            user: "default".to_owned(),
            password: Secret::new(""),
            cluster: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            timeout: Duration::from_secs(300),
            mutation_timeout: MUTATION_TIMEOUT,
            settings: BTreeMap::new(),
        };
        let Some((_, body)) = self.body("clickhouse", &schema, Seal::Open) else {
            return settings;
        };
        let text = |name: &str| given(&body, name);
        if let Some(url) = body.string("url") {
            match check_url(url) {
                Ok(()) => settings.url = url.trim_end_matches('/').to_owned(),
                Err((reason, help)) => {
                    let item = Diagnostic::error("ClickHouse URL cannot be used");
                    // A line that may hold a password is not drawn.
                    let item = match url.contains(['@', '?', '#']) {
                        true => item.at(body.span, format!("its `url`: {reason}")),
                        false => item.at(body.span_of("url"), reason),
                    };
                    self.fail(item.help(help));
                }
            }
        }
        settings.user = text("user").unwrap_or(settings.user);
        settings.password = Secret::new(text("password").unwrap_or_default());
        settings.cluster = text("cluster");
        settings.ca_file = text("ca_file");
        settings.cert_file = text("cert_file");
        settings.key_file = text("key_file");
        if settings.cert_file.is_some() != settings.key_file.is_some() {
            self.fail(
                Diagnostic::error("client certificate is incomplete")
                    .at(body.span, "`cert_file` and `key_file` belong together")
                    .help("give both, or neither"),
            );
        }
        settings.timeout = self.timeout(&body, "timeout").unwrap_or(settings.timeout);
        let mutations = self.timeout(&body, "mutation_timeout");
        settings.mutation_timeout = mutations.unwrap_or(settings.mutation_timeout);
        if let Some(map) = body.get("settings") {
            for (name, value) in map.value.as_map().into_iter().flatten() {
                match setting(value) {
                    Some(text) => _ = settings.settings.insert(name.clone(), text),
                    None => self.fail(
                        Diagnostic::error("value has the wrong type")
                            .at(map.span, format!("{name:?} is not a string, number or bool")),
                    ),
                }
            }
        }
        settings
    }

    /// Returns a duration; none where it is absent, or told as a problem.
    fn timeout(&mut self, body: &Body, name: &str) -> Option<Duration> {
        let given = body.get(name)?;
        let found = duration(&given.value);
        if found.is_none() {
            self.fail(
                Diagnostic::error(format!("{name} is not a duration"))
                    .at(given.span, "between a millisecond and a day is needed")
                    .help("write \"30s\", \"5m\", or a number of seconds"),
            );
        }
        found
    }

    fn kubernetes(&mut self) -> Option<Kubernetes> {
        let schema = BlockSchema::default()
            .optional("context", Type::String, "The context of the kubeconfig.")
            .optional("namespace", Type::String, "The default namespace.")
            .optional("kubeconfig", Type::String, "The kubeconfig file.")
            .optional("manifests", Type::String, "A folder instead of a cluster.")
            .optional("in_cluster", Type::Bool, "Whether charter runs in the cluster.");
        let (_, body) = self.body("kubernetes", &schema, Seal::Open)?;
        let mut namespace = body.string("namespace").unwrap_or(DEFAULT_NAMESPACE);
        if let Err(reason) = names::dns1123(namespace) {
            self.fail(
                Diagnostic::error("namespace is not a DNS-1123 label")
                    .at(body.span_of("namespace"), reason)
                    .help("`kubectl get namespaces` lists those that exist"),
            );
            // What the blocks that use it would say is said already.
            namespace = DEFAULT_NAMESPACE;
        }
        let target = self.target(&body)?;
        Some(Kubernetes { namespace: namespace.to_owned(), target })
    }

    fn isolation(&mut self) -> Isolation {
        let schema = BlockSchema::default()
            .optional("administrators", Type::String.list(), "Who is trusted with everything.")
            .optional("shared", Type::String.list(), "What may show tenants' data.");
        let Some((_, body)) = self.body("isolation", &schema, Seal::Keep) else {
            return Isolation::default();
        };
        let list = |name: &str| body.strings(name).unwrap_or_default();
        let isolation = Isolation { administrators: list("administrators"), shared: list("shared") };
        if isolation.administrators.iter().any(|name| name.is_empty() || name.contains('*')) {
            self.fail(
                Diagnostic::error("an administrator is not a name")
                    .at(body.span_of("administrators"), "each is the name of one user or role")
                    .help("name those that you trust with every tenant's data, as ClickHouse has them"),
            );
        }
        if isolation.shared.iter().any(|name| name.split('.').filter(|part| !part.is_empty()).count() != 2) {
            self.fail(
                Diagnostic::error("a shared view is not a name")
                    .at(body.span_of("shared"), "each is one view, as database.name")
                    .help("write it as \"reporting.daily\""),
            );
        }
        isolation
    }

    /// Returns the one target that the block names.
    fn target(&mut self, body: &Body) -> Option<KubernetesTarget> {
        let text = |name: &str| given(body, name);
        let (context, kubeconfig) = (text("context"), text("kubeconfig"));
        let in_cluster = body.bool("in_cluster").unwrap_or(false);
        let manifests = text("manifests");
        let cluster = context.is_some() || kubeconfig.is_some();
        let named = usize::from(cluster) + usize::from(in_cluster);
        match (named + usize::from(manifests.is_some()), manifests) {
            (1, Some(folder)) => Some(KubernetesTarget::Manifests(folder)),
            (1, None) if in_cluster => Some(KubernetesTarget::InCluster),
            (1, None) => Some(KubernetesTarget::Context { kubeconfig, context }),
            (0, _) => {
                self.fail(
                    Diagnostic::error("no Kubernetes cluster is named")
                        .at(body.span, "which cluster is it?")
                        .detail(
                            "The current context of a kubeconfig changes under one's hands, so it \
                             is never used unasked.",
                        )
                        .help("set `context`, `kubeconfig`, `in_cluster = true` or `manifests`"),
                );
                None
            }
            _ => {
                let mut item =
                    Diagnostic::error("more than one Kubernetes target").at(body.span, "one is needed");
                for name in ["context", "kubeconfig", "in_cluster", "manifests"] {
                    let counts = name != "in_cluster" || in_cluster;
                    let given = |attr: &&crate::model::Spanned<Value>| attr.value.as_str() != Some("");
                    if let Some(attr) = body.get(name).filter(given).filter(|_| counts) {
                        item = item.at(attr.span, format!("`{name}` is one"));
                    }
                }
                self.fail(item.help("keep one of them"));
                None
            }
        }
    }
}

/// Returns a text; an empty one, as from an empty environment variable, is none.
fn given(body: &Body, name: &str) -> Option<String> {
    let text = body.string(name).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// Checks a scope: a slug that may hold `-` too.
fn scope_name(scope: &str) -> Result<(), String> {
    names::slug(&scope.replace('-', "_"))
}

/// Checks a URL without showing it: it may come from the environment.
fn check_url(url: &str) -> Result<(), (&'static str, &'static str)> {
    const SHAPE: &str = "write it as \"http://host:8123\" or \"https://host:8443\"";
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))
        .ok_or(("it does not begin with http:// or https://", SHAPE))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if rest.contains('@') {
        return Err((
            "it holds credentials, which would end up in logs",
            "move them to `user` and `password`, as in password = env(\"CLICKHOUSE_PASSWORD\")",
        ));
    }
    if rest.contains('?') || rest.contains('#') {
        return Err(("it holds parameters", "`user`, `password` and `settings` are attributes of the block"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let bad_port = port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0));
    let bad_char = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if host.is_empty() || bad_port || url.contains(bad_char) {
        return Err(("it has no valid host and port", SHAPE));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(("its path leads upwards", SHAPE));
    }
    Ok(())
}

/// Returns a duration: a number of seconds, or a text such as `30s`.
fn duration(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(seconds) => *seconds,
        Value::String(text) => match text.parse::<f64>() {
            Ok(seconds) => seconds,
            Err(_) => text.parse::<jiff::SignedDuration>().ok()?.as_secs_f64(),
        },
        _ => return None,
    };
    (0.001..=MAX_TIMEOUT).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// Returns a setting of ClickHouse as it is sent: truth values are 1 and 0.
fn setting(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number_text(*number)),
        Value::Bool(value) => Some(if *value { "1" } else { "0" }.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for good in [
            "http://127.0.0.1:8123",
            "https://clickhouse.operations",
            "http://[::1]:8123/",
            "https://gateway/clickhouse",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "tcp://a:9000",
            "http://",
            "http://:8123",
            "http://u:p@h:8123",
            "http://h:8123/?user=u&password=p",
            "http://h:port",
            "http://h:0",
            "http://h h",
            "http://h/../x",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations() {
        let text = |text: &str| duration(&Value::from(text));
        assert_eq!(text("30s"), Some(Duration::from_secs(30)));
        assert_eq!(text("5m"), Some(Duration::from_secs(300)));
        assert_eq!(text("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(duration(&Value::Number(2.0)), Some(Duration::from_secs(2)));
        for bad in ["", "0", "-1s", "2d", "soon", "inf", "NaN"] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    #[test]
    fn scopes() {
        assert_eq!(scope_name("platform-eu"), Ok(()));
        for bad in ["", "Platform", "9a", "a b", "-a"] {
            assert!(scope_name(bad).is_err_and(|reason| !reason.is_empty()), "{bad:?}");
        }
    }
}
