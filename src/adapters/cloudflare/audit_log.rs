//! Writes events to the console, where Workers Logs keeps them. When a dataset is bound as
//! `EVENTS`, Workers Analytics Engine gets them too.

use std::rc::Rc;

use js_sys::{Array, Date, Object};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::binding::{bound, set};
use super::console;
use crate::domain::event::Event;
use crate::domain::log_line::Trouble;
use crate::domain::mail::MailLine;
use crate::ports::Events;

#[wasm_bindgen]
extern "C" {
    /// The platform's `AnalyticsEngineDataset`.
    #[derive(Debug)]
    type Dataset;
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &Object) -> Result<(), JsValue>;
}

/// Records the events of one request or call.
#[derive(Clone, Debug)]
pub struct AuditLog {
    dataset: Option<Rc<Dataset>>,
    request_id: String,
}

impl AuditLog {
    /// Looks up the dataset `EVENTS`. Without it, events are written to the console alone.
    #[must_use]
    pub fn find(env: &Env) -> Self {
        Self {
            dataset: bound(env, "EVENTS").map(Rc::new),
            request_id: String::new(),
        }
    }

    /// The same log for the request or call with this id. The id is empty for events that no
    /// request caused.
    #[must_use]
    pub fn for_request(&self, request_id: &str) -> Self {
        Self {
            dataset: self.dataset.clone(),
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
        let Some(dataset) = &self.dataset else {
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
            console::log_trouble(Trouble::AnalyticsFailed, "");
        }
    }

    fn mail(&self, line: &MailLine) {
        console::log(line.level(), &line.to_json());
    }
}
