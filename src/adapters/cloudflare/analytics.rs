//! Events counted in Workers Analytics Engine, when a dataset is bound as `EVENTS`.

use js_sys::{Array, Object, Reflect};
use worker::Env;
use worker::wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen};

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

/// The dataset `EVENTS`. Without the binding nothing is counted; the log has every event all the same.
#[derive(Debug)]
pub struct AnalyticsEvents(Option<Dataset>);

impl AnalyticsEvents {
    /// From the binding, if there is one.
    #[must_use]
    pub fn new(env: &Env) -> Self {
        let binding = Reflect::get(env.as_ref(), &"EVENTS".into()).ok();
        Self(
            binding
                .filter(JsValue::is_object)
                .map(JsCast::unchecked_into),
        )
    }
}

impl Events for AnalyticsEvents {
    fn record(&self, event: &Event) {
        let Some(dataset) = &self.0 else { return };
        let Event::Renewal {
            user,
            session,
            verdict,
        } = event;
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
            // Setting a member of a plain object does not fail.
            let _ = Reflect::set(&point, &name.into(), &values);
        }
        if dataset.write_data_point(&point).is_err() {
            worker::console_warn!("{{\"level\":\"warn\",\"event\":\"analytics_failed\"}}");
        }
    }
}
