//! What smartasync costs, side by side with what a user would pick instead. `README.md` says what
//! each command does.

mod allocations;
mod call;
mod case;
mod clock;
mod counts;
mod futex;
mod growth;
mod lock;
mod offload;
mod report;
mod spawn;
mod time;
mod wait;

use case::Case;
use std::process::ExitCode;

/// Every case, grouped by its work.
fn all() -> Vec<Case> {
    [
        wait::CASES,
        wait::NESTED,
        call::CASES,
        offload::CASES,
        spawn::CASES,
        lock::ALONE,
        lock::FOLLOWERS,
        lock::BY_THREADS,
        lock::MAPS,
        time::CASES,
    ]
    .concat()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => report::write(&all()),
        ["counts"] => return counts::check(&all()),
        ["futex"] => futex::print(&all()),
        ["growth"] => growth::write(),
        ["loaded"] => report::write_loaded(&all()),
        // What the commands above start, pinned to a core or under callgrind.
        ["time", work] => report::time_one(&all(), work),
        ["point", name, n] => growth::print_point(name, n),
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["run", work, who, times] => counts::run(&all(), work, who, times),
        _ => {
            eprintln!("usage: smartasync-benches [counts | futex | growth | loaded]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
