//! Carries out the steps of a crew, and keeps what its callers were told.

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
use skiplino_tests::Bench;

use crate::plan::{self, Booking, Crew, Deed, Step};

/// A customer that was there before the faults.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub external_id: String,
}

/// One write: what it was to do, and what its caller was told.
#[derive(Debug)]
pub struct Record {
    pub marker: String,
    pub write: Write,
    pub told: Told,
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
pub enum Told {
    Done {
        /// Of the record that came back; empty for a deletion.
        id: String,
        recovered: bool,
        /// What the record that came back should not be.
        amiss: Option<String>,
    },
    Failed {
        outcome: Outcome,
        kind: ErrorKind,
        text: String,
    },
}

/// Runs a crew to its end.
pub async fn run(bench: Arc<Bench>, crew: Crew, people: Vec<Person>) -> Vec<Record> {
    let attempt = Duration::from_millis(plan::ATTEMPT);
    // Pauses long enough for some of the late ones to arrive in them.
    let retry = RetryPolicy::default().backoff(attempt, attempt * 10);
    // Some have to give up in the middle.
    let patience = if crew.number % 4 == 3 { 10 } else { 600 };
    let client = bench
        .builder(DEMO_SECRET_KEY)
        .attempt_timeout(attempt)
        .deadline(Duration::from_secs(patience))
        .retry(retry)
        .clock(Arc::new(Hurried(Instant::now())))
        .build()
        .unwrap();
    let people = Arc::new(people);
    let tasks: Vec<_> = crew
        .tasks
        .into_iter()
        .map(|steps| {
            let mut task = Task {
                bench: Arc::clone(&bench),
                client: client.clone(),
                people: Arc::clone(&people),
                records: Vec::new(),
            };
            tokio::spawn(async move {
                for step in &steps {
                    task.take(step).await;
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

/// A clock that runs ten times as fast as the system's: so much shorter are all pauses. How long an answer may take is not its business.
struct Hurried(Instant);

impl Hurried {
    const FACTOR: u32 = 10;
}

impl Clock for Hurried {
    fn now(&self) -> Instant {
        self.0 + self.0.elapsed() * Self::FACTOR
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(pause / Self::FACTOR))
    }
}

struct Task {
    bench: Arc<Bench>,
    client: Client,
    people: Arc<Vec<Person>>,
    records: Vec<Record>,
}

impl Task {
    async fn take(&mut self, step: &Step) {
        let marker = &step.marker;
        let mark = json!({"marker": marker});
        match &step.deed {
            Deed::Book(booking) => self.book(marker, booking).await,
            Deed::Create(external_id) => {
                let mut request = CustomerWriteRequest::new().metadata(mark.clone());
                if let Some(id) = external_id {
                    request = request.external_id(id.as_str());
                }
                let result = self.client.customers().create(request).with_response();
                let write = Write::Create {
                    keyed: external_id.is_some(),
                };
                let id = |customer: &Customer| customer.id().to_string();
                let amiss = |customer: &Customer| misses(customer, &mark);
                self.keep(marker, write, result.await, id, amiss);
            }
            Deed::Update(number) => {
                let customer = self.people[*number].id.clone();
                let request = CustomerUpdateRequest::new(CustomerRef::id(customer.as_str()));
                let request = request.metadata(mark.clone());
                let result = self.client.customers().update(request).with_response();
                let id = |customer: &Customer| customer.id().to_string();
                let amiss = |customer: &Customer| misses(customer, &mark);
                let write = Write::Update { customer };
                self.keep(marker, write, result.await, id, amiss);
            }
            Deed::Delete(number) => {
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
        let amiss = |ticket: &Ticket| {
            let theirs = ticket.customer().map(|customer| customer.id().as_str());
            let is_it = ticket.service().id().as_str() == service
                && ticket.group_of_service().id().as_str() == group
                && ticket.time() == booking.time
                && theirs == person.as_ref().map(|person| person.id.as_str());
            (!is_it).then(|| format!("{ticket:?}"))
        };
        let Some(ticket) = self.keep(marker, write, result, id, amiss) else {
            return;
        };
        if let (Some(from), Some(to), Some(customer)) = (booking.time, booking.move_to, customer) {
            self.reschedule(marker, ticket.clone(), (from, to), customer)
                .await;
        }
        if booking.cancel {
            let result = self.client.tickets().cancel(ticket.as_str());
            let result = result.with_response().await;
            let amiss = |got: &Ticket| {
                let is_it = got.id().as_str() == ticket && got.status().as_str() == "cancelled";
                (!is_it).then(|| format!("{got:?}"))
            };
            let write = Write::Cancel {
                ticket: ticket.clone(),
            };
            self.keep(marker, write, result, id, amiss);
        }
    }

    async fn reschedule(
        &mut self,
        marker: &str,
        ticket: String,
        (from, to): (Timestamp, Timestamp),
        customer: CustomerRef,
    ) {
        // Staff check the customer in: only who waits can be moved.
        let check_in = format!("POST /tickets/{ticket}/check-in");
        let bench = Arc::clone(&self.bench);
        let there =
            tokio::task::spawn_blocking(move || bench.try_control(&check_in, &json!({})).is_ok());
        if !there.await.unwrap() {
            // Somebody else had this very ticket: the comparison will say so.
            return;
        }
        let request = ChangeTimeRequest::new(to, customer);
        let result = self.client.tickets().reschedule(ticket.as_str(), &request);
        let result = result.with_response().await;
        let amiss = |got: &Ticket| {
            let is_it = got.id().as_str() == ticket && got.time() == Some(to);
            (!is_it).then(|| format!("{got:?}"))
        };
        let write = Write::Move {
            ticket: ticket.clone(),
            from,
            to,
        };
        let id = |ticket: &Ticket| ticket.id().to_string();
        self.keep(marker, write, result, id, amiss);
    }

    /// Writes down what was told; the id of the record, if that was a success.
    fn keep<T>(
        &mut self,
        marker: &str,
        write: Write,
        result: Result<Response<T>, Error>,
        id: impl FnOnce(&T) -> String,
        amiss: impl FnOnce(&T) -> Option<String>,
    ) -> Option<String> {
        let (told, attempts, id) = match result {
            Ok(response) => {
                let id = id(response.data());
                let told = Told::Done {
                    id: id.clone(),
                    recovered: response.recovered(),
                    amiss: amiss(response.data()),
                };
                (told, response.attempts(), Some(id))
            }
            Err(error) => {
                let told = Told::Failed {
                    outcome: error.outcome(),
                    kind: error.kind(),
                    text: error.to_string(),
                };
                (told, error.attempts(), None)
            }
        };
        self.records.push(Record {
            marker: marker.to_owned(),
            write,
            told,
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

fn misses(customer: &Customer, mark: &Value) -> Option<String> {
    let metadata: Option<Value> = customer.metadata().ok().flatten();
    (metadata.as_ref() != Some(mark)).then(|| format!("{customer:?} with {metadata:?}"))
}
