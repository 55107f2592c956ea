//! Claims as a plain object.

use edgegate_token::Claims;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

/// The names are those of [`Claims`] and no others, whatever the token holds. Numbers are numbers: those of a verified token
/// are safe integers.
pub(super) fn to_object(claims: &Claims) -> JsValue {
    let object = Object::new();
    let set = |name: &str, value: JsValue| {
        // Of a fresh object nothing is refused.
        let _ = Reflect::set(&object, &name.into(), &value);
    };
    let number = |name, value: Option<u64>| {
        if let Some(value) = value {
            #[allow(
                clippy::cast_precision_loss,
                reason = "only in a token that nobody verified"
            )]
            set(name, JsValue::from_f64(value as f64));
        }
    };
    let audience = claims.aud.iter().map(JsValue::from_str).collect::<Array>();
    let audience = if audience.length() == 1 {
        audience.get(0)
    } else {
        audience.into()
    };
    set("iss", claims.iss.as_str().into());
    set("sub", claims.sub.as_str().into());
    set("aud", audience);
    set("client_id", claims.client_id.as_str().into());
    number("exp", Some(claims.exp));
    number("iat", Some(claims.iat));
    number("nbf", claims.nbf);
    number("auth_time", claims.auth_time);
    set("jti", claims.jti.as_str().into());
    set("sid", claims.sid.as_str().into());
    number("ver", Some(claims.ver));
    set(
        "roles",
        claims
            .roles
            .iter()
            .map(|role| JsValue::from_str(role))
            .collect::<Array>()
            .into(),
    );
    if let Some(email) = &claims.email {
        set("email", email.as_str().into());
    }
    set("email_verified", claims.email_verified.into());
    object.into()
}
