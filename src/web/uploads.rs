//! How are files taken in? Part by part, so that a file costs no more memory than a part.

use std::sync::Arc;

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};

use super::call::Call;
use super::forms::{Form, FormPart};
use super::media;
use super::rates::Rates;
use super::volume::Allowance;
use crate::core::error::{Error, Result};
use crate::core::limits::FILE_PART;
use crate::core::model::{ConversationId, File, FileId, Me};
use crate::core::{Core, file, hex};

/// How many bytes a field without a file may have: an id or a word.
const SHORT: usize = 1_000;

/// A file that is coming in.
pub struct Intake {
    core: Core,
    me: Me,
    original: String,
    most: u64,
    allowance: Allowance,
    /// Bytes that are not stored yet.
    rest: BytesMut,
    stored: Option<FileId>,
    parts: i64,
    size: u64,
    hash: digest::Context,
}

impl Intake {
    /// Begins a file of this name, uploaded by this person.
    ///
    /// # Errors
    /// `UsedUp` if this person has used up their upload volume.
    pub fn begin(core: Core, me: Me, original: String, rates: &Rates) -> Result<Self> {
        let most = core.limits().upload_bytes;
        let mut allowance = rates.upload_volume.of(me.id);
        allowance.take(0)?;
        Ok(Self {
            core,
            me,
            original,
            most,
            allowance,
            rest: BytesMut::new(),
            stored: None,
            parts: 0,
            size: 0,
            hash: digest::Context::new(&digest::SHA256),
        })
    }

    /// Takes in some bytes.
    ///
    /// # Errors
    /// `TooLarge` past the limit of a file, `UsedUp` past this person's upload volume; what the writer refuses.
    pub async fn add(&mut self, bytes: Bytes) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(Error::TooLarge(format!(
                "A file must be at most {} bytes",
                self.most
            )));
        }
        self.allowance.take(self.size)?;
        self.hash.update(&bytes);
        self.rest.extend_from_slice(&bytes);
        while self.rest.len() >= FILE_PART {
            let part = self.rest.split_to(FILE_PART).freeze();
            self.store(part).await?;
        }
        Ok(())
    }

    /// Completes the file and shares it in this conversation; without one it is the uploader's own. A repeat of a `client_id`
    /// returns the first file.
    ///
    /// # Errors
    /// `NotFound` if the uploader may not share it there, `Invalid` for a bad name or `client_id`.
    pub async fn finish(
        mut self,
        conversation: Option<ConversationId>,
        client_id: Option<String>,
    ) -> Result<Arc<File>> {
        let part = self.rest.split().freeze();
        self.store(part).await?;
        let id = self
            .stored
            .ok_or_else(|| Error::Internal("a file was not stored".into()))?;
        let me = self.me.clone();
        let hash = hex(self.hash.clone().finish().as_ref());
        let whole = file::FinishedUpload {
            conversation,
            size: self.size,
            hash,
            client_id,
        };
        let file = self
            .core
            .write(move |tx| file::finish(tx, &me, id, &whole))
            .await?;
        self.stored = None;
        Ok(file)
    }

    async fn store(&mut self, part: Bytes) -> Result<()> {
        let id = match self.stored {
            Some(id) => id,
            None => {
                let (me, original) = (self.me.clone(), self.original.clone());
                let media_type = media::of(&part, &original);
                let made = self
                    .core
                    .write(move |tx| file::begin(tx, &me, &original, &media_type))
                    .await;
                *self.stored.insert(made?)
            }
        };
        let position = self.parts;
        self.parts += 1;
        if part.is_empty() {
            return Ok(());
        }
        self.core.add_part(id, position, part).await
    }
}

impl Drop for Intake {
    /// A file that was not completed is deleted.
    fn drop(&mut self) {
        if let Some(id) = self.stored {
            drop(self.core.write(move |tx| file::abandon(tx, id)));
        }
    }
}

/// Where an upload is to be shared.
#[derive(Clone, Copy)]
pub enum Destination<'n> {
    /// In the conversation that the form or the query names in a field of one of these names, if any.
    Named(&'n [&'n str]),
    Here(ConversationId),
}

/// Takes a `multipart/form-data` upload: a `file`, and where it is to be shared.
///
/// # Errors
/// `WrongType` for another content type, `Malformed` for a broken form, `Invalid` without a file, `TooLarge`, and `UsedUp`
/// if this person has used up their upload volume.
pub async fn take_upload(call: &mut Call, me: Me, to: Destination<'_>) -> Result<Arc<File>> {
    let mut query = call.query();
    let (place_names, mut conversation) = match to {
        Destination::Named(names) => (names, query.optional_id(names)),
        Destination::Here(conversation) => (&[][..], Some(conversation)),
    };
    query.done(Some(()))?;
    if let Some(conversation) = conversation {
        let me = me.clone();
        call.read(move |view| file::may_share(view, &me, conversation))
            .await?;
    }

    let most = call.core().limits().upload_bytes;
    let mut form = Form::open(call, most)?;
    let (mut intake, mut client_id) = (None, None);
    while let Some(FormPart { name, file_name }) = form.next().await? {
        if name == "file" && intake.is_none() {
            let original = file_name.unwrap_or_else(|| "file".to_owned());
            let rates = &call.web().rates;
            let mut file = Intake::begin(call.core().clone(), me.clone(), original, rates)?;
            while let Some(bytes) = form.chunk().await? {
                file.add(bytes).await?;
            }
            intake = Some(file);
        } else if name == "clientMessageId" {
            client_id = Some(form.text(SHORT).await?);
        } else if place_names.contains(&name.as_str()) {
            let text = form.text(SHORT).await?;
            let read = call.core().spelling().read(text.trim());
            conversation = Some(read.ok_or_else(|| {
                Error::invalid(place_names[0], "must be the id of a conversation")
            })?);
        }
    }
    let file = intake.ok_or_else(|| Error::invalid("file", "is required"))?;
    file.finish(conversation, client_id).await
}
