//! A call over RPC: the first line is the method, the rest its arguments as JSON. `{access}` and
//! similar placeholders are filled in.

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
