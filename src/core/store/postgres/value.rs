//! How are the store's values written for PostgreSQL, and read from it? Every integer there is a bigint, but what it makes of
//! a comparison is a boolean.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::core::store::sql::{Owned, Value};

type Wrong = Box<dyn Error + Sync + Send>;

impl ToSql for Value<'_> {
    fn to_sql(&self, as_type: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        match *self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(integer) => match *as_type {
                Type::INT8 => out.put_i64(integer),
                Type::INT4 => out.put_i32(integer.try_into()?),
                Type::BOOL => out.put_u8(u8::from(integer != 0)),
                Type::TEXT => out.put_slice(integer.to_string().as_bytes()),
                _ => return Err(format!("an integer is no {as_type}").into()),
            },
            // PostgreSQL takes no NUL in a text.
            Self::Text(text) if text.contains('\0') => {
                out.put_slice(text.replace('\0', "\u{FFFD}").as_bytes());
            }
            Self::Text(text) => out.put_slice(text.as_bytes()),
            Self::Blob(blob) => out.put_slice(blob),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// What a statement is given that is not waited for, or that reads for many at once.
#[derive(Debug)]
pub(in crate::core) enum Given {
    One(Owned),
    /// An array.
    Each(Vec<Owned>),
}

impl ToSql for Given {
    fn to_sql(&self, as_type: &Type, out: &mut BytesMut) -> Result<IsNull, Wrong> {
        match self {
            Self::One(value) => value.value().to_sql(as_type, out),
            Self::Each(values) => {
                let values: Vec<_> = values.iter().map(Owned::value).collect();
                values.to_sql(as_type, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// What stands in a column.
pub(in crate::core::store) struct Found<'r>(pub Value<'r>);

impl<'r> FromSql<'r> for Found<'r> {
    fn from_sql(of_type: &Type, raw: &'r [u8]) -> Result<Self, Wrong> {
        Ok(Self(match *of_type {
            Type::INT8 => Value::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Value::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Value::Integer(raw.iter().any(|byte| *byte != 0).into()),
            Type::TEXT | Type::VARCHAR | Type::NAME => Value::Text(str::from_utf8(raw)?),
            Type::BYTEA => Value::Blob(raw),
            _ => return Err(format!("{of_type} is no type of ours").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Wrong> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
