//! `npm run bench:native`: measures the time of each case with criterion. Use it to explore, on a
//! machine that does nothing else. `npm test` does not check these times; it checks the counts of
//! instructions instead (`bench/instructions.mjs`).

use std::error::Error;
use std::time::Duration;

use criterion::Criterion;
use edgegate_bench::CASES;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for case in CASES {
        let mut call = case.prepare()?;
        if !call() {
            return Err(format!("{} does not do what its name says", case.name).into());
        }
        criterion.bench_function(case.name, |bencher| bencher.iter(&mut call));
    }
    criterion.final_summary();
    Ok(())
}
