//! What is declared at the top level: variables, locals, settings and resource blocks by name.
//! A block whose label is wrong, or that did not parse, is known as a name all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block};

use super::parse::{At, Parsed};
use crate::diag::{Diagnostic, Diagnostics, Span, nearest};
use crate::kinds::{Kind, Kinds};
use crate::model::Addr;
use crate::model::schema::BlockSchema;

/// The blocks of settings.
pub const SETTINGS: [&str; 6] = ["charter", "clickhouse", "kubernetes", "isolation", "rollout", "lint"];

/// Stands for the type of a block in [`Parsed::broken`] where a whole file could not be read, so
/// that any name may be declared in it.
pub const UNREAD: &str = "";
/// Meta-arguments that are attributes.
pub const META: [&str; 2] = ["for_each", "depends_on"];

/// A block and its place.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// The block.
    pub block: &'a Block,
    /// The text that it stands in.
    pub at: At,
}

impl<'a> Placed<'a> {
    /// Returns the place of the block's head: its type and labels.
    pub fn head(&self) -> Span {
        let end = self.block.labels.last().map(|label| self.at.span(label).end);
        let span = self.at.span(&self.block.ident);
        Span { end: end.unwrap_or(span.end), ..span }
    }

    /// Returns an attribute.
    pub fn attr(&self, name: &str) -> Option<&'a Attribute> {
        self.block.body.attributes().find(|attr| attr.has_key(name))
    }

    /// Returns the nested blocks of a type.
    pub fn nested(&self, name: &str) -> impl Iterator<Item = Placed<'a>> {
        let at = self.at;
        self.block
            .body
            .blocks()
            .filter(move |block| block.ident.value().as_str() == name)
            .map(move |block| Placed { block, at })
    }
}

/// A local value.
#[derive(Clone, Copy)]
pub struct Local<'a> {
    /// The expression.
    pub expr: &'a Expression,
    /// The text that it stands in.
    pub at: At,
    /// The place of the name.
    pub span: Span,
}

/// A block that makes resources.
#[derive(Clone)]
pub struct Resource<'a> {
    /// The kind.
    pub kind: &'static dyn Kind,
    /// What it may hold.
    pub schema: Rc<BlockSchema>,
    /// The label.
    pub label: String,
    /// The block.
    pub placed: Placed<'a>,
}

impl Resource<'_> {
    /// Returns whether the block has instances by key.
    pub fn is_repeated(&self) -> bool {
        self.placed.attr("for_each").is_some()
    }
}

/// What is declared.
pub struct Decls<'a> {
    /// The variables by name.
    pub variables: BTreeMap<String, Placed<'a>>,
    /// The locals by name.
    pub locals: BTreeMap<String, Local<'a>>,
    /// The blocks of settings by type.
    pub settings: BTreeMap<&'static str, Placed<'a>>,
    /// The resource blocks by address.
    pub resources: BTreeMap<Addr, Resource<'a>>,
    /// The `check` blocks by name.
    pub checks: BTreeMap<String, Placed<'a>>,
    /// The `moved` blocks.
    pub moved: Vec<Placed<'a>>,
    /// The `import` blocks.
    pub imports: Vec<Placed<'a>>,
    /// The `removed` blocks.
    pub removed: Vec<Placed<'a>>,
    /// The schemas of kinds that have blocks.
    pub schemas: BTreeMap<&'static str, Rc<BlockSchema>>,
    /// The lists of `charter.presets` by name.
    pub presets: BTreeMap<&'static str, Vec<&'static str>>,
    broken: &'a BTreeSet<(String, String)>,
}

impl<'a> Decls<'a> {
    /// Collects the declarations; problems go to `diags`.
    pub fn collect(parsed: &'a Parsed, kinds: &Kinds, diags: &mut Diagnostics) -> Self {
        let schemas = kinds.iter().filter_map(|kind| Some((kind.name(), Rc::new(kind.schema()?))));
        let mut decls = Self {
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            settings: BTreeMap::new(),
            resources: BTreeMap::new(),
            checks: BTreeMap::new(),
            moved: Vec::new(),
            imports: Vec::new(),
            removed: Vec::new(),
            schemas: schemas.collect(),
            presets: kinds.iter().flat_map(|kind| kind.presets()).collect(),
            broken: &parsed.broken,
        };
        for unit in &parsed.units {
            for attr in unit.body.attributes() {
                diags.push(
                    Diagnostic::error("attribute outside of a block")
                        .at(unit.at.span(&attr.key), "this belongs into a block")
                        .help("values with a name are declared in a `locals` block"),
                );
            }
            for block in unit.body.blocks() {
                let at = unit.at;
                decls.block(Placed { block, at }, kinds, diags);
            }
        }
        decls
    }

    /// Returns whether a block of this type and label stands there and did not parse.
    pub fn is_broken(&self, kind: &str, label: &str) -> bool {
        self.broken.contains(&(kind.to_owned(), label.to_owned()))
            || self.broken.iter().any(|(kind, _)| kind == UNREAD)
    }

    /// Returns the labels of a kind's blocks.
    pub fn labels<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        self.resources
            .values()
            .filter(move |resource| resource.kind.name() == kind)
            .map(|resource| resource.label.as_str())
    }

    fn block(&mut self, placed: Placed<'a>, kinds: &Kinds, diags: &mut Diagnostics) {
        let name = placed.block.ident.value().as_str();
        if let Some(kind) = kinds.get(name)
            && let Some(schema) = self.schemas.get(name).cloned()
        {
            return self.resource(placed, kind, schema, diags);
        }
        match name {
            "variable" => self.variable(placed, diags),
            "locals" => self.add_locals(placed, diags),
            "moved" => self.moved.push(placed),
            "import" => self.imports.push(placed),
            "check" => self.check(placed, diags),
            "removed" => self.removed.push(placed),
            _ => match SETTINGS.into_iter().find(|known| *known == name) {
                Some(known) => self.setting(known, placed, diags),
                None => diags.push(self.unknown(&placed)),
            },
        }
    }

    fn variable(&mut self, placed: Placed<'a>, diags: &mut Diagnostics) {
        let Some(name) = label(&placed, diags) else {
            return;
        };
        if let Some(first) = self.variables.get(&name) {
            diags.push(duplicate("variable", placed.head(), first.head()));
        } else {
            self.variables.insert(name, placed);
        }
    }

    fn check(&mut self, placed: Placed<'a>, diags: &mut Diagnostics) {
        let Some(name) = label(&placed, diags) else {
            return;
        };
        match self.checks.get(&name) {
            Some(first) => diags.push(duplicate("check", placed.head(), first.head())),
            None => _ = self.checks.insert(name, placed),
        }
    }

    fn add_locals(&mut self, placed: Placed<'a>, diags: &mut Diagnostics) {
        no_labels(&placed, diags);
        for block in placed.block.body.blocks() {
            diags.push(
                Diagnostic::error("block inside of locals")
                    .at(placed.at.span(&block.ident), "only attributes stand here")
                    .help("a map is written `name = { … }`"),
            );
        }
        for attr in placed.block.body.attributes() {
            let (name, span) = (attr.key.value().to_string(), placed.at.span(&attr.key));
            if let Some(first) = self.locals.get(&name) {
                diags.push(duplicate("local", span, first.span));
            } else {
                let (expr, at) = (&attr.value, placed.at);
                self.locals.insert(name, Local { expr, at, span });
            }
        }
    }

    fn setting(&mut self, name: &'static str, placed: Placed<'a>, diags: &mut Diagnostics) {
        no_labels(&placed, diags);
        match self.settings.get(name) {
            Some(first) => diags.push(
                Diagnostic::error(format!("more than one `{name}` block"))
                    .at(placed.head(), "a second one")
                    .at(first.head(), "the first one")
                    .help("put the attributes of both into one block"),
            ),
            None => _ = self.settings.insert(name, placed),
        }
    }

    fn resource(
        &mut self,
        placed: Placed<'a>,
        kind: &'static dyn Kind,
        schema: Rc<BlockSchema>,
        diags: &mut Diagnostics,
    ) {
        let Some(label) = label(&placed, diags) else {
            return;
        };
        let addr = Addr::new(kind.name(), &label);
        match self.resources.get(&addr) {
            Some(first) => diags.push(duplicate("address", placed.head(), first.placed.head())),
            None => {
                let resource = Resource { kind, schema, label, placed };
                self.resources.insert(addr, resource);
            }
        }
    }

    fn unknown(&self, placed: &Placed<'_>) -> Diagnostic {
        let name = placed.block.ident.value().as_str();
        let span = placed.at.span(&placed.block.ident);
        let item = Diagnostic::error("unknown block").at(span, "no block of this type exists");
        let known = ["variable", "locals", "moved", "removed", "import", "check"].into_iter().chain(SETTINGS);
        let known: Vec<&str> = known.chain(self.schemas.keys().copied()).collect();
        match (name, nearest(name, known.iter().copied())) {
            ("resource", _) => item.help("the kind is the block's type: `role \"analyst\" { … }`"),
            (_, Some(near)) => item.help(format!("did you mean `{near}`?")),
            _ => item.help(format!(
                "blocks are {}",
                super::check::listed(known.iter().map(|name| format!("`{name}`")))
            )),
        }
    }
}

/// Returns the one label of a block; reports a wrong number, and one that is no name.
pub(super) fn label(placed: &Placed<'_>, diags: &mut Diagnostics) -> Option<String> {
    let kind = placed.block.ident.value().as_str();
    let Some(label) = placed.block.labels.first() else {
        diags.push(
            Diagnostic::error("block has no label")
                .at(placed.head(), "a name is missing")
                .help(format!("write `{kind} \"name\" {{ … }}`")),
        );
        return None;
    };
    if let Some(second) = placed.block.labels.get(1) {
        diags.push(
            Diagnostic::error("block has too many labels")
                .at(placed.at.span(second), "one label is the most")
                .help(format!("write `{kind} \"{}\" {{ … }}`", label.as_str())),
        );
    }
    let text = label.as_str();
    let good = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !good {
        diags.push(
            Diagnostic::error("label is not a name")
                .at(placed.at.span(label), "not a name")
                .detail("Labels are parts of addresses.")
                .help("a name is a letter or _, then letters, digits, _ and -"),
        );
    }
    Some(text.to_owned())
}

/// Reports the labels of a block that has none.
pub fn no_labels(placed: &Placed<'_>, diags: &mut Diagnostics) {
    if let Some(label) = placed.block.labels.first() {
        let name = placed.block.ident.value();
        diags.push(
            Diagnostic::error("block has too many labels")
                .at(placed.at.span(label), "this block has no label")
                .help(format!("write `{name} {{ … }}`")),
        );
    }
}

fn duplicate(what: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::error(format!("duplicate {what}"))
        .at(second, "declared a second time")
        .at(first, "first declared here")
        .help("rename or remove one of them")
}
