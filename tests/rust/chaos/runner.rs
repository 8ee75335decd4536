//! Runs the steps of a client group, and records the result of each call.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skiplino::jiff::Timestamp;
use skiplino::{
    BookTicketRequest, ChangeTimeRequest, Client, Clock, Customer, CustomerRef,
    CustomerUpdateRequest, CustomerWriteRequest, Error, ErrorKind, Outcome, Response, RetryPolicy,
    Ticket,
};
use skiplino_sandbox::DEMO_SECRET_KEY;
use skiplino_tests::TestSandbox;

use crate::plan::{self, Action, Booking, ClientGroup, Step};

/// A customer that was created before the faults.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub external_id: String,
}

/// One write and the result of its call.
#[derive(Debug)]
pub struct Record {
    pub marker: String,
    pub write: Write,
    pub result: CallResult,
    pub attempts: u32,
}

#[derive(Debug)]
pub enum Write {
    Book {
        customer: Option<String>,
        time: Option<Timestamp>,
    },
    Cancel {
        ticket: String,
    },
    Move {
        ticket: String,
        from: Timestamp,
        to: Timestamp,
    },
    Create {
        keyed: bool,
    },
    Update {
        customer: String,
    },
    Delete {
        customer: String,
    },
}

#[derive(Debug)]
pub enum CallResult {
    Success {
        /// Of the returned record; empty for a deletion.
        id: String,
        recovered: bool,
        /// A description of the returned record if it is not as requested.
        mismatch: Option<String>,
    },
    Failure {
        outcome: Outcome,
        kind: ErrorKind,
        text: String,
    },
}

/// Runs all tasks of a group.
pub async fn run(
    sandbox: Arc<TestSandbox>,
    group: ClientGroup,
    people: Vec<Person>,
) -> Vec<Record> {
    let attempt = Duration::from_millis(plan::ATTEMPT_TIMEOUT_MS);
    // Pauses long enough for some of the delayed requests to be applied during them.
    let retry = RetryPolicy::default().backoff(attempt, attempt * 10);
    // Some groups have a deadline too short for all retries.
    let deadline_seconds = if group.number % 4 == 3 { 10 } else { 600 };
    let client = sandbox
        .builder(DEMO_SECRET_KEY)
        .behind_network()
        .attempt_timeout(attempt)
        .deadline(Duration::from_secs(deadline_seconds))
        .retry(retry)
        .clock(Arc::new(FastClock(Instant::now())))
        .build()
        .unwrap();
    let people = Arc::new(people);
    let tasks: Vec<_> = group
        .tasks
        .into_iter()
        .map(|steps| {
            let mut task = Task {
                sandbox: Arc::clone(&sandbox),
                client: client.clone(),
                people: Arc::clone(&people),
                records: Vec::new(),
            };
            tokio::spawn(async move {
                for step in &steps {
                    task.run_step(step).await;
                }
                task.records
            })
        })
        .collect();
    let mut records = Vec::new();
    for task in tasks {
        records.extend(task.await.unwrap());
    }
    records
}

/// A clock that runs ten times as fast as the system clock, so that pauses are ten times shorter.
/// Attempt timeouts do not use it.
pub struct FastClock(Instant);

impl FastClock {
    pub const FACTOR: u32 = 10;
}

impl Clock for FastClock {
    fn now(&self) -> Instant {
        self.0 + self.0.elapsed() * Self::FACTOR
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(pause / Self::FACTOR))
    }
}

struct Task {
    sandbox: Arc<TestSandbox>,
    client: Client,
    people: Arc<Vec<Person>>,
    records: Vec<Record>,
}

impl Task {
    async fn run_step(&mut self, step: &Step) {
        let marker = &step.marker;
        let mark = json!({"marker": marker});
        match &step.action {
            Action::Book(booking) => self.book(marker, booking).await,
            Action::Create(external_id) => {
                let mut request = CustomerWriteRequest::new().metadata(mark.clone());
                if let Some(id) = external_id {
                    request = request.external_id(id.as_str());
                }
                let result = self.client.customers().create(request).with_response();
                let write = Write::Create {
                    keyed: external_id.is_some(),
                };
                let id = |customer: &Customer| customer.id().to_string();
                let mismatch = |customer: &Customer| metadata_mismatch(customer, &mark);
                self.keep(marker, write, result.await, id, mismatch);
            }
            Action::Update(number) => {
                let customer = self.people[*number].id.clone();
                let request = CustomerUpdateRequest::new(CustomerRef::id(customer.as_str()));
                let request = request.metadata(mark.clone());
                let result = self.client.customers().update(request).with_response();
                let id = |customer: &Customer| customer.id().to_string();
                let mismatch = |customer: &Customer| metadata_mismatch(customer, &mark);
                let write = Write::Update { customer };
                self.keep(marker, write, result.await, id, mismatch);
            }
            Action::Delete(number) => {
                let person = &self.people[*number];
                let customer = reference(person, number.is_multiple_of(2));
                let result = self.client.customers().delete(customer).with_response();
                let customer = person.id.clone();
                let write = Write::Delete { customer };
                self.keep(marker, write, result.await, |()| String::new(), |()| None);
            }
        }
    }

    async fn book(&mut self, marker: &str, booking: &Booking) {
        let (service, group) = booking.service;
        let person = booking
            .customer
            .map(|(number, _)| self.people[number].clone());
        let customer = booking
            .customer
            .map(|(number, by_external_id)| reference(&self.people[number], by_external_id));
        let mut request =
            BookTicketRequest::walk_in(service, group).options(json!({"marker": marker}));
        if let (Some(time), Some(customer)) = (booking.time, &customer) {
            request = BookTicketRequest::appointment(service, group, time, customer.clone())
                .options(json!({"marker": marker}));
        } else if let Some(customer) = &customer {
            request = request.customer(customer.clone());
        }
        let result = self.client.tickets().book(&request).with_response().await;
        let write = Write::Book {
            customer: person.as_ref().map(|person| person.id.clone()),
            time: booking.time,
        };
        let id = |ticket: &Ticket| ticket.id().to_string();
        let mismatch = |ticket: &Ticket| {
            let theirs = ticket.customer().map(|customer| customer.id().as_str());
            let matches = ticket.service().id().as_str() == service
                && ticket.group_of_service().id().as_str() == group
                && ticket.time() == booking.time
                && theirs == person.as_ref().map(|person| person.id.as_str());
            (!matches).then(|| format!("{ticket:?}"))
        };
        let Some(ticket) = self.keep(marker, write, result, id, mismatch) else {
            return;
        };
        if let (Some(from), Some(to), Some(customer)) =
            (booking.time, booking.reschedule_to, customer)
        {
            self.reschedule(marker, ticket.clone(), (from, to), customer)
                .await;
        }
        if booking.cancel {
            let result = self.client.tickets().cancel(ticket.as_str());
            let result = result.with_response().await;
            let mismatch = |got: &Ticket| {
                let matches = got.id().as_str() == ticket && got.status().as_str() == "cancelled";
                (!matches).then(|| format!("{got:?}"))
            };
            let write = Write::Cancel {
                ticket: ticket.clone(),
            };
            self.keep(marker, write, result, id, mismatch);
        }
    }

    async fn reschedule(
        &mut self,
        marker: &str,
        ticket: String,
        (from, to): (Timestamp, Timestamp),
        customer: CustomerRef,
    ) {
        // Staff check the customer in: only a waiting ticket can be rescheduled.
        let check_in = format!("POST /tickets/{ticket}/check-in");
        let sandbox = Arc::clone(&self.sandbox);
        let there =
            tokio::task::spawn_blocking(move || sandbox.try_control(&check_in, &json!({})).is_ok());
        if !there.await.unwrap() {
            // Another caller was given the same ticket: the comparison reports it.
            return;
        }
        let request = ChangeTimeRequest::new(to, customer);
        let result = self.client.tickets().reschedule(ticket.as_str(), &request);
        let result = result.with_response().await;
        let mismatch = |got: &Ticket| {
            let matches = got.id().as_str() == ticket && got.time() == Some(to);
            (!matches).then(|| format!("{got:?}"))
        };
        let write = Write::Move {
            ticket: ticket.clone(),
            from,
            to,
        };
        let id = |ticket: &Ticket| ticket.id().to_string();
        self.keep(marker, write, result, id, mismatch);
    }

    /// Records the result of a call. Returns the id of the record after a success.
    fn keep<T>(
        &mut self,
        marker: &str,
        write: Write,
        result: Result<Response<T>, Error>,
        id: impl FnOnce(&T) -> String,
        mismatch: impl FnOnce(&T) -> Option<String>,
    ) -> Option<String> {
        let (result, attempts, id) = match result {
            Ok(response) => {
                let id = id(response.data());
                let result = CallResult::Success {
                    id: id.clone(),
                    recovered: response.recovered(),
                    mismatch: mismatch(response.data()),
                };
                (result, response.attempts(), Some(id))
            }
            Err(error) => {
                let result = CallResult::Failure {
                    outcome: error.outcome(),
                    kind: error.kind(),
                    text: error.to_string(),
                };
                (result, error.attempts(), None)
            }
        };
        self.records.push(Record {
            marker: marker.to_owned(),
            write,
            result,
            attempts,
        });
        id
    }
}

fn reference(person: &Person, by_external_id: bool) -> CustomerRef {
    if by_external_id {
        CustomerRef::external_id(person.external_id.as_str())
    } else {
        CustomerRef::id(person.id.as_str())
    }
}

fn metadata_mismatch(customer: &Customer, mark: &Value) -> Option<String> {
    let metadata: Option<Value> = customer.metadata().ok().flatten();
    (metadata.as_ref() != Some(mark)).then(|| format!("{customer:?} with {metadata:?}"))
}
