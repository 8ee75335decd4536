//! Kotlin's way to what waits for the network. The one that UniFFI has for it goes through JNA with several structures by value and a
//! callback for each call, which cost more than all the rest of a call does. Here numbers and arrays of bytes are all that crosses, nothing
//! calls into the JVM, and what a call and its answer consist of is still written and read by UniFFI's converters.
//!
//! A call begins on the caller's thread and goes on in a task of the runtime. One thread of the JVM's lends itself to drive that: it comes
//! in with [`skiplino_kotlin_wait`], and out with all answers that there are.

use std::any::Any;
use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt as _;
use tokio::task::AbortHandle;
use uniffi::{Lift, Lower};

use crate::UniFfiTag;
use crate::calls::{CancelHandle, NativeCallOptions, Sending};
use crate::client::NativeClient;
use crate::customers::{NativeCustomerFields, NativeCustomerRef};
use crate::errors::SkiplinoError;
use crate::pages::{CustomerPages, TicketPages};
use crate::runtime::{Outcome, Work, runtime};
use crate::tickets::NativeBooking;
use crate::watch::TicketWatch;

/// What can be asked: the functions of the same names say more, and what they answer with.
#[derive(uniffi::Enum)]
pub enum NativeCall {
    /// Of a client.
    ListBranches { options: NativeCallOptions },
    /// Of a client.
    GetBranchTree {
        branch_id: String,
        options: NativeCallOptions,
    },
    /// Of a client.
    ListSlots {
        service_id: String,
        date: Option<String>,
        options: NativeCallOptions,
    },
    /// Of a client.
    BookTicket {
        booking: NativeBooking,
        options: NativeCallOptions,
    },
    /// Of a client.
    GetTicket {
        ticket_id: String,
        options: NativeCallOptions,
    },
    /// Of a client.
    CancelTicket {
        ticket_id: String,
        options: NativeCallOptions,
    },
    /// Of a client.
    RescheduleTicket {
        ticket_id: String,
        time_ms: i64,
        customer: NativeCustomerRef,
        options: NativeCallOptions,
    },
    /// Of a client.
    CreateCustomer {
        external_id: Option<String>,
        fields: NativeCustomerFields,
        options: NativeCallOptions,
    },
    /// Of a client.
    ListCustomers {
        page: i64,
        limit: Option<i64>,
        options: NativeCallOptions,
    },
    /// Of a client.
    GetCustomer {
        customer: NativeCustomerRef,
        options: NativeCallOptions,
    },
    /// Of a client.
    FindCustomer {
        customer: NativeCustomerRef,
        options: NativeCallOptions,
    },
    /// Of a client.
    UpdateCustomer {
        customer: NativeCustomerRef,
        new_external_id: Option<String>,
        fields: NativeCustomerFields,
        options: NativeCallOptions,
    },
    /// Of a client.
    DeleteCustomer {
        customer: NativeCustomerRef,
        options: NativeCallOptions,
    },
    /// Of a client.
    ListCustomerTickets {
        customer: NativeCustomerRef,
        page: i64,
        limit: Option<i64>,
        options: NativeCallOptions,
    },
    /// Of a walk over customers.
    NextCustomers,
    /// Of a walk over tickets.
    NextTickets,
    /// Of a watch.
    NextChange,
    /// Of a client.
    #[cfg(feature = "testing")]
    TestingPanic,
}

/// An answer as Kotlin reads it: 0 and the answer itself, or 1 and the error.
type Answer = Vec<u8>;

fn answer<R: Lower<UniFfiTag>>(result: Result<R, SkiplinoError>) -> Answer {
    let mut answer = Vec::new();
    match result {
        Ok(result) => {
            answer.push(0);
            R::write(result, &mut answer);
        }
        Err(error) => {
            answer.push(1);
            <SkiplinoError as Lower<UniFfiTag>>::write(error, &mut answer);
        }
    }
    answer
}

/// What can be asked something.
type Numbered = dyn Any + Send + Sync;

/// By their numbers. Being here keeps none of them alive.
static NUMBERED: LazyLock<Mutex<HashMap<u64, Weak<Numbered>>>> = LazyLock::new(Mutex::default);

fn number(of: Arc<Numbered>) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let mut numbered = locked(&NUMBERED);
    if numbered.len() == numbered.capacity() {
        numbered.retain(|_, of| of.strong_count() > 0);
    }
    numbered.insert(number, Arc::downgrade(&of));
    number
}

macro_rules! numbered {
    ($($of:ty,)+) => {
        $(#[uniffi::export]
        impl $of {
            /// The number by which calls find it.
            pub fn number(self: Arc<Self>) -> u64 {
                number(self)
            }
        })+
    };
}

numbered! {
    NativeClient,
    CustomerPages,
    TicketPages,
    TicketWatch,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that ends with an answer. A panic meanwhile is an error.
struct Asked {
    work: Work,
    answer: fn(Outcome) -> Answer,
}

impl<R: Lower<UniFfiTag> + 'static> From<Sending<R>> for Asked {
    fn from(sending: Sending<R>) -> Self {
        Self {
            work: sending.into_work(),
            answer: |outcome| answer(Sending::<R>::shaped(outcome)),
        }
    }
}

impl Future for Asked {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let polled = guard(Poll::Ready(Err(SkiplinoError::bug())), || {
            self.work.as_mut().poll(context)
        });
        polled.map(self.answer)
    }
}

fn numbered<T: Send + Sync + 'static>(number: u64) -> Result<Arc<T>, SkiplinoError> {
    let found = locked(&NUMBERED).get(&number).and_then(Weak::upgrade);
    let found = found.ok_or_else(SkiplinoError::closed)?;
    found.downcast().map_err(|_| SkiplinoError::bug())
}

fn ask(of: u64, call: NativeCall, cancel: Arc<CancelHandle>) -> Result<Asked, SkiplinoError> {
    let cancel = Some(cancel);
    macro_rules! ask {
        ($of:ty, $method:ident($($argument:expr),*)) => {
            numbered::<$of>(of)?.$method($($argument,)* cancel).into()
        };
    }
    Ok(match call {
        NativeCall::ListBranches { options } => ask!(NativeClient, list_branches(options)),
        NativeCall::GetBranchTree { branch_id, options } => {
            ask!(NativeClient, get_branch_tree(branch_id, options))
        }
        NativeCall::ListSlots {
            service_id,
            date,
            options,
        } => ask!(NativeClient, list_slots(service_id, date, options)),
        NativeCall::BookTicket { booking, options } => {
            ask!(NativeClient, book_ticket(booking, options))
        }
        NativeCall::GetTicket { ticket_id, options } => {
            ask!(NativeClient, get_ticket(ticket_id, options))
        }
        NativeCall::CancelTicket { ticket_id, options } => {
            ask!(NativeClient, cancel_ticket(ticket_id, options))
        }
        NativeCall::RescheduleTicket {
            ticket_id,
            time_ms,
            customer,
            options,
        } => ask!(
            NativeClient,
            reschedule_ticket(ticket_id, time_ms, customer, options)
        ),
        NativeCall::CreateCustomer {
            external_id,
            fields,
            options,
        } => ask!(NativeClient, create_customer(external_id, fields, options)),
        NativeCall::ListCustomers {
            page,
            limit,
            options,
        } => ask!(NativeClient, list_customers(page, limit, options)),
        NativeCall::GetCustomer { customer, options } => {
            ask!(NativeClient, get_customer(customer, options))
        }
        NativeCall::FindCustomer { customer, options } => {
            ask!(NativeClient, find_customer(customer, options))
        }
        NativeCall::UpdateCustomer {
            customer,
            new_external_id,
            fields,
            options,
        } => ask!(
            NativeClient,
            update_customer(customer, new_external_id, fields, options)
        ),
        NativeCall::DeleteCustomer { customer, options } => {
            ask!(NativeClient, delete_customer(customer, options))
        }
        NativeCall::ListCustomerTickets {
            customer,
            page,
            limit,
            options,
        } => ask!(
            NativeClient,
            list_customer_tickets(customer, page, limit, options)
        ),
        NativeCall::NextCustomers => ask!(CustomerPages, next()),
        NativeCall::NextTickets => ask!(TicketPages, next()),
        NativeCall::NextChange => ask!(TicketWatch, next()),
        #[cfg(feature = "testing")]
        NativeCall::TestingPanic => crate::testing::panics::<bool>().into(),
    })
}

/// A call that has begun.
struct UnderWay {
    cancel: Arc<CancelHandle>,
    /// Once it has one.
    task: Option<AbortHandle>,
}

/// What callers and the thread that drives their calls have in common.
#[derive(Default)]
struct Calls {
    /// By the numbers that Kotlin gave them.
    under_way: HashMap<u64, UnderWay>,
    /// Those that have no task yet.
    begun: Vec<(u64, Asked)>,
    /// Answers that nobody has come for, one after the other: the number of the call, the answer's length, the answer. Before all of them
    /// is their length in bytes.
    answers: Vec<u8>,
    /// Wakes the thread that drives, where it waits for one of these.
    driver: Option<Waker>,
}

static CALLS: LazyLock<Mutex<Calls>> = LazyLock::new(Mutex::default);

impl Calls {
    fn add(&mut self, number: u64, answer: &[u8]) {
        /// What is before the answers.
        const HEAD: usize = size_of::<u32>();
        if self.answers.is_empty() {
            self.answers.resize(HEAD, 0);
        }
        // The core reads no more than a cap that is far below what does not fit.
        let length = u32::try_from(answer.len()).unwrap_or(u32::MAX);
        self.answers.extend_from_slice(&number.to_be_bytes());
        self.answers.extend_from_slice(&length.to_be_bytes());
        self.answers.extend_from_slice(answer);
        let length = u32::try_from(self.answers.len() - HEAD).unwrap_or(u32::MAX);
        if let Some(head) = self.answers.first_chunk_mut::<HEAD>() {
            *head = length.to_ne_bytes();
        }
    }
}

/// Changes something that the thread that drives has to look at.
fn tell(change: impl FnOnce(&mut Calls)) {
    let mut calls = locked(&CALLS);
    change(&mut calls);
    let driver = calls.driver.take();
    drop(calls);
    if let Some(driver) = driver {
        driver.wake();
    }
}

/// Begins a call; its answer where it is here at once, as that of one that is refused.
fn begin(of: u64, number: u64, mut call: &[u8]) -> Option<Answer> {
    let Ok(call) = <NativeCall as Lift<UniFfiTag>>::try_read(&mut call) else {
        return Some(answer::<bool>(Err(SkiplinoError::bug())));
    };
    let cancel = CancelHandle::new();
    let mut asked = match ask(of, call, Arc::clone(&cancel)) {
        Ok(asked) => asked,
        Err(refusal) => return Some(answer::<bool>(Err(refusal))),
    };
    let context = &mut Context::from_waker(Waker::noop());
    if let Poll::Ready(answer) = asked.poll_unpin(context) {
        return Some(answer);
    }
    tell(|calls| {
        let task = None;
        calls.under_way.insert(number, UnderWay { cancel, task });
        calls.begun.push((number, asked));
    });
    None
}

/// Ends a call that is under way.
fn end(number: u64, drop: bool) {
    let mut calls = locked(&CALLS);
    if drop {
        let ended = calls.under_way.remove(&number);
        if let Some(task) = ended.and_then(|call| call.task) {
            task.abort();
        }
    } else if let Some(call) = calls.under_way.get(&number) {
        call.cancel.cancel();
    }
}

/// Drives all calls until some have ended, and gives their answers. Where there can be no runtime, those that have begun are refused, or
/// they would wait for longer than they may; nothing is given then where there are none.
fn drive() -> Option<Vec<u8>> {
    let Ok(runtime) = runtime() else {
        let mut calls = locked(&CALLS);
        let refused = mem::take(&mut calls.begun);
        for (number, _) in &refused {
            calls.under_way.remove(number);
            calls.add(*number, &answer::<bool>(Err(SkiplinoError::bug())));
        }
        let answers = mem::take(&mut calls.answers);
        drop(calls);
        return (!answers.is_empty()).then_some(answers);
    };
    Some(runtime.block_on(poll_fn(|context| {
        let mut calls = locked(&CALLS);
        for (number, asked) in mem::take(&mut calls.begun) {
            // One that was dropped meanwhile is not there any more.
            if let Some(call) = calls.under_way.get_mut(&number) {
                let task = tokio::spawn(async move {
                    let answer = asked.await;
                    tell(|calls| {
                        calls.under_way.remove(&number);
                        calls.add(number, &answer);
                    });
                });
                call.task = Some(task.abort_handle());
            }
        }
        if calls.answers.is_empty() {
            calls.driver = Some(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(mem::take(&mut calls.answers))
    })))
}

/// Runs `body`; a panic ends here, and gives `otherwise`.
fn guard<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        // Dropping what was panicked with could panic again.
        mem::forget(panic);
        otherwise
    })
}

/// Begins a call, a [`NativeCall`] as UniFFI's converters write it: the first `length` bytes of `buffer`. Gives -1 where it is under way,
/// and where its answer is here at once, the answer's length; the answer is in the buffer then. An answer that does not fit comes like
/// one that took longer.
///
/// `of` is what is asked, and `number` one that no other call has.
///
/// # Safety
///
/// `buffer` has `capacity` bytes that are written and that nobody else looks at meanwhile, and `length` is no more than that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn skiplino_kotlin_begin(
    of: i64,
    number: i64,
    buffer: *mut u8,
    capacity: i32,
    length: i32,
) -> i32 {
    guard(-2, || {
        let (Ok(capacity), Ok(length)) = (usize::try_from(capacity), usize::try_from(length))
        else {
            return -2;
        };
        // SAFETY: the caller promises so many bytes, for as long as this takes.
        let buffer = unsafe { slice::from_raw_parts_mut(buffer, capacity) };
        let Some(call) = buffer.get(..length) else {
            return -2;
        };
        let Some(answer) = begin(of.cast_unsigned(), number.cast_unsigned(), call) else {
            return -1;
        };
        let length = i32::try_from(answer.len());
        match (buffer.get_mut(..answer.len()), length) {
            (Some(begin), Ok(length)) => {
                begin.copy_from_slice(&answer);
                length
            }
            _ => {
                tell(|calls| calls.add(number.cast_unsigned(), &answer));
                -1
            }
        }
    })
}

/// Ends a call that is under way: drops it, or has it end by itself with what is known of its outcome.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_end(number: i64, drop: i8) {
    guard((), || end(number.cast_unsigned(), drop != 0));
}

/// Drives all calls until some have ended, and gives their answers; NULL where there can be no runtime, and none has begun. They are there
/// until it is called again. Its one caller is the thread that does nothing else.
#[unsafe(no_mangle)]
pub extern "C" fn skiplino_kotlin_wait() -> *const u8 {
    static GIVEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    guard(ptr::null(), || {
        let Some(answers) = drive() else {
            return ptr::null();
        };
        let mut given = locked(&GIVEN);
        *given = answers;
        given.as_ptr()
    })
}
