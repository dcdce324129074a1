//! The protocol, without any input or output: how commands are written and replies are read. It is
//! the same for both worlds.
//!
//! The decoder keeps what it has understood, so a reply that comes in a thousand pieces is read
//! once, not a thousand times. What a header announces is checked against the limit before any
//! memory is set aside for it.

use crate::error::{Error, ServerError};
use crate::value::Value;

/// How deep lists may be nested. Redis itself sends a handful of levels.
const MAX_DEPTH: usize = 64;
/// How long a line may be: a number, a header, a word, an error.
const MAX_LINE: usize = 64 << 10;
/// The smallest element, `_\r\n`: so many bytes at least come for each one that a list announces.
const MIN_ELEMENT: usize = 3;
/// How much is read at once.
const CHUNK: usize = 16 << 10;

/// Commands that are sent together, and how many replies they get.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) replies: usize,
}

impl Request {
    pub(crate) fn one(arguments: &[&[u8]]) -> Self {
        let mut request = Self::default();
        request.push(arguments);
        request
    }

    pub(crate) fn push(&mut self, arguments: &[&[u8]]) {
        self.bytes
            .extend(format!("*{}\r\n", arguments.len()).bytes());
        for argument in arguments {
            self.bytes
                .extend(format!("${}\r\n", argument.len()).bytes());
            self.bytes.extend_from_slice(argument);
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.replies += 1;
    }
}

/// A list that is not complete.
#[derive(Debug)]
struct Frame {
    kind: u8,
    /// How many elements are still to come.
    left: usize,
    items: Vec<Value>,
}

impl Frame {
    fn into_value(self) -> Value {
        if self.kind != b'%' {
            return Value::Array(self.items);
        }
        let mut items = self.items.into_iter();
        let mut pairs = Vec::with_capacity(items.len() / 2);
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            pairs.push((key, value));
        }
        Value::Map(pairs)
    }
}

/// What stands next in the bytes.
enum Item {
    Value(Value),
    List { kind: u8, count: usize },
}

/// Reads replies from bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// Zeros behind `end`: room for what is read next.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    stack: Vec<Frame>,
    /// How many bytes of the current reply were read.
    used: usize,
    limit: usize,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            stack: Vec::new(),
            used: 0,
            limit,
        }
    }

    /// Where to read the next bytes into; then say with [`filled`](Decoder::filled) how many came.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK {
            // Doubled, so that a large reply is copied a few times only.
            self.buffer
                .resize((2 * self.buffer.len()).max(self.end + CHUNK), 0);
        }
        &mut self.buffer[self.end..]
    }

    pub(crate) fn filled(&mut self, bytes: usize) {
        self.end += bytes;
    }

    /// Says whether every byte was part of a reply that has been taken. If not, the next reply
    /// would answer no question.
    pub(crate) fn is_clean(&self) -> bool {
        self.start == self.end && self.stack.is_empty()
    }

    /// Gives the memory of a large reply back. Only a [clean](Decoder::is_clean) decoder has
    /// nothing to lose by it.
    pub(crate) fn shrink(&mut self) {
        if self.buffer.len() > 4 * CHUNK {
            *self = Self::new(self.limit);
        }
    }

    /// The next reply, or `None` if it is not complete.
    pub(crate) fn next(&mut self) -> Result<Option<Value>, Error> {
        while let Some(item) = self.item()? {
            let value = match item {
                Item::Value(value) => value,
                // An empty push message answers no command either.
                Item::List {
                    kind: b'>',
                    count: 0,
                } => {
                    self.used = 0;
                    continue;
                }
                Item::List { kind, count: 0 } => Frame {
                    kind,
                    left: 0,
                    items: Vec::new(),
                }
                .into_value(),
                Item::List { kind, count } => {
                    if self.stack.len() == MAX_DEPTH {
                        return Err(malformed("lists are nested too deeply"));
                    }
                    // The count is only announced, so memory is set aside for few.
                    self.stack.push(Frame {
                        kind,
                        left: count,
                        items: Vec::with_capacity(count.min(64)),
                    });
                    continue;
                }
            };
            if let Some(reply) = self.place(value) {
                self.used = 0;
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Puts a value into the list that it belongs to, and that list, if it is complete, into its
    /// own. Returns a whole reply.
    fn place(&mut self, mut value: Value) -> Option<Value> {
        while let Some(mut frame) = self.stack.pop() {
            frame.items.push(value);
            frame.left -= 1;
            if frame.left > 0 {
                self.stack.push(frame);
                return None;
            }
            // What the server pushes unasked answers no command.
            if frame.kind == b'>' && self.stack.is_empty() {
                self.used = 0;
                return None;
            }
            value = frame.into_value();
        }
        Some(value)
    }

    fn item(&mut self) -> Result<Option<Item>, Error> {
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        let taken = line.len() + 2;
        let Some((&kind, text)) = line.split_first() else {
            return Err(malformed("an empty line"));
        };
        let value = match kind {
            b'+' | b'(' => Value::Text(utf8(text)?.to_owned()),
            b'-' => Value::Error(ServerError::new(String::from_utf8_lossy(text).into_owned())),
            b':' => Value::Integer(number(text)?),
            b',' => Value::Double(
                utf8(text)?
                    .parse()
                    .map_err(|_| quoted("is no floating-point number", text))?,
            ),
            b'#' if text == b"t" => Value::Boolean(true),
            b'#' if text == b"f" => Value::Boolean(false),
            b'_' if text.is_empty() => Value::Null,
            b'$' | b'*' if text == b"-1" => Value::Null,
            b'$' | b'!' | b'=' => return self.string(kind, taken),
            b'*' | b'~' | b'%' | b'>' => {
                let count: usize = number(text)?;
                if kind == b'>' && !self.stack.is_empty() {
                    return Err(malformed("a push message inside a reply"));
                }
                let count = if kind == b'%' {
                    count.saturating_mul(2)
                } else {
                    count
                };
                self.allow(taken.saturating_add(count.saturating_mul(MIN_ELEMENT)))?;
                self.take(taken);
                return Ok(Some(Item::List { kind, count }));
            }
            _ => return Err(quoted("begins no known type of reply", line)),
        };
        self.allow(taken)?;
        self.take(taken);
        Ok(Some(Item::Value(value)))
    }

    /// A string whose length is announced.
    fn string(&mut self, kind: u8, header: usize) -> Result<Option<Item>, Error> {
        let length: usize = number(&self.buffer[self.start + 1..self.start + header - 2])?;
        let whole = header.saturating_add(length).saturating_add(2);
        self.allow(whole)?;
        if self.end - self.start < whole {
            return Ok(None);
        }
        let (body, end) = self.buffer[self.start + header..self.start + whole].split_at(length);
        if end != b"\r\n" {
            return Err(malformed("a string is not as long as announced"));
        }
        let value = match kind {
            b'$' => Value::Bytes(body.to_vec()),
            b'!' => Value::Error(ServerError::new(String::from_utf8_lossy(body).into_owned())),
            // `txt:` and then the text.
            _ => Value::Text(
                utf8(
                    body.get(4..)
                        .ok_or_else(|| malformed("a verbatim string without its format"))?,
                )?
                .to_owned(),
            ),
        };
        self.take(whole);
        Ok(Some(Item::Value(value)))
    }

    /// The next line without its end, or `None` if that has not come.
    fn line(&self) -> Result<Option<&[u8]>, Error> {
        let bytes = &self.buffer[self.start..self.end];
        let window = &bytes[..bytes.len().min(MAX_LINE)];
        match window.iter().position(|&byte| byte == b'\n') {
            Some(at) if at > 0 && bytes[at - 1] == b'\r' => Ok(Some(&bytes[..at - 1])),
            Some(_) => Err(malformed("a line ends without a carriage return")),
            None if bytes.len() >= MAX_LINE => Err(malformed("a line has no end")),
            None => Ok(None),
        }
    }

    /// Refuses a reply that gets larger than the limit with `bytes` more.
    fn allow(&self, bytes: usize) -> Result<(), Error> {
        if self.used.saturating_add(bytes) > self.limit {
            Err(Error::TooLarge { limit: self.limit })
        } else {
            Ok(())
        }
    }

    fn take(&mut self, bytes: usize) {
        self.start += bytes;
        self.used += bytes;
    }
}

fn malformed(what: &str) -> Error {
    Error::Malformed(what.to_owned())
}

fn quoted(what: &str, bytes: &[u8]) -> Error {
    let shown = &bytes[..bytes.len().min(40)];
    Error::Malformed(format!("{:?} {what}", String::from_utf8_lossy(shown)))
}

fn utf8(text: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(text).map_err(|_| quoted("is not UTF-8", text))
}

fn number<T: std::str::FromStr>(text: &[u8]) -> Result<T, Error> {
    utf8(text)?
        .parse()
        .map_err(|_| quoted("is no number, or none that is allowed here", text))
}

#[cfg(test)]
mod tests;
