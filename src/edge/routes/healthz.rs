//! GET /healthz: configured, and the directory answers.

use serde_json::json;

use super::Outcome;
use crate::domain::error::Error;
use crate::edge::answer::Answer;
use crate::ports::{Ports, UserDirectory};
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>) -> Outcome {
    service.ports().users().ping().await.map_err(Error::from)?;
    Ok(Answer::json(200, &json!({ "status": "ok" })))
}
