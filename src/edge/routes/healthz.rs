//! GET /healthz: configured, and the directory answers.

use super::Outcome;
use crate::domain::error::Error;
use crate::domain::json::Json;
use crate::edge::answer::Answer;
use crate::ports::{Ports, UserDirectory};
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>) -> Outcome {
    service.ports().users().ping().await.map_err(Error::from)?;
    Ok(Answer::json(200, &Json::object([("status", "ok".into())])))
}
