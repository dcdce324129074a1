//! A reply of the server, and its conversion to the results of commands.

use crate::error::{Error, ServerError};

/// A reply. The two versions of the protocol give the same values: the null string and the null
/// array of RESP2 are [`Null`](Value::Null), the sets of RESP3 are arrays, and its big numbers and
/// verbatim strings are text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A number.
    Integer(i64),
    /// A floating-point number (RESP3).
    Double(f64),
    /// True or false (RESP3).
    Boolean(bool),
    /// A status word, such as `OK`.
    Text(String),
    /// A string of bytes.
    Bytes(Vec<u8>),
    /// A list.
    Array(Vec<Value>),
    /// Pairs (RESP3).
    Map(Vec<(Value, Value)>),
    /// An error, as an element of a list.
    Error(ServerError),
}

impl Value {
    fn unexpected(self, wanted: &'static str) -> Error {
        // A reply may be long, and its first characters are enough.
        let got: String = format!("{self:?}").chars().take(80).collect();
        Error::Unexpected { wanted, got }
    }

    pub(crate) fn into_done(self) -> Result<(), Error> {
        match self {
            Self::Text(_) => Ok(()),
            other => Err(other.unexpected("`OK`")),
        }
    }

    pub(crate) fn into_integer(self) -> Result<i64, Error> {
        match self {
            Self::Integer(number) => Ok(number),
            other => Err(other.unexpected("a number")),
        }
    }

    pub(crate) fn into_bytes(self) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Null => Ok(None),
            Self::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(other.unexpected("a string")),
        }
    }

    pub(crate) fn into_list(self) -> Result<Vec<Option<Vec<u8>>>, Error> {
        match self {
            Self::Array(items) => items.into_iter().map(Self::into_bytes).collect(),
            other => Err(other.unexpected("a list of strings")),
        }
    }

    /// A page of SCAN: the next cursor, and the keys.
    pub(crate) fn into_page(self) -> Result<(Vec<u8>, Vec<Vec<u8>>), Error> {
        match self {
            Self::Array(items) => match <[Self; 2]>::try_from(items) {
                Ok([Self::Bytes(cursor), keys]) => {
                    Ok((cursor, keys.into_list()?.into_iter().flatten().collect()))
                }
                Ok(other) => Err(Self::Array(other.into()).unexpected("a cursor and keys")),
                Err(other) => Err(Self::Array(other).unexpected("a cursor and keys")),
            },
            other => Err(other.unexpected("a cursor and keys")),
        }
    }
}
