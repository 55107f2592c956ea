//! `instructions <case> <calls>` runs a case that many times, while `bench/instructions.mjs` counts
//! under callgrind. Without arguments it lists the cases.

#![allow(clippy::print_stdout, reason = "its output is read by a script")]

use std::env;
use std::error::Error;

use edgegate_bench::{CASES, Call};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, calls] = arguments.as_slice() else {
        for case in CASES {
            println!("{}", case.name);
        }
        return Ok(());
    };
    let case = CASES.into_iter().find(|case| case.name == name);
    let mut call = case.ok_or("no case has this name")?.prepare()?;
    // Call it once before counting, so that the work of the first call is not counted.
    if !call() || !measured_calls(&mut call, calls.parse()?) {
        return Err("a call did not do what the case's name says".into());
    }
    Ok(())
}

/// Only this function is counted. Callgrind finds it by its name.
#[inline(never)]
fn measured_calls(call: &mut Call, calls: u32) -> bool {
    let mut all = true;
    for _ in 0..calls {
        all &= call();
    }
    all
}
