//! Ann speaks rooms, Bob speaks direct, and they talk with each other.

mod accounts;
mod catching_up;
mod crowds;
mod gone;
mod names;
mod one_order;
mod one_position;
mod owners;
mod repeats;
mod search;
mod signs;
mod spellings;
mod stage;
mod table;
mod two_tongues;
