//! Ann speaks rooms, Bob speaks direct, and they talk with each other.

mod accounts;
mod catching_up;
mod changed;
mod changes;
mod crowds;
mod gone;
mod group_owners;
mod levels;
mod names;
mod old_clients;
mod one_order;
mod one_position;
mod oneself;
mod own_reading;
mod owners;
mod presence;
mod repeats;
mod retention;
mod search;
mod signs;
mod spellings;
mod stage;
mod table;
mod too_much;
mod two_tongues;
