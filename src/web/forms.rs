//! What is in a form? Reads `multipart/form-data` with short texts and one file, part by part.
//!
//! All bytes are counted before the parser gets them, because it buffers the head of a part until the head has ended. Parts
//! that no handler asks for are counted too.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http::header;

use super::bounded_body::{BoundedBody, HEAD};
use super::call::Call;
use super::input::Input;
use crate::core::error::{Error, Result};

/// How many parts a form may have.
const PARTS: usize = 20;
/// How many bytes a form may have beside its file: texts, names, and parts that no handler asks for.
const TEXTS: usize = 64 << 10;

/// A file in a form.
pub struct FormFile {
    pub name: String,
    pub bytes: Bytes,
}

/// A form that is being read.
pub struct Form {
    parser: multer::Multipart<'static>,
    /// Bytes that the parser was given since it last found a part or content.
    head: Arc<AtomicUsize>,
    /// The part that is being read.
    part: Option<multer::Field<'static>>,
    parts: usize,
    texts: usize,
}

/// The name of a part, and of its file if it has one.
pub struct FormPart {
    pub name: String,
    pub file_name: Option<String>,
}

/// Reads the whole form: its texts, and the file in the field of this name, which may have `most` bytes.
///
/// # Errors
/// `WrongType` for another content type, `Malformed` for a broken form, `TooLarge`.
pub async fn read(
    call: &mut Call,
    file_field: &str,
    most: u64,
) -> Result<(Input, Option<FormFile>)> {
    let mut form = Form::open(call, most)?;
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(FormPart { name, file_name }) = form.next().await? {
        let Some(file_name) = file_name.filter(|_| name == file_field) else {
            fields.push((name, Input::Text(form.text(TEXTS).await?)));
            continue;
        };
        let mut bytes = BytesMut::new();
        while let Some(some) = form.chunk().await? {
            bytes.extend_from_slice(&some);
            if bytes.len() as u64 > most {
                return Err(Error::TooLarge(format!("{name} is too large")));
            }
        }
        // If nothing was chosen in a file input, the browser sends an empty file without a name.
        file = (!bytes.is_empty()).then(|| FormFile {
            name: file_name,
            bytes: bytes.freeze(),
        });
    }
    Ok((Input::Fields(fields), file))
}

/// Does this content type announce a form?
pub fn is_form(content_type: &str) -> bool {
    content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
}

impl Form {
    /// Begins to read the form in this body, whose files may have `most` bytes together.
    ///
    /// # Errors
    /// `WrongType` for another content type, `Malformed` for one without a boundary.
    pub fn open(call: &mut Call, most: u64) -> Result<Self> {
        let content_type = call.header(header::CONTENT_TYPE).unwrap_or_default();
        if !is_form(content_type) {
            return Err(Error::WrongType(
                "The content type must be multipart/form-data",
            ));
        }
        let boundary = multer::parse_boundary(content_type).map_err(broken)?;
        let most = most.saturating_add((TEXTS + PARTS * HEAD) as u64);
        let (counted, head) = BoundedBody::new(call.body(), most);
        Ok(Self {
            parser: multer::Multipart::new(counted, boundary),
            head,
            part: None,
            parts: 0,
            texts: 0,
        })
    }

    /// The next part. The unread rest of the part before is skipped, and is counted as text.
    ///
    /// # Errors
    /// `Malformed` for a broken form, `TooLarge` for too many parts, a head that is too long, or too many bytes beside the file.
    pub async fn next(&mut self) -> Result<Option<FormPart>> {
        self.text(TEXTS).await?;
        self.part = None;
        self.head.store(0, Ordering::Relaxed);
        self.part = self.parser.next_field().await.map_err(broken)?;
        let Some(part) = &self.part else {
            return Ok(None);
        };
        let part = FormPart {
            name: part.name().unwrap_or_default().to_owned(),
            file_name: file_name(part),
        };
        self.parts += 1;
        if self.parts > PARTS {
            return Err(Error::TooLarge(format!(
                "A form must have at most {PARTS} fields"
            )));
        }
        self.count(part.name.len())?;
        Ok(Some(part))
    }

    /// The next chunk of the part's content; `None` at its end.
    ///
    /// # Errors
    /// As [`Form::next`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.head.store(0, Ordering::Relaxed);
        match &mut self.part {
            Some(part) => part.chunk().await.map_err(broken),
            None => Ok(None),
        }
    }

    /// The rest of the part's content as text, at most `most` bytes.
    ///
    /// # Errors
    /// As [`Form::next`].
    pub async fn text(&mut self, most: usize) -> Result<String> {
        let mut bytes = Vec::new();
        while let Some(some) = self.chunk().await? {
            bytes.extend_from_slice(&some);
            if bytes.len() > most {
                return Err(Error::TooLarge("A field of the form is too long".into()));
            }
            self.count(some.len())?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.texts += bytes;
        if self.texts > TEXTS {
            return Err(Error::TooLarge(format!(
                "The fields of the form must be at most {TEXTS} bytes in all"
            )));
        }
        Ok(())
    }
}

/// A form that cannot be parsed is the client's fault. A refusal by [`BoundedBody`] comes out as it went in.
fn broken(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Error>() {
            Ok(refused) => *refused,
            Err(cause) => Error::Malformed(format!("The form could not be read: {cause}")),
        },
        error => Error::Malformed(format!("The form could not be read: {error}")),
    }
}

/// The name of the part's file, if the part is a file. A name beyond ASCII may be in `filename*` (RFC 5987), with or without
/// a plain `filename` beside it.
fn file_name(field: &multer::Field<'_>) -> Option<String> {
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

/// The bytes that a percent-encoded text stands for; `None` if a `%` is not followed by two hex digits.
pub fn percent_decoded(text: &str) -> Option<Vec<u8>> {
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
