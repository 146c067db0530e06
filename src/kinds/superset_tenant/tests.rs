use super::*;
use crate::kinds::testing::{span, world};
use crate::model::Addr;

fn attrs_of(json: serde_json::Value) -> Attrs {
    match Value::from_json(&json) {
        Value::Map(attrs) => attrs,
        other => panic!("{other:?}"),
    }
}

fn wanted() -> Resource {
    let spec =
        Value::from_json(&json!({"organization": "acme", "supersetConfig": {"clickhouseEnabled": true}}));
    Resource::new(Addr::new("superset_tenant", "acme"), KIND, "operations/acme", span()).with("spec", spec)
}

#[test]
fn declared_fields_count_and_others_do_not() {
    world("26.9.1.1", |world| {
        let same =
            json!({"spec": {"organization": "acme", "supersetConfig": {"clickhouseEnabled": true, "x": 1}}});
        assert!(SupersetTenant.diff(&wanted(), &attrs_of(same), world).is_empty());
        let edited =
            json!({"spec": {"organization": "acme", "supersetConfig": {"clickhouseEnabled": false}}});
        let diff = SupersetTenant.diff(&wanted(), &attrs_of(edited), world);
        assert_eq!(diff.len(), 1);
        assert_eq!(diff[0].attr, "spec.supersetConfig.clickhouseEnabled");
    });
}

#[test]
fn readiness_is_told_and_unknown_is_no_drift() {
    let severity = |conditions: serde_json::Value| {
        readiness(&wanted(), &attrs_of(json!({"conditions": conditions}))).map(|finding| finding.severity)
    };
    assert_eq!(severity(json!([{"type": "Ready", "status": "True"}])), None);
    assert_eq!(severity(json!([{"type": "Ready", "status": "False"}])), Some(Severity::Drift));
    assert_eq!(severity(json!([{"type": "Ready", "status": "Unknown"}])), Some(Severity::Note));
    assert_eq!(severity(json!(null)), Some(Severity::Note));
}
