//! Events counted in Workers Analytics Engine, when a dataset is bound as `EVENTS`.

use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset, Env};

use crate::domain::event::Event;
use crate::ports::Events;

/// The dataset `EVENTS`. Without the binding nothing is counted; the log has every event all the same.
#[derive(Debug)]
pub struct AnalyticsEvents(Option<AnalyticsEngineDataset>);

impl AnalyticsEvents {
    /// From the binding, if there is one.
    #[must_use]
    pub fn new(env: &Env) -> Self {
        Self(env.analytics_engine("EVENTS").ok())
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
        let point = AnalyticsEngineDataPointBuilder::new()
            .indexes([verdict.reason()].as_slice())
            .blobs(vec![
                "renewal".to_owned(),
                verdict.reason().to_owned(),
                session.to_string(),
                user.to_string(),
            ])
            .doubles([1.0])
            .build();
        if dataset.write_data_point(&point).is_err() {
            worker::console_warn!("{{\"level\":\"warn\",\"event\":\"analytics\"}}");
        }
    }
}
