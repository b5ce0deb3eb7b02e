//! What is written, and who brings it? The letters, and the postman who hands them over by SMTP.

pub mod letters;
pub mod postman;
