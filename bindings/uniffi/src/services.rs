//! Records of appointment slots, for operation 3.

use skiplino::Slot;

/// An appointment slot, as returned by operation 3.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeSlot {
    /// The start of the slot.
    pub time_ms: i64,
    /// The number of free places.
    pub remaining: u32,
}

impl From<&Slot> for NativeSlot {
    fn from(slot: &Slot) -> Self {
        Self {
            time_ms: slot.time().as_millisecond(),
            remaining: slot.remaining(),
        }
    }
}
