//! GET /healthz: checks that the configuration is valid, and that the database answers and has all
//! migrations.

use super::Outcome;
use crate::domain::error::Error;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::ports::{Ports, UserDirectory};
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    service.ports().users().ping().await.map_err(Error::from)?;
    Ok(Answer::json_text(200, r#"{"status":"ok"}"#))
}
