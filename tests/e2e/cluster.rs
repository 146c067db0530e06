//! The Kubernetes API as a person uses it: what kubectl would do, by the kube crate.

use std::path::Path;

use kube::api::{Api, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use serde_json::{Value, json};

/// A client of the cluster, for one namespace.
pub struct Cluster {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// The namespace.
    pub namespace: String,
}

impl Cluster {
    /// Connects and makes the namespace.
    pub fn new(kubeconfig: &Path, namespace: &str) -> Self {
        let cluster = Self::connect(kubeconfig, namespace);
        let meta = ObjectMeta { name: Some(namespace.to_owned()), ..ObjectMeta::default() };
        let object = k8s_openapi::api::core::v1::Namespace { metadata: meta, ..Default::default() };
        let api: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(cluster.client.clone());
        cluster.runtime.block_on(api.create(&PostParams::default(), &object)).unwrap();
        cluster
    }

    /// Connects to a namespace that is there.
    pub fn connect(kubeconfig: &Path, namespace: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
            let config =
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
            Client::try_from(config).unwrap()
        });
        Self { runtime, client, namespace: namespace.to_owned() }
    }

    fn api(&self, kind: &str) -> Api<DynamicObject> {
        let (group, version, plural) = match kind {
            "Secret" => ("", "v1", "secrets"),
            "SupersetTenant" => ("superset.charter.dev", "v1alpha1", "supersettenants"),
            other => panic!("{other}"),
        };
        let gvk = GroupVersionKind::gvk(group, version, kind);
        Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &ApiResource::from_gvk_with_plural(&gvk, plural),
        )
    }

    /// Returns an object, if it is there.
    pub fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self.runtime.block_on(self.api(kind).get_opt(name)).unwrap();
        object.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Merges a patch into an object, as `kubectl edit` does.
    pub fn edit(&self, kind: &str, name: &str, patch: &Value) {
        let params = PatchParams { field_manager: Some("kubectl-edit".into()), ..PatchParams::default() };
        self.runtime.block_on(self.api(kind).patch(name, &params, &Patch::Merge(patch))).unwrap();
    }

    /// Sets an object's status, as its controller does.
    pub fn set_status(&self, kind: &str, name: &str, status: &Value) {
        let patch = json!({"status": status});
        let params = PatchParams::default();
        self.runtime.block_on(self.api(kind).patch_status(name, &params, &Patch::Merge(patch))).unwrap();
    }

    /// Deletes an object.
    pub fn delete(&self, kind: &str, name: &str) {
        let result = self.runtime.block_on(self.api(kind).delete(name, &DeleteParams::default()));
        assert!(result.unwrap().is_right());
    }

    /// Creates an object.
    pub fn create(&self, kind: &str, object: &Value) {
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        self.runtime.block_on(self.api(kind).create(&PostParams::default(), &object)).unwrap();
    }

    /// Returns what a key of a Secret holds.
    pub fn secret_key(&self, name: &str, key: &str) -> String {
        use base64::Engine as _;
        let secret = self.get("Secret", name).unwrap_or_else(|| panic!("no Secret {name}"));
        let encoded = secret["data"][key].as_str().unwrap_or_else(|| panic!("no key {key}")).to_owned();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()).unwrap()
    }
}
