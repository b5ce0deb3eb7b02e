//! Ann speaks rooms, Bob speaks direct, and they talk with each other.

mod accounts;
mod catching_up;
mod one_order;
mod owners;
mod repeats;
mod spellings;
mod two_tongues;
