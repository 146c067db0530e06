//! Toy kinds, a folder in memory, and how the tests compile.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Compiled, Input, compile};
use crate::diag::text::render;
use crate::kinds::{Change, DecodeCx, Instance, Kind, Kinds, Lowered, World};
use crate::model::files::Files;
use crate::model::registry::Entry;
use crate::model::resource::Declared;
use crate::model::schema::{Arity, BlockSchema, Type};
use crate::model::snapshot::{Caps, Read};
use crate::model::{Addr, Attrs, Resource, Settings, Value};

/// A kind that makes one resource with a name, or a composite with parts.
struct Toy {
    name: &'static str,
    schema: fn() -> BlockSchema,
    parts: &'static [(&'static str, &'static str)],
}

impl Kind for Toy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> Option<BlockSchema> {
        Some((self.schema)())
    }

    fn presets(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        match self.name {
            "tenant" => vec![("confined", vec!["SELECT", "INSERT"])],
            _ => Vec::new(),
        }
    }

    fn decode(&self, block: &Instance, cx: &mut DecodeCx) -> Declared {
        let key = block.addr.segments().last().and_then(|s| s.key.clone());
        let label = key.unwrap_or_else(|| block.label.clone());
        let name = block.body.string("name").unwrap_or(&label).to_owned();
        if name == "forbidden" {
            cx.diags.push(
                crate::diag::Diagnostic::error("name is forbidden")
                    .at(block.body.span_of("name"), "not this one"),
            );
        }
        let mut declared = Declared::default();
        let mut add = |addr: Addr, kind: &'static str, name: &str| {
            let mut resource = Resource::new(addr, kind, name, block.body.span);
            for (name, value) in &block.body.attrs {
                resource.attrs.insert(name.clone(), value.value.clone());
            }
            for (name, blocks) in &block.body.blocks {
                let blocks = blocks.iter().map(|body| {
                    let attrs = body.attrs.iter();
                    Value::Map(attrs.map(|(k, v)| (k.clone(), v.value.clone())).collect())
                });
                let value = Value::List(blocks.collect());
                resource.attrs.insert(name.clone(), value);
            }
            declared.resources.push(resource);
        };
        for (part, kind) in self.parts {
            add(block.addr.part(part), kind, &format!("{part}_{name}"));
        }
        if self.parts.is_empty() {
            add(block.addr.clone(), self.name, &name);
            declared.exports.insert("name".into(), name.as_str().into());
        }
        for (part, _) in self.parts {
            let name = format!("{part}_{name}");
            declared.exports.insert((*part).into(), name.into());
        }
        declared
    }

    fn reads(&self, _: &[&Resource], _: &[&Entry], _: &Settings, _: &Caps) -> Vec<Read> {
        Vec::new()
    }

    fn observe(&self, _: &BTreeSet<&str>, _: &World) -> BTreeMap<String, Attrs> {
        BTreeMap::new()
    }

    fn lower(&self, _: &Change, _: &World) -> Lowered {
        Lowered::default()
    }
}

fn named() -> BlockSchema {
    BlockSchema::default()
        .optional("name", Type::String, "The name.")
        .optional("comment", Type::String, "A comment.")
        .ignorable(&["comment", "name"])
        .exports(&["name"])
}

fn role() -> BlockSchema {
    let grant = BlockSchema::default()
        .required("privileges", Type::String.list(), "What is granted.")
        .required("on", Type::String, "On what.");
    named().block("grant", Arity::Many, grant)
}

fn user() -> BlockSchema {
    named()
        .optional("roles", Type::Ref(&["role"]).list(), "The roles.")
        .optional("hosts", Type::String.list(), "From where.")
        .optional("limit", Type::Number, "A limit.")
        .optional("locked", Type::Bool, "Whether it is locked.")
        .block("credentials", Arity::Optional, BlockSchema::default())
}

fn secret() -> BlockSchema {
    named()
        .required("owner", Type::Ref(&["user"]), "Whose it is.")
        .optional("data", Type::String.map(), "What it holds.")
        .optional("extra", Type::Any, "Anything.")
        .accepts_sensitive(&["data"])
}

fn tenant() -> BlockSchema {
    BlockSchema::default()
        .optional("name", Type::String, "The slug.")
        .optional("privileges", Type::String.list(), "What is granted.")
        .ignorable(&["comment", "name"])
        .exports(&["database", "role", "user"])
}

static DATABASE: Toy = Toy { name: "database", schema: named, parts: &[] };
static ROLE: Toy = Toy { name: "role", schema: role, parts: &[] };
static USER: Toy = Toy { name: "user", schema: user, parts: &[] };
static SECRET: Toy = Toy { name: "secret", schema: secret, parts: &[] };
static TENANT: Toy = Toy {
    name: "tenant",
    schema: tenant,
    parts: &[("database", "database"), ("role", "role"), ("user", "user")],
};

pub fn kinds() -> Kinds {
    Kinds::new(vec![&DATABASE, &ROLE, &USER, &SECRET, &TENANT])
}

/// A folder in memory.
#[derive(Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.get(path).cloned();
        found.ok_or_else(|| "no such file".to_owned())
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String> {
        let prefix = match path.trim_end_matches('/') {
            "" | "." => String::new(),
            path => format!("{path}/"),
        };
        let below = self.0.keys().filter_map(|name| name.strip_prefix(&prefix));
        let entry = |name: &str| match name.split_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => name.to_owned(),
        };
        let names: BTreeSet<String> = below.map(entry).collect();
        Ok((!names.is_empty()).then(|| names.into_iter().collect()))
    }
}

/// Compiles files and an input.
pub fn run(files: &[(&str, &str)], input: &Input) -> Compiled {
    let files = files.iter();
    let files = files.map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    compile(&Memory(files.collect()), input, &kinds())
}

/// Compiles one file.
pub fn one(text: &str) -> Compiled {
    run(&[("main.hcl", text)], &Input::default())
}

/// Returns the problems as text.
pub fn problems(compiled: &Compiled) -> String {
    render(&compiled.diags, &compiled.sources, false, 100)
}

/// Returns the problems of one file as text.
pub fn told(text: &str) -> String {
    problems(&one(text))
}

/// Compiles what must have no problem.
pub fn good(text: &str) -> Compiled {
    let compiled = one(text);
    assert_eq!(problems(&compiled), "", "{text}");
    compiled
}

/// Returns an attribute of a resource as JSON.
pub fn attr(compiled: &Compiled, addr: &str, name: &str) -> String {
    let resource = &compiled.desired.resources[&Addr::parse(addr).unwrap()];
    resource.attrs[name].to_json().to_string()
}

/// Returns what a resource comes after.
pub fn after(compiled: &Compiled, addr: &str) -> Vec<String> {
    let resource = &compiled.desired.resources[&Addr::parse(addr).unwrap()];
    resource.after.iter().map(ToString::to_string).collect()
}

/// Evaluates an expression, as the comment of a database, to JSON; problems as text.
pub fn value(expr: &str) -> String {
    let text = format!(
        "locals {{\n  x = {expr}\n}}\nsecret \"s\" {{\n  owner = \"u\"\n  extra = {{ x = local.x }}\n}}\n"
    );
    let compiled = one(&text);
    if compiled.diags.has_errors() {
        return problems(&compiled);
    }
    let json = attr(&compiled, "secret.s", "extra");
    let inner = json.strip_prefix("{\"x\":").and_then(|t| t.strip_suffix('}'));
    inner.unwrap().to_owned()
}

/// Returns the problems of one file in short: a line each, with place, summary, underlined text,
/// label and help.
pub fn brief(text: &str) -> String {
    brief_of(&one(text))
}

/// Returns the problems in short.
pub fn brief_of(compiled: &Compiled) -> String {
    let mut lines = Vec::new();
    for item in compiled.diags.sorted() {
        let mut line = String::new();
        if let Some(label) = item.labels.first() {
            let place = compiled.sources.position(label.span);
            line += &format!("{}:{} ", place.line, place.column);
        }
        line += &item.summary;
        for label in &item.labels {
            let text = compiled.sources.text(label.span);
            line += &format!(" | {text}: {}", label.text);
        }
        for help in &item.help {
            line += &format!(" | help: {help}");
        }
        lines.push(line);
    }
    lines.join("\n")
}
