//! GET /healthz: configured, and the directory answers.

use super::Outcome;
use crate::domain::error::Error;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::ports::{Ports, UserDirectory};
use crate::service::AuthService;
use edgegate_token::json::Json;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    service.ports().users().ping().await.map_err(Error::from)?;
    Ok(Answer::json(200, &Json::object([("status", "ok".into())])))
}
