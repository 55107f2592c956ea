//! A D1 database and its rows. It calls the binding's own methods instead of `worker::d1`, which
//! reads rows with serde and adds 6 KB to the Worker.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::futures::future_to_promise;
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
    /// The platform's `D1Database`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &Binding, sql: &str) -> Result<Statement, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn batch(this: &Binding, statements: Array) -> Result<Promise, JsValue>;

    /// The platform's `D1PreparedStatement`.
    type Statement;
    #[wasm_bindgen(method, catch, variadic)]
    fn bind(this: &Statement, values: Array) -> Result<Statement, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn first(this: &Statement) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn all(this: &Statement) -> Result<Promise, JsValue>;
}

/// A D1 database. Clones share the database.
#[derive(Clone, Debug)]
pub struct Database {
    binding: Rc<Binding>,
    group: Option<Group>,
}

/// Collects statements that one invocation of the Worker starts at the same time, and runs them in
/// one batch. Clones share the group.
#[derive(Clone, Debug, Default)]
struct Group(Rc<RefCell<Option<Waiting>>>);

/// The statements of the next batch, and the promise of its answers.
#[derive(Debug)]
struct Waiting {
    statements: Array,
    answers: Promise,
}

impl Database {
    /// The database that is bound under this name, if there is one.
    #[must_use]
    pub fn bound(env: &Env, name: &str) -> Option<Self> {
        let binding = binding::bound(env, name).map(Rc::new)?;
        Some(Self {
            binding,
            group: None,
        })
    }

    /// The same database, for an invocation that does several things at the same time. The
    /// statements that the invocation starts together become one call to D1 and one transaction. If
    /// one of them fails, all of them fail and none takes effect.
    #[must_use]
    pub fn grouped(&self) -> Self {
        Self {
            binding: Rc::clone(&self.binding),
            group: Some(Group::default()),
        }
    }

    /// The first row of a statement's result.
    pub(super) async fn first(
        &self,
        sql: &str,
        values: Vec<JsValue>,
    ) -> Result<Option<Row>, StoreError> {
        let statement = self.statement(sql, values)?;
        let row = match &self.group {
            None => answered(statement.first()).await?,
            Some(group) => group.rows(&self.binding, statement).await?.get(0),
        };
        Ok(row.is_object().then_some(Row(row)))
    }

    /// All rows of a statement's result.
    pub(super) async fn all(
        &self,
        sql: &str,
        values: Vec<JsValue>,
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql, values)?;
        let rows = match &self.group {
            None => rows_of(&answered(statement.all()).await?),
            Some(group) => group.rows(&self.binding, statement).await?,
        };
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
        let answers = Array::from(&answered(self.binding.batch(prepared)).await?);
        Ok(answers
            .iter()
            .map(|answer| rows_of(&answer).iter().map(Row).collect())
            .collect())
    }

    fn statement(&self, sql: &str, values: Vec<JsValue>) -> Result<Statement, StoreError> {
        self.binding
            .prepare(sql)
            .and_then(|statement| statement.bind(values.into_iter().collect()))
            .map_err(|error| explained(failed(D1, &error)))
    }
}

impl Group {
    /// The rows of a statement's result. The statement is added to the next batch. That batch is
    /// sent as soon as the running task has started all its statements and waits.
    async fn rows(&self, binding: &Rc<Binding>, statement: Statement) -> Result<Array, StoreError> {
        let (answers, index) = self.join(binding, statement);
        let answers = Array::from(&answered(Ok(answers)).await?);
        Ok(rows_of(&answers.get(index)))
    }

    /// Adds a statement to the next batch. Returns the promise of the batch's answers, and the
    /// statement's index in the batch.
    fn join(&self, binding: &Rc<Binding>, statement: Statement) -> (Promise, u32) {
        let mut waiting = self.0.borrow_mut();
        let waiting = waiting.get_or_insert_with(|| Waiting {
            statements: Array::new(),
            answers: self.send_soon(binding),
        });
        let index = waiting.statements.push(&statement).saturating_sub(1);
        (waiting.answers.clone(), index)
    }

    /// The promise of the next batch's answers. The batch is sent only when the running task waits.
    /// By then all statements that the task has started are in the batch.
    fn send_soon(&self, binding: &Rc<Binding>) -> Promise {
        let (group, binding) = (self.clone(), Rc::clone(binding));
        future_to_promise(async move {
            let statements = group.0.take().map(|waiting| waiting.statements);
            let sent = binding.batch(statements.unwrap_or_default())?;
            js_sys::futures::JsFuture::from(sent).await
        })
    }
}

/// The rows in the answer to a statement.
fn rows_of(answer: &JsValue) -> Array {
    Array::from(&member(answer, "results"))
}

/// The result of a call to the binding.
async fn answered(promise: Result<Promise, JsValue>) -> Result<JsValue, StoreError> {
    settled(D1, promise).await.map_err(explained)
}

/// Adds a remedy to the error if the error shows that the database lacks a migration.
fn explained(error: StoreError) -> StoreError {
    StoreError {
        detail: migrations::explained(&error.detail).into_owned(),
        ..error
    }
}

/// A row of a result. Stored values are checked like any other input.
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

/// Converts a number to a JavaScript number, the form that D1 accepts. Counters and times stay far
/// below 2^53.
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
