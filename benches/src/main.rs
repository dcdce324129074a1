mod case;
mod lock;
mod wait;

use case::Case;

fn main() {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_default();
    let all: Vec<Case> = [wait::CASES, lock::CASES].concat();
    match mode.as_str() {
        "run" => {
            let work = args.next().unwrap();
            let who = args.next().unwrap();
            let n: u64 = args.next().unwrap().parse().unwrap();
            let case = all.iter().find(|c| c.work == work && c.who == who).unwrap();
            (case.run)(1);
            (case.run)(n);
        }
        "list" => {
            for c in &all {
                println!("{}\t{}", c.work, c.who)
            }
        }
        _ => panic!(),
    }
}
