//! [`KeyValue`] on a Workers KV namespace.
//!
//! It calls the binding's own methods instead of `worker::kv`, which reads and writes values of any
//! type with serde and adds 20 KB to the Worker. Only texts are needed here.

use std::rc::Rc;

use js_sys::{Array, JSON, Map, Object, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::binding::{self, failed, member, set, settled};
use crate::adapters::kv_sessions::{KeyPage, KeyValue, Values, WriteError};
use crate::domain::error::StoreError;

/// The name of this store in error messages.
const KV: &str = "kv";

#[wasm_bindgen]
extern "C" {
    /// The platform's `KVNamespace`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Binding, keys: Array, options: Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn put(this: &Binding, key: &str, value: &str, options: Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn list(this: &Binding, options: Object) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn delete(this: &Binding, key: &str) -> Result<Promise, JsValue>;
}

/// A Workers KV namespace. Clones share the namespace.
#[derive(Clone, Debug)]
pub struct KvNamespace(Rc<Binding>);

impl KvNamespace {
    /// The namespace that is bound under this name, if there is one.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        binding::bound(env, name).map(|binding| Self(Rc::new(binding)))
    }
}

impl KeyValue for KvNamespace {
    async fn read(&self, keys: &[String], cache_ttl: Option<u64>) -> Result<Values, StoreError> {
        let names = Array::new();
        for key in keys {
            names.push(&key.as_str().into());
        }
        let options = Object::new();
        if let Some(seconds) = cache_ttl {
            set(&options, "cacheTtl", &number(seconds));
        }
        let answer = settled(KV, self.0.get(names, options)).await?;
        let mut values = Values::new();
        Map::from(answer).for_each(&mut |value, key| {
            if let (Some(key), Some(value)) = (key.as_string(), value.as_string()) {
                values.insert(key, value);
            }
        });
        Ok(values)
    }

    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
    ) -> Result<(), WriteError> {
        let options = Object::new();
        set(&options, "expirationTtl", &number(ttl));
        if let Some(metadata) = metadata {
            let metadata =
                JSON::parse(&metadata).map_err(|error| WriteError::Failed(failed(KV, &error)))?;
            set(&options, "metadata", &metadata);
        }
        match settled(KV, self.0.put(key, value, options)).await {
            Ok(_) => Ok(()),
            // Only the text of the error contains the status: "KV PUT failed: 429 Too Many
            // Requests".
            Err(error) if error.detail.contains("429") => Err(WriteError::Refused),
            Err(error) => Err(WriteError::Failed(error)),
        }
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, StoreError> {
        let options = Object::new();
        set(&options, "prefix", &prefix.into());
        if let Some(cursor) = cursor {
            set(&options, "cursor", &cursor.into());
        }
        let answer = settled(KV, self.0.list(options)).await?;
        let mut page = KeyPage {
            keys: Vec::new(),
            cursor: member(&answer, "cursor").as_string(),
        };
        if member(&answer, "list_complete").is_truthy() {
            page.cursor = None;
        }
        for key in Array::from(&member(&answer, "keys")) {
            let name = member(&key, "name").as_string().unwrap_or_default();
            // A key without metadata has no member `metadata`, and `undefined` is not JSON.
            let metadata = Some(member(&key, "metadata"))
                .filter(JsValue::is_object)
                .and_then(|metadata| JSON::stringify(&metadata).ok())
                .map(String::from);
            page.keys.push((name, metadata));
        }
        Ok(page)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        settled(KV, self.0.delete(key)).await.map(drop)
    }
}

#[allow(clippy::cast_precision_loss, reason = "seconds, far below 2^53")]
fn number(seconds: u64) -> JsValue {
    JsValue::from_f64(seconds as f64)
}
