//! Who is not let in hears and reads nothing, by whatever way.

mod members_only;
mod strangers;
mod table;
mod tokens;
