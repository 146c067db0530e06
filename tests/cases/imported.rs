//! What `charter import` writes of what the servers of a case hold, where the case has an `imported.txt`:
//! the declarations, what is left alone, and what a plan of both would change, which is nothing as a rule.

use std::fmt::Write as _;
use std::path::Path;

use charter::config::load::{Disk, With, load_with};
use charter::import::pattern::Pattern;
use charter::import::{self, hcl, prove};
use charter::kinds::Kinds;
use charter::model::snapshot::LoginVerdict;
use charter::model::{Rotation, Snapshot};
use charter::plan::{self, Request};

use crate::{cases, compile, observed};

/// Writes what is there, and plans it together with the configuration.
fn imported(folder: &Path, patterns: &[Pattern]) -> String {
    let kinds = Kinds::all();
    let (compiled, settings) = compile(folder, &kinds);
    let (mut snapshot, registry) = observed::read(folder, &settings, &compiled.desired);
    let rotation = Rotation::default();
    let files = Disk::new(folder);
    let found = {
        let request = Request {
            kinds: &kinds,
            settings: &settings,
            desired: &compiled.desired,
            snapshot: &snapshot,
            registry: &registry,
            targets: &[],
            rotation: &rotation,
        };
        let found = import::find(&kinds, &request.world(), &files, patterns);
        let written = import::write(&kinds, &request.world(), &files, &found.groups);
        (found, written)
    };
    let (found, written) = found;
    let mut text = hcl::write(&written.blocks);
    let with = With::new(folder, "imported.hcl", text.clone());
    let both = load_with(&with, Vec::new(), Vec::new(), &kinds);
    let problems: Vec<_> =
        both.diags.iter().map(|item| format!("{}: {}", item.summary, item.detail)).collect();
    assert!(!both.diags.has_errors(), "{}: {problems:#?}\n{text}", folder.display());
    works(&mut snapshot, &both.desired);
    let plan = plan::build(&Request {
        kinds: &kinds,
        settings: &settings,
        desired: &both.desired,
        snapshot: &snapshot,
        registry: &registry,
        targets: &[],
        rotation: &rotation,
    });
    let proof = prove::judge(&written, &plan, &prove::logins(&snapshot));
    text.push_str("----\n");
    for left in &found.left {
        let _ = writeln!(text, "left: {} {}: {}", left.kind, left.name, left.why);
    }
    for (what, why) in &found.missing {
        let _ = writeln!(text, "missing: {what}: {why}");
    }
    let _ =
        writeln!(text, "others: {}; adopted: {}; recorded: {}", found.others, proof.adopted, proof.recorded);
    for problem in &proof.problems {
        let _ = writeln!(text, "would change: {} {}", problem.addr, problem.what);
        problem.details.iter().for_each(|line| _ = writeln!(text, "  {line}"));
    }
    text
}

/// Every password that a Secret keeps logs in.
fn works(snapshot: &mut Snapshot, desired: &charter::model::resource::Desired) {
    let users = desired.resources.values().filter(|resource| resource.kind == "user");
    let proved = users.map(|user| (user.addr.clone(), LoginVerdict::Works));
    snapshot.logins.extend(proved.collect::<Vec<_>>());
}

#[test]
fn what_is_there_is_written_as_expected() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, folder) in cases() {
        let path = folder.join("imported.txt");
        let Ok(expected) = std::fs::read_to_string(&path) else { continue };
        count += 1;
        let text = imported(&folder, &[]);
        if std::env::var_os("CHARTER_TEST_UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        } else if expected != text {
            wrong.push(format!("{name}: expected\n{expected}\n… but it is\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 4, "{count} cases");
}

#[test]
fn patterns_choose_what_is_written() {
    let folder = crate::root().join("written_tenants");
    let of = |patterns: &[&str]| {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        imported(&folder, &patterns)
    };
    let one = of(&["tenant.acme"]);
    assert!(one.starts_with("tenant \"acme\" {}\n----\n"), "{one}");
    let part = of(&["database.tenant_acme"]);
    assert!(part.contains("missing: database.tenant_acme: it is written as a part of tenant.acme"), "{part}");
    let nothing = of(&["role.nobody"]);
    assert!(nothing.contains("missing: role.nobody: nothing of this name"), "{nothing}");
}
