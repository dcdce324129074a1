mod allocations;
mod call;
mod case;
mod clock;
mod lock;
mod offload;
mod spawn;
mod wait;
fn main(){
    let args: Vec<String> = std::env::args().collect();
    let all: Vec<case::Case> = [wait::CASES, call::CASES, offload::CASES, spawn::CASES, lock::CASES].concat();
    match args[1].as_str() {
        "run" => { let c = all.iter().find(|c| c.work == args[2] && c.who == args[3]).unwrap(); (c.run)(c.batch); (c.run)(args[4].parse().unwrap()); }
        _ => for c in &all { println!("{} | {} | {:?}", c.work, c.who, allocations::per_time(c.run, c.batch)); let _ = (allocations::live(), clock::measure, lock::runs_of_slow_work); },
    }
}
