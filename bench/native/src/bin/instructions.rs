//! The command `instructions <case> <calls>` calls a case `<calls>` times. `bench/instructions.mjs`
//! runs this program under callgrind, which counts the instructions. Without arguments the program
//! lists the cases.

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
    // The first call is made outside of `measured_calls`, so that work which is done only once is
    // not counted.
    if !call() || !measured_calls(&mut call, calls.parse()?) {
        return Err("a call did not do what the case's name says".into());
    }
    Ok(())
}

/// Callgrind counts only the instructions in this function and in the functions that it calls. It
/// finds this function by its name.
#[inline(never)]
fn measured_calls(call: &mut Call, calls: u32) -> bool {
    let mut all = true;
    for _ in 0..calls {
        all &= call();
    }
    all
}
