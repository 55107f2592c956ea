//! Calls a method as over RPC. The first line of the input is the name of the method, and the rest
//! is its arguments as JSON. Placeholders such as `{access}` are replaced by real values of an
//! account.

use edgegate::edge::rpc::call;

use super::request::judge;
use super::world::{fill, service};

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    let service = service();
    let (text, secrets) = fill(&service, text);
    let (method, arguments) = text.split_once('\n').unwrap_or((&text, ""));
    let answer = match pollster::block_on(call(&service, method, arguments)) {
        Ok(answer) => answer,
        Err(problem) => problem.into_answer(),
    };
    judge(&answer, &secrets);
}
