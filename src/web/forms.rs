//! What was filled in? `multipart/form-data` with short texts and one file, held in memory.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header;

use super::call::Call;
use super::given::Given;
use crate::core::error::{Error, Result};

/// A file in a form.
pub struct FormFile {
    pub name: String,
    pub bytes: Bytes,
}

/// The bytes that the texts of a form may have in all.
const TEXTS: usize = 64 << 10;

/// The form in this body: its texts, and the file under this name.
///
/// # Errors
/// `WrongType` for another content type, `Malformed` for a broken form, `TooLarge`.
pub async fn read(
    call: &mut Call,
    file_field: &str,
    most: u64,
) -> Result<(Given, Option<FormFile>)> {
    let mut form = open(call)?;
    let (mut fields, mut file, mut texts) = (Vec::new(), None, 0);
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = name == file_field && field.file_name().is_some();
        let mut bytes = BytesMut::new();
        while let Some(part) = field.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&part);
            let fits = if is_file {
                bytes.len() as u64 <= most
            } else {
                texts + bytes.len() <= TEXTS
            };
            if !fits {
                return Err(Error::TooLarge(format!("{name} is too large")));
            }
        }
        if is_file {
            let name = field.file_name().unwrap_or_default().to_owned();
            // A file input that nothing was chosen in sends an empty file without a name.
            file = (!bytes.is_empty()).then(|| FormFile {
                name,
                bytes: bytes.freeze(),
            });
        } else {
            texts += bytes.len();
            fields.push((
                name,
                Given::Text(String::from_utf8_lossy(&bytes).into_owned()),
            ));
        }
    }
    Ok((Given::Fields(fields), file))
}

/// The parts of the form in this body.
///
/// # Errors
/// `WrongType` for another content type, `Malformed` for one without a boundary.
pub fn open(call: &mut Call) -> Result<multer::Multipart<'static>> {
    let content_type = call.header(header::CONTENT_TYPE).unwrap_or_default();
    if !is_form(content_type) {
        return Err(Error::WrongType(
            "The content type must be multipart/form-data",
        ));
    }
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let body = call.body().map(|part| part.map_err(|e| e.to_string()));
    Ok(multer::Multipart::new(body, boundary))
}

/// Does this content type say that a form follows?
pub fn is_form(content_type: &str) -> bool {
    content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
}

/// A form that cannot be read is the client's fault.
pub fn broken(error: multer::Error) -> Error {
    Error::Malformed(format!("The form could not be read: {error}"))
}
