//! Stores operator tickets in D1, as the operator's command does. The service itself only reads
//! them.

use edgegate::domain::operator::{OperatorTicket, OperatorTicketHash};
use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;

use crate::conformance::operator_tickets::Add;

#[wasm_bindgen]
extern "C" {
    /// The platform's `D1Database`.
    #[derive(Clone)]
    type Database;
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &Database, sql: &str) -> Result<Statement, JsValue>;

    /// The platform's `D1PreparedStatement`.
    type Statement;
    #[wasm_bindgen(method, catch, variadic)]
    fn bind(this: &Statement, values: Array) -> Result<Statement, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn run(this: &Statement) -> Result<Promise, JsValue>;
}

const SQL: &str =
    "INSERT INTO operator_tickets (hash, scope, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)";

/// Returns a function that stores a ticket, or `None` if no database is bound.
pub(crate) fn adding(env: &Env) -> Option<Add> {
    let database = Reflect::get(env.as_ref(), &"DB".into()).ok()?;
    let database: Database = database.is_object().then(|| database.unchecked_into())?;
    Some(Box::new(move |hash, ticket| {
        let database = database.clone();
        Box::pin(async move {
            let added = add(&database, &hash, &ticket).await;
            added.map_err(|error| format!("{error:?}"))
        })
    }))
}

#[allow(clippy::cast_precision_loss, reason = "times in this millennium")]
async fn add(
    database: &Database,
    hash: &OperatorTicketHash,
    ticket: &OperatorTicket,
) -> Result<(), JsValue> {
    let values = Array::of4(
        &hash.as_str().into(),
        &ticket.scope.as_str().into(),
        &JsValue::from_f64(ticket.created_at as f64),
        &JsValue::from_f64(ticket.expires_at as f64),
    );
    let inserted = database.prepare(SQL)?.bind(values)?.run()?;
    JsFuture::from(inserted).await.map(drop)
}
