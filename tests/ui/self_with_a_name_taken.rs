use smartasync::smart_fn;

trait Count {
    smart_fn!(
        fn count(&self, text: &str) -> usize;
    );
}

#[derive(Clone)]
struct Words;

impl Words {
    fn count(&self, text: &str) -> u32 {
        text.len() as u32
    }
}

impl Count for Words {
    smart_fn!(
        fn count(&self, text: &str) -> usize {
            text.len()
        }
    );
}

fn main() {
    Words.count("a b");
}
