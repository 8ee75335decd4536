//! The objects that Kotlin calls, by numeric handle.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use crate::errors::SkiplinoError;

type Object = dyn Any + Send + Sync;

/// The objects by handle. The registry keeps no object alive.
static HANDLES: LazyLock<Mutex<HashMap<u64, Weak<Object>>>> = LazyLock::new(Mutex::default);

/// Registers an object and returns its handle.
pub(crate) fn register(object: Arc<Object>) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let handle = LAST.fetch_add(1, Ordering::Relaxed);
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    if handles.len() == handles.capacity() {
        handles.retain(|_, object| object.strong_count() > 0);
    }
    handles.insert(handle, Arc::downgrade(&object));
    handle
}

/// The object with this handle.
pub(crate) fn find<T: Send + Sync + 'static>(handle: u64) -> Result<Arc<T>, SkiplinoError> {
    let handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    let object = handles.get(&handle).and_then(Weak::upgrade);
    drop(handles);
    let object = object.ok_or_else(SkiplinoError::closed)?;
    object.downcast().map_err(|_| SkiplinoError::internal())
}
