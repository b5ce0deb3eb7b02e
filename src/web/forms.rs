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
        let file_name = file_name(&field).filter(|_| name == file_field);
        let is_file = file_name.is_some();
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
            let name = file_name.unwrap_or_default();
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

/// What a part calls its file, if it is one. A name beyond ASCII may stand in `filename*` (RFC 5987), with or without a
/// plainer one beside it.
pub fn file_name(field: &multer::Field<'_>) -> Option<String> {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION);
    let extended = disposition.and_then(|value| extended_name(value.as_bytes()));
    extended.or_else(|| field.file_name().map(str::to_owned))
}

/// `filename*=UTF-8''%E6%97%A5.txt`
fn extended_name(disposition: &[u8]) -> Option<String> {
    let disposition = String::from_utf8_lossy(disposition);
    let parameter = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("filename*")
            .then(|| value.trim().trim_matches('"'))
    })?;
    let mut parts = parameter.splitn(3, '\'');
    let (charset, _language, name) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = percent_decoded(name)?;
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                (high * 16 + low) as u8
            }
            plain => plain,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_name_is_read_and_a_broken_one_is_none() {
        let name = |parameter: &str| {
            extended_name(format!("form-data; name=\"file\"; {parameter}").as_bytes())
        };
        assert_eq!(
            name("filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt").as_deref(),
            Some("日本.txt")
        );
        assert_eq!(
            name("filename=\"x\"; FileName* = utf-8'en'gr%C3%BC%C3%9Fe").as_deref(),
            Some("grüße")
        );
        assert_eq!(name("filename*=ISO-8859-1''%fc").as_deref(), Some("ü"));
        for broken in [
            "filename=\"x\"",
            "filename*=x.txt",
            "filename*=UTF-8''%E6",
            "filename*=UTF-8''%zz",
            "filename*=UTF-16''x",
        ] {
            assert_eq!(name(broken), None, "{broken}");
        }
    }
}
