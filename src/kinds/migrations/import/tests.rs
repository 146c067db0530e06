use std::collections::BTreeMap;

use serde_json::json;

use super::verify::{Verdict, written_like};
use super::*;
use crate::kinds::common::import_ledger::Tool;
use crate::kinds::testing::span;
use crate::migrate::legacy;
use crate::model::Addr;
use crate::model::snapshot::Caps;

/// Returns a file of a tenant; its content is its version.
fn file(folder: &str, version: u64) -> Resource {
    let name = format!("V{version:03}__create_t{version}.sql");
    let hashes = legacy::all(version.to_string().as_bytes());
    let hashes = hashes.into_iter().map(|(name, hash)| (name.to_owned(), Value::from(hash))).collect();
    let addr = Addr::new("tenant", "acme").keyed_part("migration", &format!("{folder}/{name}"));
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let version_value = Value::Number(version as f64);
    Resource::new(addr, KIND, format!("acme|{folder}|{version}"), span())
        .with("tenant", "acme")
        .with("folder", folder)
        .with("version", version_value)
        .with("file", name.as_str())
        .with("hashes", Value::Map(hashes))
}

fn files<'a>(all: &'a [Resource]) -> Files<'a> {
    let mut by_group: BTreeMap<Group, BTreeMap<u64, Vec<&'a Resource>>> = BTreeMap::new();
    for file in all {
        let version = super::super::number(&file.attrs, "version");
        by_group.entry(group()).or_default().entry(version).or_default().push(file);
    }
    Files { by_group }
}

fn group() -> Group {
    Group::Tenant("acme".into())
}

fn row(version: u64, checksum: &str) -> Row {
    Row {
        runner: today::RUNNER.into(),
        table: "ops.schema_migrations_tenant".into(),
        group: group(),
        version: Some(version),
        written: Written { checksum: checksum.into(), ..Written::default() },
        state: State::Applied,
        seconds: 1,
        verify: true,
    }
}

fn md5(text: &str) -> String {
    legacy::all(text.as_bytes())[0].1.clone()
}

fn verdicts(rows: &[Row], all: &[Resource]) -> Vec<Verdict> {
    let files = files(all);
    let verifier = Verifier::new(rows, &files);
    let judge = |row: &Row| {
        let meant = files.of_row(row);
        verifier.verdict(row, meant[0], meant.len())
    };
    rows.iter().map(judge).collect()
}

#[test]
fn one_checksum_that_fits_tells_the_algorithm_of_a_table() {
    let all = [file("schema", 1), file("schema", 2), file("schema", 3)];
    let rows = [row(1, &md5("1").to_uppercase()), row(2, &md5("other")), row(3, "not one")];
    assert_eq!(verdicts(&rows, &all), [Verdict::Proved("md5"), Verdict::Edited("md5"), Verdict::Word]);
    let unknown = [row(1, &md5("a")), row(2, &md5("b"))];
    assert_eq!(verdicts(&unknown, &all), [Verdict::Word; 2], "of an algorithm that fits no file");
    let mut trusted = row(2, &md5("other"));
    trusted.verify = false;
    assert_eq!(verdicts(&[row(1, &md5("1")), trusted], &all)[1], Verdict::Word);
}

#[test]
fn runners_whose_algorithm_is_known_need_no_file_that_fits() {
    let all = [file("schema", 1)];
    let of = |tool: Tool| Row { runner: tool.name().into(), ..row(1, &md5("other")) };
    assert_eq!(verdicts(&[of(Tool::Npm)], &all), [Verdict::Edited("md5")]);
    assert_eq!(verdicts(&[of(Tool::Pypi)], &all), [Verdict::Edited("md5")]);
    assert_eq!(verdicts(&[of(Tool::Goose)], &all), [Verdict::Word]);
}

#[test]
fn crc32_is_known_in_hexadecimal_and_as_a_number_with_and_without_sign() {
    let all = [file("schema", 1), file("schema", 2)];
    let crc = legacy::all(b"1")[3].1.clone();
    let number = u32::from_str_radix(&crc, 16).unwrap();
    for checksum in [crc.clone(), number.to_string(), number.cast_signed().to_string()] {
        assert_eq!(verdicts(&[row(1, &checksum)], &all), [Verdict::Proved("crc32")], "{checksum}");
        let second = legacy::all(b"2")[3].1.clone();
        let written = written_like(&checksum, "crc32", &all[1]).unwrap();
        assert_eq!(verdicts(&[row(2, &written)], &all), [Verdict::Proved("crc32")], "{written} of {second}");
    }
}

#[test]
fn checksums_are_written_as_the_other_program_writes_them() {
    let two = file("schema", 2);
    assert_eq!(written_like(&md5("1"), "md5", &two).unwrap(), md5("2"));
    assert_eq!(written_like(&md5("1").to_uppercase(), "md5", &two).unwrap(), md5("2").to_uppercase());
    assert_eq!(written_like(&format!("md5:{}", md5("1")), "md5", &two).unwrap(), format!("md5:{}", md5("2")));
}

#[test]
fn a_row_of_several_folders_is_told_apart_by_name_or_folder() {
    let mut all = [file("bootstrap", 1), file("schema", 1)];
    all[1].attrs.insert("file".into(), "V1__events.sql".into());
    let files = files(&all);
    let meant = |name: &str, folder: &str| -> Vec<String> {
        let mut row = row(1, "");
        row.written.name = name.into();
        row.written.folder = folder.into();
        files.of_row(&row).iter().map(|file| file.text("folder").to_owned()).collect()
    };
    assert_eq!(meant("", ""), ["bootstrap", "schema"]);
    assert_eq!(meant("events", ""), ["schema"]);
    assert_eq!(meant("", "bootstrap"), ["bootstrap"]);
    assert_eq!(verdicts(&[row(1, "")], &all), [Verdict::Ambiguous]);
}

fn imported(database: &str, tool: Tool) -> Resource {
    let import = [("from", tool.name()), ("database", database), ("table", tool.table())];
    let import = import.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    file("schema", 1).with(IMPORT, Value::Map(import))
}

#[test]
fn tables_of_many_tenants_are_one_read() {
    let all: Vec<Resource> =
        (0..1000).map(|number| imported(&format!("tenant_{number}"), Tool::GolangMigrate)).collect();
    let wanted: Vec<&Resource> = all.iter().collect();
    let mut caps = Caps::default();
    assert_eq!(reads(&wanted, &caps), [], "no table is there");
    for number in 0..1000 {
        let columns = ["version", "dirty", "sequence"].map(str::to_owned).into();
        caps.columns.insert(format!("tenant_{number}.schema_migrations"), columns);
    }
    let [Read::Sql { statement, .. }] = &reads(&wanted, &caps)[..] else { panic!("one read") };
    assert!(statement.len() < 50_000, "{}", statement.len());
    assert!(statement.contains("merge(REGEXP('^(tenant_0|tenant_1|"), "{}", &statement[..400]);
    assert_eq!(looks_up(&wanted).len(), 1000);
}

#[test]
fn hostile_names_stay_in_their_quotes() {
    let all = [imported("a'b.*", Tool::Goose), imported("c|d", Tool::Goose), imported("e`f", Tool::Npm)];
    let wanted: Vec<&Resource> = all.iter().collect();
    let mut caps = Caps::default();
    for (name, tool) in [("a'b.*", Tool::Goose), ("c|d", Tool::Goose), ("e`f", Tool::Npm)] {
        let columns = tool.columns().iter().map(|column| (*column).to_owned()).collect();
        caps.columns.insert(format!("{name}.{}", tool.table()), columns);
    }
    let [Read::Sql { statement, .. }] = &reads(&wanted, &caps)[..] else { panic!("one read") };
    assert!(
        statement.contains(r"merge(REGEXP('^(a\'b\\.\\*|c\\|d)$'), '^goose_db_version$')"),
        "{statement}"
    );
    assert!(statement.contains(r"FROM `e\`f`.`_migrations` AS m"), "{statement}");
}

#[test]
fn golang_migrate_has_one_version_for_all_files_up_to_it() {
    let all = [file("schema", 1), file("schema", 2), file("schema", 3)];
    let files = files(&all);
    let states = |version: &str, dirty: &str| -> Vec<(Option<u64>, State)> {
        let found = json!({"version": version, "state": dirty, "seconds": "7"});
        let import = all[0].attrs.get(IMPORT).cloned().unwrap_or(Value::Null);
        let rows = tools::rows_of(
            found.as_object().unwrap(),
            Tool::GolangMigrate,
            &import,
            String::new(),
            &Files { by_group: [(Group::Table(String::new()), files.by_group[&group()].clone())].into() },
        );
        rows.iter().map(|row| (row.version, row.state)).collect()
    };
    assert_eq!(states("2", "0"), [(Some(1), State::Applied), (Some(2), State::Applied)]);
    assert_eq!(states("2", "1"), [(Some(1), State::Applied), (Some(2), State::Failed)]);
    assert_eq!(states("-1", "0"), [], "all was taken back");
}
