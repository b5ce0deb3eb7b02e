//! What is mailed, and how? The templates of all mail, and the mailer that sends it by SMTP.

pub mod mailer;
pub mod templates;
