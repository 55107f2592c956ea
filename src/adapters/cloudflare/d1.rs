//! A D1 database and its rows. Calls the binding's own methods: `worker::d1` reads rows with serde,
//! which adds 6 KB to the Worker.

use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::binding::{self, failed, member, settled, whole};
use super::migrations;
use crate::domain::error::StoreError;

/// The name of this store in error messages.
const D1: &str = "d1";

#[wasm_bindgen]
extern "C" {
    /// `D1Database`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &Binding, sql: &str) -> Result<Statement, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn batch(this: &Binding, statements: Array) -> Result<Promise, JsValue>;

    /// `D1PreparedStatement`.
    type Statement;
    #[wasm_bindgen(method, catch, variadic)]
    fn bind(this: &Statement, values: Array) -> Result<Statement, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn first(this: &Statement) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn all(this: &Statement) -> Result<Promise, JsValue>;
}

/// A D1 database. Clones share it.
#[derive(Clone, Debug)]
pub struct Database(Rc<Binding>);

impl Database {
    /// The database that is bound under this name, if there is one.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        binding::bound(env, name).map(|binding| Self(Rc::new(binding)))
    }

    /// The first row of a statement's result.
    pub(super) async fn first(
        &self,
        sql: &str,
        values: Vec<JsValue>,
    ) -> Result<Option<Row>, StoreError> {
        let statement = self.statement(sql, values)?;
        let row = answered(statement.first()).await?;
        Ok(row.is_object().then_some(Row(row)))
    }

    /// All rows of a statement's result.
    pub(super) async fn all(
        &self,
        sql: &str,
        values: Vec<JsValue>,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql, values)?;
        let answer = answered(statement.all()).await?;
        let rows = Array::from(&member(&answer, "results"));
        Ok(rows.iter().map(Row).collect())
    }

    /// Runs statements in one transaction: all of them take effect, or none. Returns the rows of
    /// each.
    pub(super) async fn batch(
        &self,
        statements: Vec<(&str, Vec<JsValue>)>,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let prepared = Array::new();
        for (sql, values) in statements {
            prepared.push(&self.statement(sql, values)?.into());
        }
        let answers = Array::from(&answered(self.0.batch(prepared)).await?);
        let rows = |answer: JsValue| Array::from(&member(&answer, "results"));
        Ok(answers
            .iter()
            .map(|answer| rows(answer).iter().map(Row).collect())
            .collect())
    }

    fn statement(&self, sql: &str, values: Vec<JsValue>) -> Result<Statement, StoreError> {
        self.0
            .prepare(sql)
            .and_then(|statement| statement.bind(values.into_iter().collect()))
            .map_err(|error| explained(failed(D1, &error)))
    }
}

/// The result of a call of the binding.
async fn answered(promise: Result<Promise, JsValue>) -> Result<JsValue, StoreError> {
    settled(D1, promise).await.map_err(explained)
}

/// The error, with a remedy if a migration is missing.
fn explained(error: StoreError) -> StoreError {
    StoreError {
        detail: migrations::explained(&error.detail).into_owned(),
        ..error
    }
}

/// A row. A stored value is data, and is checked like any other.
pub(super) struct Row(JsValue);

impl Row {
    /// A column's value. `None` for SQL's null.
    fn value(&self, column: &str) -> Option<JsValue> {
        Some(member(&self.0, column)).filter(|value| !value.is_null() && !value.is_undefined())
    }

    pub(super) fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.value(column)
            .map(|value| value.as_string().ok_or_else(|| malformed(column)))
            .transpose()
    }

    pub(super) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.optional_text(column)?.ok_or_else(|| malformed(column))
    }

    pub(super) fn optional_number(&self, column: &str) -> Result<Option<u64>, StoreError> {
        self.value(column)
            .map(|value| {
                value
                    .as_f64()
                    .and_then(whole)
                    .ok_or_else(|| malformed(column))
            })
            .transpose()
    }

    pub(super) fn number(&self, column: &str) -> Result<u64, StoreError> {
        self.optional_number(column)?
            .ok_or_else(|| malformed(column))
    }
}

pub(super) fn text(value: &str) -> JsValue {
    JsValue::from_str(value)
}

/// D1 takes JavaScript numbers. Counters and times stay far below 2^53.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
pub(super) fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

pub(super) fn optional(value: Option<JsValue>) -> JsValue {
    value.unwrap_or(JsValue::NULL)
}

pub(super) fn malformed(column: &str) -> StoreError {
    StoreError::new(D1, ["a row with a malformed ", column].concat())
}
