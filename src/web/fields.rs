//! Is the input well formed? Takes fields out of what a client sent, and collects everything that is wrong with them.

use bytes::Bytes;

use super::input::Input;
use crate::core::error::{Error, Fault, Result};
use crate::core::id::{Id, IdKind, Spelling};
use crate::core::model::Named;
use crate::core::{file, text};

/// The names that the documents give a message's text; each is accepted in place of the others.
pub const CONTENT: &[&str] = &["content", "message", "text"];

/// The fields of a body, a query or an event, and what is wrong with them so far. If a field has several names, the
/// first is the document's, and faults use it.
pub struct Fields<'s> {
    input: Input,
    spelling: &'s Spelling,
    faults: Vec<Fault>,
}

impl<'s> Fields<'s> {
    pub fn new(input: Input, spelling: &'s Spelling) -> Self {
        Self {
            input,
            spelling,
            faults: Vec::new(),
        }
    }

    /// How ids are spelled here.
    pub fn spelling(&self) -> &'s Spelling {
        self.spelling
    }

    /// A text; empty if it is missing.
    pub fn text(&mut self, names: &[&str]) -> String {
        self.optional_text(names).unwrap_or_default()
    }

    pub fn optional_text(&mut self, names: &[&str]) -> Option<String> {
        match self.take(names)? {
            Input::Text(text) => Some(text),
            _ => self.wrong(names, "must be a string"),
        }
    }

    /// A six-digit code that somebody typed; a client may send it as a number.
    pub fn code(&mut self, name: &str) -> String {
        match self.take(&[name]) {
            Some(Input::Text(text)) => text.trim().to_owned(),
            Some(Input::Integer(number)) => format!("{number:06}"),
            _ => {
                self.fault(name, "must be the code that was sent");
                String::new()
            }
        }
    }

    /// A text that must be there. Whether it may be empty or is too long, the verb that takes it checks.
    pub fn required_text(&mut self, names: &[&str]) -> String {
        let given = self.optional_text(names);
        given
            .or_else(|| self.wrong(names, "must not be empty"))
            .unwrap_or_default()
    }

    /// An e-mail address, trimmed and checked, because verbs look accounts and codes up by it.
    pub fn email(&mut self) -> String {
        let email = self.text(&["email"]).trim().to_owned();
        self.check("email", text::wrong_with_email(&email));
        email
    }

    /// A password that somebody chooses; checked here, because verbs only get its hash.
    pub fn new_password(&mut self) -> String {
        let password = self.text(&["password"]);
        self.check("password", text::wrong_with_password(&password));
        password
    }

    /// The same, if it is there.
    pub fn optional_new_password(&mut self) -> Option<String> {
        let password = self.optional_text(&["password"])?;
        self.check("password", text::wrong_with_password(&password));
        Some(password)
    }

    pub fn id<K: IdKind>(&mut self, names: &[&str]) -> Option<Id<K>> {
        match self.take(names) {
            Some(given) => self.read_id(names, given),
            None => self.wrong(names, "is required"),
        }
    }

    pub fn optional_id<K: IdKind>(&mut self, names: &[&str]) -> Option<Id<K>> {
        let given = self.take(names)?;
        self.read_id(names, given)
    }

    /// An id: the whole input, or a field of it with one of these names.
    pub fn bare_id<K: IdKind>(&mut self, names: &[&str]) -> Option<Id<K>> {
        match &self.input {
            Input::Fields(_) => self.id(names),
            Input::Null => self.wrong(names, "is required"),
            _ => {
                let given = std::mem::take(&mut self.input);
                self.read_id(names, given)
            }
        }
    }

    /// A list of ids.
    pub fn ids<K: IdKind>(&mut self, names: &[&str]) -> Vec<Id<K>> {
        match self.take(names) {
            Some(Input::List(items)) => items
                .into_iter()
                .filter_map(|given| self.read_id(names, given))
                .collect(),
            _ => {
                self.fault(names[0], format!("must be a list of {} ids", K::NAME));
                Vec::new()
            }
        }
    }

    /// Ids in one text, with commas between them, as a query has them: at most `most`, none if it is missing.
    pub fn listed_ids<K: IdKind>(&mut self, names: &[&str], most: usize) -> Vec<Id<K>> {
        let listed = self.text(names);
        let listed = listed.split(',').map(str::trim);
        let mut ids = Vec::new();
        for given in listed.filter(|given| !given.is_empty()) {
            if ids.len() == most {
                self.fault(names[0], format!("must be at most {most} ids"));
                break;
            }
            ids.extend(self.read_id(names, Input::Text(given.to_owned())));
        }
        ids
    }

    /// The items of a list; none if it is missing.
    pub fn list(&mut self, names: &[&str]) -> Vec<Input> {
        match self.take(names) {
            None => Vec::new(),
            Some(Input::List(items)) => items,
            Some(_) => {
                self.fault(names[0], "must be a list");
                Vec::new()
            }
        }
    }

    /// `true` or `false`; `default` if it is missing.
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        self.optional_flag(name).unwrap_or(default)
    }

    pub fn optional_flag(&mut self, name: &str) -> Option<bool> {
        match self.take(&[name])? {
            Input::Flag(flag) => Some(flag),
            _ => self.wrong(&[name], "must be true or false"),
        }
    }

    /// A number of days; `Some(None)` if it is null.
    pub fn optional_days(&mut self, names: &[&str]) -> Option<Option<u32>> {
        if !self.has(names) {
            return None;
        }
        let days = match self.take(names) {
            None => Some(None),
            Some(Input::Integer(days)) => u32::try_from(days).ok().map(Some),
            Some(Input::Text(text)) => text.parse().ok().map(Some),
            Some(_) => None,
        };
        days.or_else(|| self.wrong(names, "must be a whole number of days, or null"))
    }

    /// A file of this server: by an id, by its path, or by its whole URL.
    pub fn optional_file(&mut self, name: &str, public_url: &str) -> Option<Named> {
        let named = match self.take(&[name])? {
            Input::Integer(number) => Id::new(number).map(|id| Named { id, sealed: false }),
            Input::Text(text) => {
                let path = text.strip_prefix(public_url).unwrap_or(&text);
                file::at(self.spelling, path).or_else(|| file::named(self.spelling, &text))
            }
            _ => None,
        };
        named.or_else(|| self.wrong(&[name], "must be a file here"))
    }

    /// The fields that were not taken, unless something is wrong.
    ///
    /// # Errors
    /// `Invalid`, with every fault.
    pub fn rest(self) -> Result<Input> {
        if self.faults.is_empty() {
            Ok(self.input)
        } else {
            Err(Error::Invalid(self.faults))
        }
    }

    /// Is there a field of one of these names?
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.input.has(name))
    }

    pub fn binary(&mut self, names: &[&str]) -> Option<Bytes> {
        match self.take(names) {
            Some(Input::Binary(bytes)) => Some(bytes),
            _ => self.wrong(names, "must be binary"),
        }
    }

    /// A whole number from `least` to `most`, also as decimal text, because a query is text.
    pub fn number(&mut self, name: &str, default: u32, least: u32, most: u32) -> u32 {
        let number = match self.take(&[name]) {
            None => Some(default),
            Some(Input::Integer(number)) => u32::try_from(number).ok(),
            Some(Input::Text(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let inside = number.filter(|number| (least..=most).contains(number));
        inside.unwrap_or_else(|| {
            self.fault(
                name,
                format!("must be a whole number from {least} to {most}"),
            );
            default
        })
    }

    /// The value of one of these words; that of the first if the field is missing.
    pub fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let given = self.optional_text(&[name]);
        let chosen = match given.as_deref() {
            None => Some(words[0].1),
            Some(given) => words
                .iter()
                .find(|(word, _)| *word == given)
                .map(|(_, value)| *value),
        };
        chosen.unwrap_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("must be one of {}", known.join(", ")));
            words[0].1
        })
    }

    /// Adds a fault.
    pub fn fault(&mut self, field: &str, wrong: impl Into<String>) {
        self.also_wrong(vec![Fault::new(field, wrong)]);
    }

    /// Adds the fault that a check found, if it found one.
    pub fn check(&mut self, field: &str, wrong: Option<String>) {
        if let Some(wrong) = wrong {
            self.fault(field, wrong);
        }
    }

    /// Adds the faults that a check in core found; of one field the first fault counts.
    pub fn also_wrong(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            if !self.faults.iter().any(|known| known.field == fault.field) {
                self.faults.push(fault);
            }
        }
    }

    pub fn is_wrong(&self) -> bool {
        !self.faults.is_empty()
    }

    /// If something is wrong, so that no verb will check these, names their faults as well.
    pub fn name_also(&mut self, faults: impl FnOnce() -> Vec<Fault>) {
        if self.is_wrong() {
            self.also_wrong(faults());
        }
    }

    /// The refusal for everything that is wrong so far, and for these faults.
    pub fn refused(mut self, faults: Vec<Fault>) -> Error {
        self.also_wrong(faults);
        Error::Invalid(self.faults)
    }

    /// The values that were taken, unless something is wrong.
    ///
    /// # Errors
    /// `Invalid`, with every fault.
    pub fn done<T>(self, taken: Option<T>) -> Result<T> {
        match taken {
            Some(taken) if self.faults.is_empty() => Ok(taken),
            _ => Err(Error::Invalid(self.faults)),
        }
    }

    fn take(&mut self, names: &[&str]) -> Option<Input> {
        let found = names.iter().find_map(|name| self.input.take(name));
        found.filter(|given| *given != Input::Null)
    }

    fn read_id<K: IdKind>(&mut self, names: &[&str], given: Input) -> Option<Id<K>> {
        let id = match given {
            Input::Integer(number) => Id::new(number),
            Input::Text(text) => self.spelling.read(&text),
            _ => None,
        };
        id.or_else(|| self.wrong(names, format!("must be the id of a {}", K::NAME)))
    }

    fn wrong<T>(&mut self, names: &[&str], wrong: impl Into<String>) -> Option<T> {
        self.fault(names[0], wrong);
        None
    }
}
