//! The protocol, without any input or output: how to write commands and read replies. It is the
//! same for both worlds.
//!
//! The decoder keeps the part of a reply that it has read, so it reads each byte once, even if the
//! reply comes in a thousand pieces. It checks the size in a header against the limit before it
//! reserves memory.

use crate::error::{Error, ServerError};
use crate::value::Value;

/// The maximum depth of nested lists. Redis itself sends a few levels.
const MAX_DEPTH: usize = 64;
/// The maximum length of a line: a number, a header, a word or an error.
const MAX_LINE: usize = 64 << 10;
/// The size of the smallest element, `_\r\n`. A list with a given number of elements has at least
/// this many bytes for each.
const MIN_ELEMENT: usize = 3;
/// The number of bytes to read at once.
const CHUNK: usize = 16 << 10;

/// Commands that are sent together, and the number of their replies.
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

/// A list that is not complete yet.
#[derive(Debug)]
struct Frame {
    kind: u8,
    /// The number of missing elements.
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

/// The next element in the bytes.
enum Item {
    Value(Value),
    List { kind: u8, count: usize },
}

/// Reads replies from bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// The received bytes. The zeros behind `end` are room for the next read.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    stack: Vec<Frame>,
    /// The number of bytes of the current reply that were read.
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

    /// The room for the next read. Then call [`filled`](Decoder::filled) with the number of bytes
    /// that came.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK {
            // The buffer doubles, so that a large reply is copied only a few times.
            self.buffer
                .resize((2 * self.buffer.len()).max(self.end + CHUNK), 0);
        }
        &mut self.buffer[self.end..]
    }

    pub(crate) fn filled(&mut self, bytes: usize) {
        self.end += bytes;
    }

    /// Returns whether all bytes belong to replies that have been taken. Otherwise the next reply
    /// would not belong to the next command.
    pub(crate) fn is_clean(&self) -> bool {
        self.start == self.end && self.stack.is_empty()
    }

    /// Frees the memory of a large reply. Call this only on a [clean](Decoder::is_clean) decoder,
    /// because it drops all bytes.
    pub(crate) fn shrink(&mut self) {
        if self.buffer.len() > 4 * CHUNK {
            *self = Self::new(self.limit);
        }
    }

    /// Returns the next reply, or `None` if it is not complete yet.
    pub(crate) fn next(&mut self) -> Result<Option<Value>, Error> {
        while let Some(item) = self.item()? {
            let value = match item {
                Item::Value(value) => value,
                // An empty push message is not a reply to a command either.
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
                    // The server may lie about the count, so this reserves memory for a few
                    // elements only.
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

    /// Puts a value into its list. If that list is complete, puts the list into its own list, and
    /// so on. Returns a complete reply.
    fn place(&mut self, mut value: Value) -> Option<Value> {
        while let Some(mut frame) = self.stack.pop() {
            frame.items.push(value);
            frame.left -= 1;
            if frame.left > 0 {
                self.stack.push(frame);
                return None;
            }
            // A push message of the server is not a reply to a command.
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
                    .map_err(|_| quoted("is not a floating-point number", text))?,
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
            _ => return Err(quoted("does not begin with a known type of reply", line)),
        };
        self.allow(taken)?;
        self.take(taken);
        Ok(Some(Item::Value(value)))
    }

    /// Reads a string with the length from its header.
    fn string(&mut self, kind: u8, header: usize) -> Result<Option<Item>, Error> {
        let length: usize = number(&self.buffer[self.start + 1..self.start + header - 2])?;
        let whole = header.saturating_add(length).saturating_add(2);
        self.allow(whole)?;
        if self.end - self.start < whole {
            return Ok(None);
        }
        let (body, end) = self.buffer[self.start + header..self.start + whole].split_at(length);
        if end != b"\r\n" {
            return Err(malformed("a string does not have the length of its header"));
        }
        let value = match kind {
            b'$' => Value::Bytes(body.to_vec()),
            b'!' => Value::Error(ServerError::new(String::from_utf8_lossy(body).into_owned())),
            // The text follows `txt:`.
            _ => Value::Text(
                utf8(
                    body.get(4..)
                        .ok_or_else(|| malformed("a verbatim string has no format"))?,
                )?
                .to_owned(),
            ),
        };
        self.take(whole);
        Ok(Some(Item::Value(value)))
    }

    /// Returns the next line without its line end, or `None` if the line end has not come yet.
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

    /// Refuses a reply that `bytes` more bytes would make larger than the limit.
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
        .map_err(|_| quoted("is not a number that is allowed here", text))
}

#[cfg(test)]
mod tests;
