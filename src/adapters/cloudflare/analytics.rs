//! Events counted in Workers Analytics Engine, when a dataset is bound as `EVENTS`.

use js_sys::{Array, Object};
use worker::Env;
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

use super::binding::{bound, set};
use crate::domain::event::Event;
use crate::domain::json::quoted;
use crate::ports::Events;

#[wasm_bindgen]
extern "C" {
    /// `AnalyticsEngineDataset`.
    #[derive(Debug)]
    type Dataset;
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &Object) -> Result<(), JsValue>;
}

/// The dataset `EVENTS`. Without the binding nothing is counted; the log has every event all the same.
#[derive(Debug)]
pub struct AnalyticsEvents(Option<Dataset>);

impl AnalyticsEvents {
    /// From the binding, if there is one.
    #[must_use]
    pub fn new(env: &Env) -> Self {
        Self(bound(env, "EVENTS"))
    }
}

impl Events for AnalyticsEvents {
    fn record(&self, event: &Event) {
        let (user, session, verdict) = match event {
            Event::Renewal {
                user,
                session,
                verdict,
            } => (user, session, verdict),
            Event::MailNotQueued { mail, reason } => {
                let reason = quoted(reason);
                worker::console_error!(
                    r#"{{"level":"error","event":"mail_not_queued","mail":"{mail}","reason":{reason}}}"#
                );
                return;
            }
        };
        let Some(dataset) = &self.0 else { return };
        let verdict = verdict.reason();
        let point = Object::new();
        for (name, values) in [
            ("indexes", Array::of1(&verdict.into())),
            (
                "blobs",
                Array::of4(
                    &"renewal".into(),
                    &verdict.into(),
                    &session.to_string().into(),
                    &user.to_string().into(),
                ),
            ),
            ("doubles", Array::of1(&1.into())),
        ] {
            set(&point, name, &values);
        }
        if dataset.write_data_point(&point).is_err() {
            worker::console_warn!("{{\"level\":\"warn\",\"event\":\"analytics_failed\"}}");
        }
    }
}
