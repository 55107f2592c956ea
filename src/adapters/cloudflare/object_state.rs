//! The storage and the alarm of a Durable Object. The classes of the objects are in `entry.mjs`.
//! They pass their `ctx` to the functions in each object's `object.rs`.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::{Date, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::binding::{failed, settled};
use super::objects::malformed;
use crate::domain::error::StoreError;

#[wasm_bindgen]
extern "C" {
    /// The platform's `DurableObjectState`.
    #[derive(Clone)]
    pub type ObjectState;
    #[wasm_bindgen(method, getter)]
    fn storage(this: &ObjectState) -> Storage;

    /// The platform's `DurableObjectStorage`.
    type Storage;
    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> Sql;
    #[wasm_bindgen(method, getter)]
    fn kv(this: &Storage) -> SyncKv;
    #[wasm_bindgen(method, catch, js_name = getAlarm)]
    fn get_alarm(this: &Storage) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, milliseconds: f64) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    fn delete_all(this: &Storage) -> Result<Promise, JsValue>;

    /// The platform's `SqlStorage`.
    pub type Sql;

    /// The platform's `SyncKvStorage`. Reading from it writes nothing.
    type SyncKv;
    #[wasm_bindgen(method, catch)]
    fn get(this: &SyncKv, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn put(this: &SyncKv, key: &str, value: &str) -> Result<(), JsValue>;
}

impl ObjectState {
    /// The object's database.
    pub(super) fn database(&self) -> Sql {
        self.storage().sql()
    }

    /// Makes the alarm ring at this time, in milliseconds since 1970.
    pub(super) async fn wake_at(
        &self,
        object: &'static str,
        milliseconds: u64,
    ) -> Result<(), StoreError> {
        #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
        let alarm = self.storage().set_alarm(milliseconds as f64);
        settled(object, alarm).await.map(drop)
    }

    /// Makes the alarm ring at this time or before, in milliseconds since 1970.
    pub(super) async fn wake_by(
        &self,
        object: &'static str,
        milliseconds: u64,
    ) -> Result<(), StoreError> {
        #[allow(clippy::cast_precision_loss, reason = "a time in this millennium")]
        let latest = milliseconds as f64;
        let set = settled(object, self.storage().get_alarm()).await?;
        if set.as_f64().is_some_and(|set| set <= latest) {
            return Ok(());
        }
        self.wake_at(object, milliseconds).await
    }

    /// Deletes everything. An object without storage ceases to exist, and costs nothing.
    pub(super) async fn delete_everything(&self, object: &'static str) -> Result<(), StoreError> {
        settled(object, self.storage().delete_all()).await.map(drop)
    }
}

/// The object's own clock, in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time in this millennium"
    )]
    let now = Date::now() as u64;
    now
}

/// The only value that an object stores. The object deletes the value when it has expired.
pub(super) trait Lapsing: Sized {
    /// The store's name in errors.
    const OBJECT: &'static str;
    /// The key.
    const KEY: &'static str;

    /// The stored text.
    fn encode(&self) -> String;
    /// Reads what [`encode`](Self::encode) wrote. `None` for any other text.
    fn decode(text: &str) -> Option<Self>;
    /// When the value expires, because nothing in it has an effect any more, in milliseconds since
    /// 1970.
    fn lapses_at_ms(&self) -> u64;
}

/// Reads the stored value, if there is one.
pub(super) fn read<T: Lapsing>(state: &ObjectState) -> Result<Option<T>, StoreError> {
    let stored = state.storage().kv().get(T::KEY);
    let stored = stored.map_err(|error| failed(T::OBJECT, &error))?;
    if stored.is_undefined() {
        return Ok(None);
    }
    let value = stored.as_string().and_then(|text| T::decode(&text));
    value.map(Some).ok_or_else(|| malformed(T::OBJECT))
}

/// Stores the value. The caller sets the alarm.
pub(super) fn write<T: Lapsing>(state: &ObjectState, value: &T) -> Result<(), StoreError> {
    let written = state.storage().kv().put(T::KEY, &value.encode());
    written.map_err(|error| failed(T::OBJECT, &error))
}

/// Called when the alarm rings. Deletes the value if it has expired, and otherwise sets the alarm
/// again.
pub(super) async fn forget_lapsed<T: Lapsing>(state: &ObjectState) -> Result<(), StoreError> {
    // A value that can't be read is deleted too.
    let value = read::<T>(state).ok().flatten();
    let lapses_at = value.map_or(0, |value| value.lapses_at_ms());
    if now_ms() < lapses_at {
        state.wake_at(T::OBJECT, lapses_at).await
    } else {
        state.delete_everything(T::OBJECT).await
    }
}
