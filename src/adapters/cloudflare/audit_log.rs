//! Events on the console, where Workers Logs keeps them, and in Workers Analytics Engine when a dataset is bound as `EVENTS`.

use std::rc::Rc;

use js_sys::{Array, Date, Object};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::binding::{bound, set};
use super::console;
use crate::domain::event::Event;
use crate::ports::Events;

#[wasm_bindgen]
extern "C" {
    /// `AnalyticsEngineDataset`.
    #[derive(Debug)]
    type Dataset;
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &Object) -> Result<(), JsValue>;
}

/// The dataset `EVENTS`, if it is bound. A clone is the same one.
#[derive(Clone, Debug)]
pub struct EventsDataset(Option<Rc<Dataset>>);

impl EventsDataset {
    /// Looks for it.
    #[must_use]
    pub fn find(env: &Env) -> Self {
        Self(bound(env, "EVENTS").map(Rc::new))
    }
}

/// The events of one request or call.
#[derive(Debug)]
pub struct AuditLog {
    dataset: EventsDataset,
    request_id: String,
}

impl AuditLog {
    /// With the dataset, if there is one; without it, on the console alone. The id is empty for what no request leads to.
    #[must_use]
    pub fn new(dataset: EventsDataset, request_id: &str) -> Self {
        Self {
            dataset,
            request_id: request_id.to_owned(),
        }
    }
}

impl Events for AuditLog {
    fn record(&self, event: &Event) {
        if event.has_line() {
            let time = String::from(Date::new_0().to_iso_string());
            let line = event.to_json(&time, &self.request_id);
            console::log(event.level(), &line);
        }
        let Some(dataset) = &self.dataset.0 else {
            return;
        };
        let blobs = Array::new();
        for value in event.values(&self.request_id) {
            blobs.push(&value.into());
        }
        let point = Object::new();
        set(&point, "indexes", &Array::of1(&event.name().into()));
        set(&point, "blobs", &blobs);
        if dataset.write_data_point(&point).is_err() {
            console::log("warn", r#"{"level":"warn","event":"analytics_failed"}"#);
        }
    }
}
