//! Tests of the folder of manifests.

use std::collections::BTreeMap;

use super::*;
use crate::model::{Secret, Value};

fn folder() -> (tempfile::TempDir, Manifests) {
    let base = tempfile::tempdir().expect("a folder");
    let manifests = Manifests::new(base.path(), "out/manifests");
    (base, manifests)
}

fn secret(mode: KubeWrite, data: &[(&str, &str)]) -> ObjectWrite {
    let data = data.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value)));
    ObjectWrite {
        api: Api::secrets(),
        namespace: "operations".into(),
        name: "bi".into(),
        manager: "charter".into(),
        object: serde_json::json!({
            "metadata": { "labels": { "app": "bi", "port": "8123" } }, "type": "Opaque",
        }),
        data: data.collect::<BTreeMap<_, _>>(),
        mode,
        prune: Vec::new(),
    }
}

fn apply(resource_version: Option<String>) -> KubeWrite {
    KubeWrite::Apply { force: false, resource_version }
}

fn listed(manifests: &Manifests) -> Vec<Value> {
    match manifests.list(&Api::secrets(), "operations") {
        Ok(Listing::Objects(objects)) => objects,
        other => panic!("{other:?}"),
    }
}

fn text(manifests: &Manifests) -> String {
    let path = manifests.folder().join("operations/secret-bi.yaml");
    fs::read_to_string(path).expect("a file")
}

#[test]
fn what_is_created_is_a_plain_manifest() {
    let (_base, manifests) = folder();
    manifests.write(&secret(KubeWrite::Create, &[("password", "hunter5"), ("n", "1")])).expect("written");
    insta::assert_snapshot!(text(&manifests), @r#"
    apiVersion: v1
    data:
      "n": MQ==
      password: aHVudGVyNQ==
    kind: Secret
    metadata:
      labels:
        app: bi
        port: "8123"
      name: bi
      namespace: operations
    type: Opaque
    "#);
    let error = manifests.write(&secret(KubeWrite::Create, &[])).expect_err("it is there");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.ends_with("exists already"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_base, manifests) = folder();
    manifests.write(&secret(KubeWrite::Create, &[("password", "hunter5")])).expect("written");
    let mode = |path: &str| {
        let path = manifests.folder().join(path);
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    };
    assert_eq!(mode("operations/secret-bi.yaml"), 0o600);
    assert_eq!(mode("operations"), 0o700);
    assert_eq!(mode("."), 0o700);
    let names = fs::read_dir(manifests.folder().join("operations")).expect("read");
    assert_eq!(names.count(), 1, "no temporary file is left");
}

#[test]
fn apply_merges_prunes_and_keeps_the_rest() {
    let (_base, manifests) = folder();
    manifests.write(&secret(apply(None), &[("password", "hunter5"), ("host", "h")])).expect("written");
    let mut change = secret(apply(None), &[("host", "other")]);
    change.object = serde_json::json!({ "metadata": { "labels": { "app": "new" } } });
    change.prune = vec!["/metadata/labels/port".into(), "/data/none".into()];
    manifests.write(&change).expect("written");
    let found = manifests.secret("operations", "bi").expect("read").expect("there");
    assert_eq!(found["metadata"]["labels"], serde_json::json!({ "app": "new" }));
    assert_eq!(found["type"], "Opaque");
    let key = |key| object::decoded_key(&found, key).expect("decoded");
    assert_eq!(key("password"), Some(Secret::new("hunter5")));
    assert_eq!(key("host"), Some(Secret::new("other")));
}

#[test]
fn a_version_that_moved_is_refused() {
    let (_base, manifests) = folder();
    manifests.write(&secret(KubeWrite::Create, &[("password", "hunter5")])).expect("written");
    let seen = listed(&manifests)[0]
        .get("metadata")
        .and_then(|metadata| metadata.get("resourceVersion"))
        .and_then(Value::as_str)
        .map(str::to_owned);
    assert!(seen.is_some());
    manifests.write(&secret(apply(seen.clone()), &[("password", "hunter6")])).expect("the version fits");
    let error =
        manifests.write(&secret(apply(seen), &[("password", "hunter7")])).expect_err("the version moved");
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(!text(&manifests).contains("resourceVersion"));
}

#[test]
fn a_list_hides_values_and_reads_what_people_write() {
    let (_base, manifests) = folder();
    fs::create_dir_all(manifests.folder().join("operations")).expect("made");
    fs::write(
        manifests.folder().join("operations/by-hand.yml"),
        "# by hand\napiVersion: v1\nkind: Secret\nmetadata: {name: bi}\nstringData: {password: hunter5}\n",
    )
    .expect("written");
    let found = listed(&manifests);
    assert!(!found[0].to_json().to_string().contains("hunter5"));
    let encoded = found[0].get("data").and_then(|data| data.get("password"));
    assert_eq!(encoded, Some(&Value::Secret(Secret::new("aHVudGVyNQ=="))));
}

#[test]
fn a_broken_file_is_named_and_not_quoted() {
    let (_base, manifests) = folder();
    fs::create_dir_all(manifests.folder().join("operations")).expect("made");
    let path = manifests.folder().join("operations/secret-bi.yaml");
    for broken in ["data: {password: 'hunter5\n", "hunter5", "a: 1\n---\nb: hunter5\n", "- hunter5"] {
        fs::write(&path, broken).expect("written");
        let error = manifests.list(&Api::secrets(), "operations").expect_err("broken");
        assert!(error.message.contains("secret-bi.yaml"), "{error}");
        assert!(!error.message.contains("hunter5"), "{error}");
    }
}

#[test]
fn hostile_names_stay_in_the_folder() {
    let (_base, manifests) = folder();
    for (namespace, name) in [("..", "x"), ("a/b", "x"), ("ns", "../x"), ("ns", ""), ("", "x"), ("ns", ".x")]
    {
        let mut write = secret(KubeWrite::Create, &[]);
        (write.namespace, write.name) = (namespace.into(), name.into());
        assert!(manifests.write(&write).is_err(), "{namespace:?} {name:?}");
    }
    assert!(!manifests.folder().exists());
}

#[test]
fn deleting_twice_is_no_error() {
    let (_base, manifests) = folder();
    manifests.write(&secret(KubeWrite::Create, &[])).expect("written");
    let delete =
        KubeDelete { api: Api::secrets(), namespace: "operations".into(), name: "bi".into(), uid: None };
    assert_eq!(manifests.delete(&delete), Ok(()));
    assert_eq!(manifests.delete(&delete), Ok(()));
    assert!(listed(&manifests).is_empty());
}

#[test]
fn the_name_of_the_folder_has_no_detours() {
    for (path, uid) in [
        ("./out/./manifests/", "manifests:out/manifests"),
        ("a/../out", "manifests:out"),
        ("../out", "manifests:../out"),
        ("/var/out", "manifests:/var/out"),
    ] {
        assert_eq!(Manifests::new(Path::new("/x"), path).uid(), uid);
    }
}

#[test]
fn git_tracks_what_it_does_not_ignore() {
    let base = tempfile::tempdir().expect("a folder");
    let init = Command::new("git").args(["init", "--quiet"]).arg(base.path()).status();
    if !init.is_ok_and(|status| status.success()) {
        return;
    }
    fs::write(base.path().join(".gitignore"), "out/\n").expect("written");
    assert!(!tracked_by_git(&base.path().join("out")));
    assert!(!tracked_by_git(&base.path().join("out/manifests")));
    assert!(tracked_by_git(&base.path().join("manifests")));
}
