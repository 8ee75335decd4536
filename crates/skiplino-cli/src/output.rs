//! Everything that is printed: lines and tables for people, JSON for programs, progress.

mod progress;
mod stream;
mod table;
mod text;

pub(crate) use crate::output::progress::Progress;
pub(crate) use crate::output::stream::{Output, use_colour};
pub(crate) use crate::output::table::{Cell, Column, Listing, print_table};
pub(crate) use crate::output::text::counted;
