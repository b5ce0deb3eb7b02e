//! The direct document, part by part in its own order.

mod entering;
mod notices;
mod receipts;
mod sending;
mod typing;
