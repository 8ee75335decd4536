//! A sync under way: which rows are begun, and what is noted of those that end.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::api::customers::sync::checkpoint::{self, Checkpoint, Fingerprint, Mark};
use crate::api::customers::sync::upsert::{Directory, Done};
use crate::api::customers::sync::{RowOutcome, Settings, SyncedRow};
use crate::call::rate_limiter::{self, RateLimiter};
use crate::call::shared::Shared;
use crate::call::spec::CallOptions;
use crate::error::{Error, ErrorKind, Outcome};
use crate::models::customers::CustomerWriteRequest;
use crate::models::ids::ExternalId;
use crate::operation::{KeyClass, Operation};

type Told<R> = Option<Result<SyncedRow<R>, Error>>;

/// A row that is being carried out.
struct Begun<R> {
    row: R,
    id: ExternalId,
    fingerprint: Fingerprint,
}

pub(crate) struct Syncing<I: Iterator> {
    client: Arc<Shared>,
    rows: I,
    /// Rows taken from the source.
    taken: u64,
    at_end: bool,
    /// A row whose `externalId` is that of one under way: it waits for that one, and what is behind it waits, too.
    held: Option<(u64, I::Item)>,
    concurrency: usize,
    dry_run: bool,
    options: CallOptions,
    pace: Option<Arc<RateLimiter>>,
    checkpoint: Option<Checkpoint>,
    begun: HashMap<u64, Begun<I::Item>>,
    /// Driven by the runtime, so that no answer comes too late because the caller takes long over the one before.
    under_way: JoinSet<(u64, Result<Done, Error>)>,
    /// Whether the last row to end was not there before: its neighbours will not be either.
    expects_new: bool,
    /// Why no more rows are begun. It is told when those under way have ended.
    stop: Option<Error>,
}

/// What came of the next row of the source.
enum Begin<R> {
    Begun,
    /// It is known already.
    Told(SyncedRow<R>),
    /// It has to wait for those under way, or there is none.
    Waits,
}

impl<I> Syncing<I>
where
    I: Iterator,
    I::Item: Borrow<CustomerWriteRequest>,
{
    pub(crate) fn new(client: Arc<Shared>, settings: &Settings, rows: I) -> Result<Self, Error> {
        if settings.concurrency == 0 {
            return Err(Error::invalid("concurrency", "must be 1 or more"));
        }
        if let Some(rate) = settings.rate {
            rate_limiter::check("rate", rate)?;
        }
        if client.config.key_class == KeyClass::Public {
            return Err(Error::new(ErrorKind::SecretKeyRequired));
        }
        let checkpoint = match &settings.checkpoint {
            Some(path) => Checkpoint::open(path, &client, settings.dry_run)?,
            None => None,
        };
        Ok(Self {
            client,
            rows,
            taken: 0,
            at_end: false,
            held: None,
            concurrency: settings.concurrency,
            dry_run: settings.dry_run,
            options: settings.options.clone(),
            pace: settings
                .rate
                .map(|rate| Arc::new(RateLimiter::new(Some(rate)))),
            checkpoint,
            begun: HashMap::new(),
            under_way: JoinSet::new(),
            expects_new: false,
            stop: None,
        })
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    /// The next row to be told of; none at the end. Begins others if `more` are wanted.
    pub(crate) fn poll(
        &mut self,
        pool: &reqwest::Client,
        more: bool,
        context: &mut Context<'_>,
    ) -> Poll<Told<I::Item>> {
        while more && !self.at_end && self.stop.is_none() && self.under_way.len() < self.concurrency
        {
            match self.begin_next(pool) {
                Ok(Begin::Told(row)) => return Poll::Ready(Some(Ok(row))),
                Ok(Begin::Begun) => {}
                Ok(Begin::Waits) => break,
                Err(error) => self.stop = Some(error),
            }
        }
        loop {
            return Poll::Ready(match ready!(self.under_way.poll_join_next(context)) {
                Some(Ok((index, result))) => match self.ended(index, result) {
                    Some(row) => Some(Ok(row)),
                    None => continue,
                },
                Some(Err(error)) => {
                    let error = Error::because(ErrorKind::Internal, error);
                    self.stop.get_or_insert(error);
                    continue;
                }
                None => self.stop.take().map(|error| {
                    self.at_end = true;
                    Err(error)
                }),
            });
        }
    }

    fn begin_next(&mut self, pool: &reqwest::Client) -> Result<Begin<I::Item>, Error> {
        let next = self
            .held
            .take()
            .or_else(|| self.rows.next().map(|row| (self.taken, row)));
        let Some((index, row)) = next else {
            self.at_end = true;
            if let Some(checkpoint) = &self.checkpoint {
                checkpoint.check_end(self.taken)?;
            }
            return Ok(Begin::Waits);
        };
        self.taken = index + 1;
        let request = row.borrow();
        let usable = match request.key() {
            Some(id) => id
                .checked()
                .and_then(|_| request.check())
                .map(|()| id.clone()),
            None => Err(Error::invalid(
                "externalId",
                "is what rows are told apart by, and must be given",
            )),
        };
        let id = match usable {
            Ok(id) => id,
            Err(error) => return self.refuse(index, row, error),
        };
        if self.begun.values().any(|begun| begun.id == id) {
            self.held = Some((index, row));
            return Ok(Begin::Waits);
        }
        let mut fingerprint = Fingerprint::default();
        if let Some(checkpoint) = &mut self.checkpoint {
            fingerprint = checkpoint::fingerprint(request)?;
            if checkpoint.settled(index, fingerprint, &id)? {
                let outcome = RowOutcome::AlreadyDone;
                return Ok(Begin::Told(told(index, row, outcome)));
            }
        }
        let directory = Directory {
            client: self.client.clone(),
            pool: pool.clone(),
            pace: self.pace.clone(),
            options: self.options.clone(),
        };
        let (request, key) = (request.clone(), id.clone());
        let (expects_new, dry_run) = (self.expects_new, self.dry_run);
        let upsert = async move {
            let result = directory.upsert(&request, &key, expects_new, dry_run).await;
            (index, result)
        };
        self.under_way.spawn(upsert.in_current_span());
        let begun = Begun {
            row,
            id,
            fingerprint,
        };
        self.begun.insert(index, begun);
        Ok(Begin::Begun)
    }

    /// A row that cannot be one is told of at once.
    fn refuse(&mut self, index: u64, row: I::Item, error: Error) -> Result<Begin<I::Item>, Error> {
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.not_done(index)?;
            checkpoint.note(index, Fingerprint::default(), Mark::Failed)?;
        }
        let error = error.edit(|inner| inner.operation = Some(Operation::CreateCustomer));
        Ok(Begin::Told(told(index, row, RowOutcome::Failed(error))))
    }

    /// Notes what became of a row before anybody is told.
    fn ended(&mut self, index: u64, result: Result<Done, Error>) -> Option<SyncedRow<I::Item>> {
        let begun = self.begun.remove(&index)?;
        let (mut customer, mut changed) = (None, Vec::new());
        let outcome = match result {
            Ok(Done::Created(created)) => {
                customer = created;
                RowOutcome::Created
            }
            Ok(Done::Updated(updated, names)) => {
                (customer, changed) = (Some(updated), names);
                RowOutcome::Updated
            }
            Ok(Done::Unchanged(there)) => {
                customer = Some(there);
                RowOutcome::Unchanged
            }
            Err(error) if error.outcome() == Outcome::Unknown => RowOutcome::Unknown(error),
            Err(error) => RowOutcome::Failed(error),
        };
        let mark = match &outcome {
            RowOutcome::Failed(_) => Mark::Failed,
            RowOutcome::Unknown(_) => Mark::Unknown,
            _ => Mark::Done,
        };
        if mark == Mark::Done {
            self.expects_new = matches!(outcome, RowOutcome::Created);
        }
        if let Some(checkpoint) = &mut self.checkpoint
            && let Err(error) = checkpoint.note(index, begun.fingerprint, mark)
        {
            self.stop.get_or_insert(error);
        }
        // A key that is not accepted for one row is not accepted for any; a server that was waited for in vain is there for none.
        if let Some(error) = outcome.error()
            && matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Connect)
        {
            self.stop.get_or_insert(error.clone_summary());
        }
        Some(SyncedRow {
            customer,
            changed,
            ..told(index, begun.row, outcome)
        })
    }
}

fn told<R>(index: u64, row: R, outcome: RowOutcome) -> SyncedRow<R> {
    SyncedRow {
        index,
        row,
        outcome,
        customer: None,
        changed: Vec::new(),
    }
}
