//! Random ids that depend only on the seed and the row.

use rand::{RngExt, SeedableRng, rngs::StdRng};

const ALPHANUMERIC: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEXADECIMAL: &[u8] = b"0123456789abcdef";

/// Separates the random numbers of customers and tickets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Customer,
    Ticket,
}

/// The random numbers of a row. They depend only on the seed and the row, so they are the same
/// after a restart.
pub(super) fn rng(seed: u64, kind: Kind, seq: i64) -> StdRng {
    let row = seq.unsigned_abs() << 1 | kind as u64;
    StdRng::seed_from_u64(seed.rotate_left(40) ^ row)
}

pub(super) fn new(rng: &mut StdRng, kind: Kind) -> String {
    let (digits, length) = match kind {
        Kind::Customer => (HEXADECIMAL, 32),
        Kind::Ticket => (ALPHANUMERIC, 10),
    };
    (0..length)
        .filter_map(|_| digits.get(rng.random_range(0..digits.len())))
        .map(|digit| char::from(*digit))
        .collect()
}
