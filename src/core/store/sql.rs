//! What a statement is given, and what it finds.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::postgres::value::Found;
use crate::core::error::{Error, Result};

/// A value as a database has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::core) enum Value<'v> {
    Null,
    Integer(i64),
    Text(&'v str),
    Blob(&'v [u8]),
}

impl Value<'_> {
    /// Roughly what it takes up.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) => 8,
            Self::Text(text) => text.len(),
            Self::Blob(blob) => blob.len(),
        }
    }
}

/// A value that outlives the row in which it was found, or waits to be sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::core) enum Owned {
    #[default]
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<&Value<'_>> for Owned {
    fn from(value: &Value<'_>) -> Self {
        match *value {
            Value::Null => Self::Null,
            Value::Integer(integer) => Self::Integer(integer),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Blob(blob) => Self::Blob(blob.to_vec()),
        }
    }
}

impl Owned {
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Text(text) => Value::Text(text),
            Self::Blob(blob) => Value::Blob(blob),
        }
    }
}

/// What stands for one `$n` of a statement.
pub(super) trait ToValue {
    fn to_value(&self) -> Value<'_>;
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl ToValue for $integer {
            fn to_value(&self) -> Value<'_> {
                Value::Integer(i64::from(*self))
            }
        }
    )+};
}

integers!(bool, u8, u32, i32, i64);

macro_rules! texts {
    ($($text:ty),+) => {$(
        impl ToValue for $text {
            fn to_value(&self) -> Value<'_> {
                Value::Text(self)
            }
        }
    )+};
}

texts!(str, String, Arc<str>, Cow<'_, str>);

macro_rules! blobs {
    ($([$($length:ident)?] $blob:ty),+) => {$(
        impl $(<const $length: usize>)? ToValue for $blob {
            fn to_value(&self) -> Value<'_> {
                Value::Blob(self)
            }
        }
    )+};
}

blobs!([] [u8], [] Vec<u8>, [N] [u8; N]);

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        T::to_value(self)
    }
}

/// What stands for `$1`, `$2` and so on: a tuple, or an array.
pub(super) trait Params {
    fn bound<R>(&self, run: impl FnOnce(&[Value<'_>]) -> R) -> R;
}

impl<T: ToValue, const N: usize> Params for [T; N] {
    fn bound<R>(&self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        run(&self.each_ref().map(T::to_value))
    }
}

impl Params for &[Value<'_>] {
    fn bound<R>(&self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        run(self)
    }
}

impl Params for () {
    fn bound<R>(&self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
        run(&[])
    }
}

macro_rules! tuples {
    ($(($($param:ident)*))+) => {$(
        impl<$($param: ToValue),*> Params for ($($param,)*) {
            #[expect(non_snake_case, reason = "each is named as its type")]
            fn bound<R>(&self, run: impl FnOnce(&[Value<'_>]) -> R) -> R {
                let ($($param,)*) = self;
                run(&[$($param.to_value()),*])
            }
        }
    )+};
}

tuples! {
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M)
    (A B C D E F G H I J K L M N)
    (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
}

/// Binds them for SQLite.
impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(integer) => ValueRef::Integer(integer),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(blob) => ValueRef::Blob(blob),
        }))
    }
}

/// What a column of a row is read as.
pub(super) trait FromValue: Sized {
    /// `None` if the value is none of this type.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

macro_rules! from_integers {
    ($($integer:ty),+) => {$(
        impl FromValue for $integer {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Integer(integer) => integer.try_into().ok(),
                    _ => None,
                }
            }
        }
    )+};
}

from_integers!(u32, u64, i32, i64);

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        i64::from_value(value).map(|integer| integer != 0)
    }
}

macro_rules! from_texts {
    ($($text:ty),+) => {$(
        impl FromValue for $text {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Text(text) => Some(text.into()),
                    _ => None,
                }
            }
        }
    )+};
}

from_texts!(String, Arc<str>);

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Blob(blob) => Some(blob.to_vec()),
            _ => None,
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Blob(blob) => blob.try_into().ok(),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// What a column is named by: its number or its name.
#[derive(Clone, Copy)]
pub(super) enum Column<'c> {
    Number(usize),
    Name(&'c str),
}

impl From<usize> for Column<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

impl<'c> From<&'c str> for Column<'c> {
    fn from(name: &'c str) -> Self {
        Self::Name(name)
    }
}

impl Display for Column<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A row that a statement has found.
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    pub fn get<'c, C: Into<Column<'c>>, T: FromValue>(&self, column: C) -> Result<T> {
        let column = column.into();
        T::from_value(self.value_at(column)?).ok_or_else(|| unreadable(column))
    }

    /// A text that is only looked at.
    pub fn text<'c>(&self, column: impl Into<Column<'c>>) -> Result<&str> {
        let column = column.into();
        self.text_or_null(column)?.ok_or_else(|| unreadable(column))
    }

    pub fn text_or_null<'c>(&self, column: impl Into<Column<'c>>) -> Result<Option<&str>> {
        let column = column.into();
        match self.value_at(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(unreadable(column)),
        }
    }

    /// Is there anything in this column?
    pub fn has<'c>(&self, column: impl Into<Column<'c>>) -> Result<bool> {
        Ok(self.value(column)? != Value::Null)
    }

    pub fn value<'c>(&self, column: impl Into<Column<'c>>) -> Result<Value<'_>> {
        self.value_at(column.into())
    }

    /// Compiled once, for all that a column may be named by or read as.
    #[inline(never)]
    fn value_at(&self, column: Column<'_>) -> Result<Value<'_>> {
        match self {
            Self::Sqlite(row) => {
                let found = match column {
                    Column::Number(number) => row.get_ref(number),
                    Column::Name(name) => row.get_ref(name),
                };
                Ok(match found? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(integer) => Value::Integer(integer),
                    ValueRef::Text(text) => {
                        Value::Text(str::from_utf8(text).map_err(|_| unreadable(column))?)
                    }
                    ValueRef::Blob(blob) => Value::Blob(blob),
                    // No column has any.
                    ValueRef::Real(_) => return Err(unreadable(column)),
                })
            }
            Self::Postgres(row) => {
                let found = match column {
                    Column::Number(number) => row.try_get::<_, Found<'_>>(number),
                    Column::Name(name) => row.try_get(name),
                };
                Ok(found.map_err(|_| unreadable(column))?.0)
            }
        }
    }
}

/// What stands in this column is none of what may.
#[cold]
pub(super) fn unreadable<'c>(column: impl Into<Column<'c>>) -> Error {
    let column = column.into();
    Error::Internal(format!(
        "database: the column {column} has what it never should"
    ))
}
