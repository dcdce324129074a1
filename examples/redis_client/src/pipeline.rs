//! Several commands in one round trip.

use crate::blocking;
use crate::client::Client;
use crate::error::{Error, ServerError};
use crate::resp::Request;
use crate::value::Value;
use smartasync::smart_fn;

/// Commands that are sent together; see [`Client::pipeline`]. A pipeline is not a transaction: the
/// server may run commands of other clients in between.
#[derive(Debug)]
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline {
    pub(crate) client: Client,
    pub(crate) request: Request,
}

smart_fn!(
    #[split(blocking::Pipeline)]
    impl Pipeline {
        /// Adds a command: its name and its arguments.
        pub fn command<A: AsRef<[u8]>>(mut self, arguments: &[A]) -> Self {
            let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
            self.request.push(&arguments);
            self
        }

        /// Sends the commands, and returns the reply to each of them. If the server refuses a
        /// command, it still runs the others.
        ///
        /// # Errors
        ///
        /// If the whole exchange fails. The server may have carried out any of the commands.
        pub async fn run(self) -> Result<Vec<Result<Value, ServerError>>, Error> {
            if self.request.replies == 0 {
                return Ok(Vec::new());
            }
            let _ends_sharing = self.client.after_any();
            let replies = smart_await!(self.client.exchange(&self.request))?;
            let split = |reply| {
                if let Value::Error(error) = reply {
                    Err(error)
                } else {
                    Ok(reply)
                }
            };
            Ok(replies.into_iter().map(split).collect())
        }
    }
);
