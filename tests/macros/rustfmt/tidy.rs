//! Smart functions as they come from a keyboard.

use smartasync::{smart_await, smart_fn};

smart_fn!(
    /// An async function.
    pub async fn load(url: &str, retries: u32) -> Result<String, Error> {
        fetch(url, retries).await
    }

    #[maybe_async]
    #[blocking(store_blocking)]
    pub async fn store<T>(value: T, place: &str) -> usize
    where
        T: Into<String>,
    {
        let text: String = value.into();
        smart_await!( sync=>write( place,&text ), async => write_async( place,&text ) );
        text.len()
    }

    #[wraps(path::to::function)]
    fn wrapped(n: u32) -> u32;
);

trait Shelf {
    smart_fn!(
        #[send]
        async fn first(&self) -> Option<String>;
    );
}

impl Shelf for Wall {
    smart_fn!(
        #[send]
        async fn first(&self) -> Option<String> {
            self.books.first().cloned()
        }
    );
}
