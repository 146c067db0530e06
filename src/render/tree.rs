//! The tree of a plan: what is shown, computed once, before it is decided how it looks. Every
//! text in it is safe to print; a sensitive value is a node of its own and holds nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use similar::{ChangeTag, TextDiff};

use super::access::{self, Access};
use super::cause;
use super::escape;
use super::page::Tone;
use super::risk::{self, Risk};
use super::template;
use crate::model::value::number_text;
use crate::model::{Action, AttrDiff, Attrs, Plan, Step, Value};

/// A text longer than this is compared by lines.
const LONG_TEXT: usize = 60;

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// No value.
    Nothing,
    /// A value that is never shown.
    Sensitive,
    /// A number, a truth value or a quoted text.
    Scalar(String),
    /// Values in order.
    List(Vec<Node>),
    /// Values by name.
    Map(Vec<(String, Node)>),
}

/// How an attribute changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta {
    /// It comes to be.
    Added(Node),
    /// It goes away.
    Removed(Node),
    /// It becomes something else.
    Changed(Node, Node),
    /// Some items of a list go away, others come to be.
    Items {
        /// The whole list as it is.
        before: Node,
        /// The whole list as it will be.
        after: Node,
        /// What goes away.
        removed: Vec<Node>,
        /// What comes to be.
        added: Vec<Node>,
    },
    /// Lines of a long text change: a unified diff.
    Lines(Vec<(char, String)>),
}

/// An attribute and how it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attr {
    /// The name; parts of maps have theirs after a dot.
    pub path: String,
    /// The change.
    pub delta: Delta,
}

/// What happens, in one sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The sign.
    pub sign: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

impl Mark {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Self; 6] = [
        Self { sign: "+", meaning: "create" },
        Self { sign: "~", meaning: "change" },
        Self { sign: "-", meaning: "destroy" },
        Self { sign: "=", meaning: "adopt" },
        Self { sign: ">", meaning: "run" },
        Self { sign: ".", meaning: "forget, nothing happens to it" },
    ];

    /// Returns the sign of an action.
    pub fn of(action: Action) -> Self {
        let [create, change, destroy, adopt, run, forget] = Self::ALL;
        match action {
            Action::Create => create,
            Action::Update => change,
            Action::Delete => destroy,
            Action::Adopt => adopt,
            Action::Forget => forget,
            Action::Execute { .. } => run,
        }
    }

    /// Returns the tone of the sign.
    pub fn tone(self) -> Tone {
        match self.sign {
            "+" => Tone::Good,
            "~" => Tone::Change,
            "-" => Tone::Bad,
            _ => Tone::Info,
        }
    }
}

/// A step as it is shown.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    /// What happens.
    pub mark: Mark,
    /// The address.
    pub addr: String,
    /// The kind.
    pub kind: String,
    /// The real object; for a migration how many statements it has.
    pub identity: String,
    /// The attributes.
    pub attrs: Vec<Attr>,
    /// Which side moved, where it is not the configuration alone.
    pub cause: Vec<String>,
    /// What a reviewer should know besides.
    pub notes: Vec<String>,
    /// What it does to the access of roles and users.
    pub access: Vec<Access>,
    /// What it takes away.
    pub losses: Vec<Loss>,
    /// The step itself.
    pub step: Cow<'a, Step>,
}

/// What goes away in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What happens: `drops table`.
    pub verb: String,
    /// To what, by real names.
    pub objects: Vec<String>,
    /// The statement that does it, as written.
    pub statement: Option<String>,
}

impl From<Risk> for Loss {
    fn from(Risk { verb, object, statement }: Risk) -> Self {
        Self { verb, objects: vec![object], statement }
    }
}

impl Object<'_> {
    /// Returns what stands on its line after the sign: address, kind and name.
    pub fn cells(&self) -> [&str; 3] {
        [&self.addr, &self.kind, &self.identity]
    }
}

/// The steps of a tenant, or those of none, or those of several tenants to which the same happens.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The tenants; none for what belongs to none.
    pub tenants: Vec<String>,
    /// The steps in their order.
    pub objects: Vec<Object<'a>>,
    /// The plan; for several tenants what it says of them in common.
    pub plan: Cow<'a, Plan>,
}

impl Group<'_> {
    /// Returns whether it stands for several tenants.
    pub fn is_folded(&self) -> bool {
        self.tenants.len() > 1
    }
}

/// Returns the steps of a plan by tenant, those of no tenant last.
pub fn groups(plan: &Plan) -> Vec<Group<'_>> {
    // Where two steps share an address the first one tells.
    let mut access = access::by_addr(plan);
    let mut by_tenant: BTreeMap<(bool, Option<&str>), Vec<Object>> = BTreeMap::new();
    for step in &plan.steps {
        let tenant = step.tenant.as_deref();
        by_tenant
            .entry((tenant.is_none(), tenant))
            .or_default()
            .push(object(Cow::Borrowed(step), access.remove(&step.addr).unwrap_or_default()));
    }
    let group = |((_, tenant), objects): ((bool, Option<&str>), _)| Group {
        tenants: tenant.map(|slug| escape::line(slug).into_owned()).into_iter().collect(),
        objects,
        plan: Cow::Borrowed(plan),
    };
    by_tenant.into_iter().map(group).collect()
}

/// Returns a step as it is shown.
pub fn object<'a>(step: Cow<'a, Step>, access: Vec<Access>) -> Object<'a> {
    let attrs = match step.action {
        Action::Create => step.desired.as_ref().map(added).unwrap_or_default(),
        Action::Update => step.diff.iter().flat_map(attr).collect(),
        // Nothing of an adopted object changes; a removed one goes as a whole; statements are what
        // a migration is.
        Action::Adopt | Action::Delete | Action::Forget | Action::Execute { .. } => Vec::new(),
    };
    let identity = match step.action {
        Action::Execute { statements: 1 } => "1 statement".to_owned(),
        Action::Execute { statements } => format!("{statements} statements"),
        Action::Create | Action::Update | Action::Adopt | Action::Delete | Action::Forget => {
            escape::line(&step.identity).into_owned()
        }
    };
    Object {
        mark: Mark::of(step.action),
        addr: escape::line(&step.addr.to_string()).into_owned(),
        kind: escape::line(&step.kind).into_owned(),
        identity,
        attrs,
        access,
        cause: cause::lines(&step),
        losses: risk::of(&step).into_iter().map(Loss::from).collect(),
        notes: step.notes.iter().map(|note| escape::line(note).into_owned()).collect(),
        step,
    }
}

fn added(attrs: &Attrs) -> Vec<Attr> {
    let declared = attrs.iter().filter(|(_, value)| !value.is_null());
    declared.map(|(name, value)| Attr { path: key(name), delta: Delta::Added(node(value)) }).collect()
}

/// Returns the attributes that a difference shows as: one, or one for each part of a map.
pub fn attr(diff: &AttrDiff) -> Vec<Attr> {
    let AttrDiff { attr, before, after } = diff;
    compare(&escape::line(attr), before, after)
}

fn compare(path: &str, before: &Value, after: &Value) -> Vec<Attr> {
    if let (Value::Map(old), Value::Map(new)) = (before, after) {
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let parts = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
        let null = Value::Null;
        return parts
            .flat_map(|name| {
                compare(&part(path, name), old.get(name).unwrap_or(&null), new.get(name).unwrap_or(&null))
            })
            .collect();
    }
    let delta = match (before, after) {
        (Value::Null, after) => Delta::Added(node(after)),
        (before, Value::Null) => Delta::Removed(node(before)),
        (Value::List(old), Value::List(new)) => items(old, new),
        (Value::String(old), Value::String(new)) if is_long(old) || is_long(new) => match lines(old, new) {
            lines if lines.is_empty() => Delta::Changed(node(before), node(after)),
            lines => Delta::Lines(lines),
        },
        (before, after) => Delta::Changed(node(before), node(after)),
    };
    vec![Attr { path: path.to_owned(), delta }]
}

fn part(path: &str, name: &str) -> String {
    if is_word(name) { format!("{path}.{name}") } else { format!("{path}[{}]", escape::quoted(name)) }
}

/// Returns the name of an entry of a map.
fn key(name: &str) -> String {
    if is_word(name) { name.to_owned() } else { escape::quoted(name) }
}

fn is_word(name: &str) -> bool {
    let name = &*name.replace(template::TENANT, "t");
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-/".contains(c))
}

fn items(old: &[Value], new: &[Value]) -> Delta {
    let without = |from: &[Value], other: &[Value]| {
        let mut other: Vec<&Value> = other.iter().collect();
        let mut left = Vec::new();
        for item in from {
            match other.iter().position(|candidate| *candidate == item) {
                Some(at) => _ = other.swap_remove(at),
                None => left.push(node(item)),
            }
        }
        left
    };
    let (removed, added) = (without(old, new), without(new, old));
    let whole = |items: &[Value]| Node::List(items.iter().map(node).collect());
    let (before, after) = (whole(old), whole(new));
    if removed.is_empty() && added.is_empty() {
        return Delta::Changed(before, after);
    }
    Delta::Items { before, after, removed, added }
}

fn is_long(text: &str) -> bool {
    text.contains('\n') || text.chars().count() > LONG_TEXT
}

/// Returns a unified diff with three lines of context: signs and safe lines. Where only the newline
/// at the end differs there is none.
fn lines(old: &str, new: &str) -> Vec<(char, String)> {
    let many = old.contains('\n') || new.contains('\n');
    let ended = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned() + "\n";
    let (old, new) = (ended(old), ended(new));
    let diff = TextDiff::from_lines(old.as_str(), new.as_str());
    let mut lines = Vec::new();
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        if many {
            lines.push(('@', hunk.header().to_string()));
        }
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            let text = change.value();
            lines.push((sign, escape::line(text.strip_suffix('\n').unwrap_or(text)).into_owned()));
        }
    }
    lines
}

/// Returns a value as it is shown.
pub fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Nothing,
        Value::Secret(_) => Node::Sensitive,
        Value::Bool(value) => Node::Scalar(value.to_string()),
        Value::Number(value) => Node::Scalar(number_text(*value)),
        Value::String(text) => Node::Scalar(escape::quoted(text)),
        Value::Ref { name, .. } => Node::Scalar(escape::quoted(name)),
        Value::List(items) => Node::List(items.iter().map(node).collect()),
        Value::Map(map) => Node::Map(map.iter().map(|(name, value)| (key(name), node(value))).collect()),
    }
}

impl Node {
    /// Returns whether other values are in it.
    pub fn is_compound(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Returns the value on one line.
    pub fn inline(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Sensitive => crate::model::secret::HIDDEN.to_owned(),
            Self::Scalar(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::inline).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(name, value)| format!("{name} = {}", value.inline())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn diff(before: Value, after: Value) -> Vec<(String, Delta)> {
        let shown = attr(&AttrDiff { attr: "a".into(), before, after });
        shown.into_iter().map(|attr| (attr.path, attr.delta)).collect()
    }

    fn scalar(text: &str) -> Node {
        Node::Scalar(text.to_owned())
    }

    #[test]
    fn maps_are_compared_by_part() {
        let map = |host: &str, key: &str| {
            Value::Map([("host".into(), host.into()), (key.into(), Value::Bool(true))].into())
        };
        assert_eq!(
            diff(map("x", "k"), map("y", "b c")),
            [
                ("a[\"b c\"]".to_owned(), Delta::Added(scalar("true"))),
                ("a.host".to_owned(), Delta::Changed(scalar("\"x\""), scalar("\"y\""))),
                ("a.k".to_owned(), Delta::Removed(scalar("true"))),
            ]
        );
    }

    #[test]
    fn lists_show_what_goes_and_what_comes() {
        let shown = diff(Value::strings(["x", "x", "y"]), Value::strings(["x", "z"]));
        let [(_, Delta::Items { removed, added, .. })] = shown.as_slice() else { panic!("{shown:?}") };
        assert_eq!((removed, added), (&vec![scalar("\"x\""), scalar("\"y\"")], &vec![scalar("\"z\"")]));
        let moved = diff(Value::strings(["x", "y"]), Value::strings(["y", "x"]));
        assert!(matches!(moved[0].1, Delta::Changed(..)));
    }

    #[test]
    fn long_texts_are_compared_by_lines() {
        let shown = diff("a\nb\nc\n".into(), "a\nB\u{1b}\nc".into());
        let lines = [('@', "@@ -1,3 +1,3 @@"), (' ', "a"), ('-', "b"), ('+', "B\\u{1b}"), (' ', "c")];
        assert_eq!(shown[0].1, Delta::Lines(lines.map(|(sign, text)| (sign, text.into())).into()));
        assert!(matches!(diff("a\nb".into(), "a\nb\n".into())[0].1, Delta::Changed(..)));
    }

    #[test]
    fn a_sensitive_value_holds_nothing() {
        let secret = |text: &str| Value::Secret(Secret::new(text));
        let shown = diff(secret("hunter5"), secret("hunter6"));
        assert_eq!(shown[0].1, Delta::Changed(Node::Sensitive, Node::Sensitive));
        assert_eq!(Node::Sensitive.inline(), "(sensitive value)");
    }
}
