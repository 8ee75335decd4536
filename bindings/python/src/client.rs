//! The client: one method an operation, for both clients of Python. Each takes its options, its input, and
//! whom to reply to; for nobody it waits.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use skiplino::{
    ApiKey, BookTicketRequest, ChangeTimeRequest, Client, CustomerUpdateRequest,
    CustomerWriteRequest, KeyClass, RetryPolicy,
};

use crate::asking::{CancellationToken, Options, interrupted};
use crate::bridge::ReplyTo;
use crate::input::{
    BranchArgument, CustomerArgument, Day, GroupArgument, Moment, Seconds, ServiceArgument,
    TicketArgument, customer, customer_if_given,
};
use crate::process::OfProcess;
use crate::walks::{AsyncWalk, Walk};
use crate::{errors, json};

/// Sets the fields of a customer that are given, whichever request it is.
macro_rules! with_fields {
    ($request:expr, $name:expr, $email:expr, $mobile:expr, $metadata:expr) => {{
        let mut request = $request;
        if let Some(name) = $name {
            request = request.name(name);
        }
        if let Some(email) = $email {
            request = request.email(email);
        }
        if let Some(mobile) = $mobile {
            request = request.mobile(mobile);
        }
        if let Some(metadata) = $metadata {
            request = request.metadata(json::value(&metadata, "metadata")?);
        }
        request
    }};
}

type Answer = PyResult<Py<PyAny>>;

/// What a client is made from, kept because a forked child has to make its own.
struct Settings {
    key: ApiKey,
    base_url: Option<String>,
    locale: Option<String>,
    connect_timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    deadline: Option<Duration>,
    retry: RetryPolicy,
    requests_per_second: Option<f64>,
    max_response_bytes: Option<usize>,
    proxy: Option<String>,
    root_certificates: Option<Vec<u8>>,
    user_agent_suffix: Option<String>,
    host: String,
}

impl Settings {
    fn build(&self) -> Result<Client, skiplino::Error> {
        let mut builder = Client::builder(self.key.clone())
            .retry(self.retry.clone())
            .host(&self.host)
            .interrupt(interrupted);
        macro_rules! set {
            ($($name:ident)+) => {
                $(if let Some(value) = &self.$name {
                    builder = builder.$name(value.clone());
                })+
            };
        }
        set!(base_url locale connect_timeout attempt_timeout deadline requests_per_second);
        set!(max_response_bytes proxy root_certificates user_agent_suffix);
        builder.build()
    }
}

/// What both clients of Python are made of.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct NativeClient {
    settings: Settings,
    /// Nothing once it is closed.
    client: Mutex<Option<OfProcess<Client>>>,
}

impl NativeClient {
    /// The client of this process. Locked for no longer than it takes to clone a pointer, or to make one after a fork.
    pub(crate) fn client(&self, py: Python<'_>) -> PyResult<Client> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(client) = &*kept else {
            return Err(errors::closed(py, "the client is closed"));
        };
        if let Some(client) = client.get() {
            return Ok(client.clone());
        }
        let client = self
            .settings
            .build()
            .map_err(|error| errors::raise(py, &error))?;
        *kept = Some(OfProcess::new(client.clone()));
        Ok(client)
    }
}

fn seconds(py: Python<'_>, field: &str, given: Option<Seconds>) -> PyResult<Option<Duration>> {
    given.map(|seconds| seconds.duration(py, field)).transpose()
}

#[pymethods]
impl NativeClient {
    #[new]
    #[pyo3(signature = (api_key, *, base_url=None, locale=None, connect_timeout=None, attempt_timeout=None, deadline=None,
        max_attempts=None, backoff=None, requests_per_second=None, max_response_bytes=None, proxy=None, root_certificates=None,
        user_agent_suffix=None, host))]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are settings, each given by its name"
    )]
    fn new(
        py: Python<'_>,
        api_key: String,
        base_url: Option<String>,
        locale: Option<String>,
        connect_timeout: Option<Seconds>,
        attempt_timeout: Option<Seconds>,
        deadline: Option<Seconds>,
        max_attempts: Option<u32>,
        backoff: Option<(Seconds, Seconds)>,
        requests_per_second: Option<f64>,
        max_response_bytes: Option<usize>,
        proxy: Option<String>,
        root_certificates: Option<Vec<u8>>,
        user_agent_suffix: Option<String>,
        host: String,
    ) -> PyResult<Self> {
        let mut retry = RetryPolicy::default();
        if let Some(attempts) = max_attempts {
            retry = retry.max_attempts(attempts);
        }
        if let Some((first, longest)) = backoff {
            let first = first.duration(py, "backoff")?;
            retry = retry.backoff(first, longest.duration(py, "backoff")?);
        }
        let settings = Settings {
            key: ApiKey::new(api_key).map_err(|error| errors::raise(py, &error))?,
            base_url,
            locale,
            connect_timeout: seconds(py, "connectTimeout", connect_timeout)?,
            attempt_timeout: seconds(py, "attemptTimeout", attempt_timeout)?,
            deadline: seconds(py, "deadline", deadline)?,
            retry,
            requests_per_second,
            max_response_bytes,
            proxy,
            root_certificates,
            user_agent_suffix,
            host,
        };
        let client = settings
            .build()
            .map_err(|error| errors::raise(py, &error))?;
        Ok(Self {
            settings,
            client: Mutex::new(Some(OfProcess::new(client))),
        })
    }

    /// Options of calls: those of `base` where they are not given.
    #[pyo3(signature = (base=None, *, locale=None, deadline=None, max_attempts=None, cancellation_token=None))]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are settings, each given by its name"
    )]
    fn options(
        &self,
        py: Python<'_>,
        base: Option<&Options>,
        locale: Option<String>,
        deadline: Option<Seconds>,
        max_attempts: Option<u32>,
        cancellation_token: Option<Py<CancellationToken>>,
    ) -> PyResult<Options> {
        let mut call = base.map(|base| base.call.clone()).unwrap_or_default();
        if locale.is_some() {
            call.locale = locale;
        }
        if deadline.is_some() {
            call.deadline = seconds(py, "deadline", deadline)?;
        }
        if let Some(attempts) = max_attempts {
            call.retry = Some(self.settings.retry.clone().max_attempts(attempts));
        }
        let cancellation_token = cancellation_token.or_else(|| {
            let kept = base.and_then(|base| base.cancellation_token.as_ref());
            kept.map(|kept| kept.clone_ref(py))
        });
        Ok(Options {
            call,
            cancellation_token,
            respond: false,
        })
    }

    /// Ends its connections. Twice is as good as once.
    fn close(&self, py: Python<'_>) {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = kept.take();
        drop(kept);
        py.detach(|| drop(closed));
    }

    #[getter]
    fn is_closed(&self) -> bool {
        let kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        kept.is_none()
    }

    #[getter]
    fn base_url(&self) -> &str {
        let base_url = self.settings.base_url.as_deref();
        base_url.unwrap_or(skiplino::DEFAULT_BASE_URL)
    }

    /// `secret` or `public`.
    #[getter]
    fn key_class(&self) -> &'static str {
        match self.settings.key.class() {
            KeyClass::Secret => "secret",
            KeyClass::Public => "public",
        }
    }

    #[pyo3(signature = (how, reply_to=None))]
    fn list_branches(
        &self,
        py: Python<'_>,
        how: &Options,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        how.send(py, reply_to, self.client(py)?.branches().list())
    }

    #[pyo3(signature = (how, branch, reply_to=None))]
    fn get_branch_tree(
        &self,
        py: Python<'_>,
        how: &Options,
        branch: BranchArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        how.send(py, reply_to, self.client(py)?.branches().tree(branch.0))
    }

    #[pyo3(signature = (how, service, date, reply_to=None))]
    fn list_slots(
        &self,
        py: Python<'_>,
        how: &Options,
        service: ServiceArgument,
        date: Option<Day>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let date = date.map(|Day(date)| date);
        how.send(
            py,
            reply_to,
            self.client(py)?.services().slots(service.0, date),
        )
    }

    #[pyo3(signature = (how, service, group, time, customer, external_id, options, location, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a booking")]
    fn book_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        service: ServiceArgument,
        group: GroupArgument,
        time: Option<Moment>,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        options: Option<Bound<'_, PyAny>>,
        location: Option<(f64, f64)>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let customer = customer_if_given(customer, external_id)?;
        let mut request = match (time, customer) {
            (Some(Moment(time)), Some(customer)) => {
                BookTicketRequest::appointment(service.0, group.0, time, customer)
            }
            (Some(_), None) => {
                return Err(errors::invalid(
                    py,
                    "customerId",
                    "an appointment is for a customer",
                ));
            }
            (None, Some(customer)) => {
                BookTicketRequest::walk_in(service.0, group.0).customer(customer)
            }
            (None, None) => BookTicketRequest::walk_in(service.0, group.0),
        };
        if let Some(options) = options {
            request = request.options(json::value(&options, "options")?);
        }
        if let Some((lat, lng)) = location {
            request = request.location(lat, lng);
        }
        how.send(py, reply_to, self.client(py)?.tickets().book(request))
    }

    #[pyo3(signature = (how, ticket, reply_to=None))]
    fn get_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        how.send(py, reply_to, self.client(py)?.tickets().get(ticket.0))
    }

    #[pyo3(signature = (how, ticket, reply_to=None))]
    fn cancel_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        how.send(py, reply_to, self.client(py)?.tickets().cancel(ticket.0))
    }

    #[pyo3(signature = (how, ticket, time, customer, external_id, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a change")]
    fn reschedule_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        time: Moment,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let request = ChangeTimeRequest::new(time.0, self::customer(customer, external_id)?);
        let client = self.client(py)?;
        how.send(py, reply_to, client.tickets().reschedule(ticket.0, request))
    }

    #[pyo3(signature = (how, external_id, name, email, mobile, metadata, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a customer")]
    fn create_customer(
        &self,
        py: Python<'_>,
        how: &Options,
        external_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        mobile: Option<String>,
        metadata: Option<Bound<'_, PyAny>>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let mut request = CustomerWriteRequest::new();
        if let Some(external_id) = external_id {
            request = request.external_id(external_id);
        }
        let request = with_fields!(request, name, email, mobile, metadata);
        how.send(py, reply_to, self.client(py)?.customers().create(request))
    }

    #[pyo3(signature = (how, customer, external_id, reply_to=None))]
    fn get_customer(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let customer = self::customer(customer, external_id)?;
        how.send(py, reply_to, self.client(py)?.customers().get(customer))
    }

    #[pyo3(signature = (how, customer, external_id, reply_to=None))]
    fn find_customer(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let customer = self::customer(customer, external_id)?;
        how.send(py, reply_to, self.client(py)?.customers().find(customer))
    }

    #[pyo3(signature = (how, customer, external_id, name, email, mobile, metadata, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a customer")]
    fn update_customer(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        mobile: Option<String>,
        metadata: Option<Bound<'_, PyAny>>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let request = match (customer, external_id) {
            // Beside an id it is a new value.
            (Some(CustomerArgument(customer)), Some(new)) => {
                CustomerUpdateRequest::new(customer).external_id(new)
            }
            (customer, external_id) => {
                CustomerUpdateRequest::new(self::customer(customer, external_id)?)
            }
        };
        let request = with_fields!(request, name, email, mobile, metadata);
        how.send(py, reply_to, self.client(py)?.customers().update(request))
    }

    #[pyo3(signature = (how, customer, external_id, reply_to=None))]
    fn delete_customer(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let customer = self::customer(customer, external_id)?;
        how.send(py, reply_to, self.client(py)?.customers().delete(customer))
    }

    #[pyo3(signature = (how, limit, page, reply_to=None))]
    fn list_customers(
        &self,
        py: Python<'_>,
        how: &Options,
        limit: Option<u64>,
        page: u64,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let list = sized(self.client(py)?.customers().list(), limit);
        how.send(py, reply_to, list.page(page))
    }

    #[pyo3(signature = (how, customer, external_id, limit, page, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "whose, and which page")]
    fn list_customer_tickets(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
        page: u64,
        reply_to: Option<ReplyTo<'_>>,
    ) -> Answer {
        let customer = self::customer(customer, external_id)?;
        let list = sized(self.client(py)?.customers().tickets(customer), limit);
        how.send(py, reply_to, list.page(page))
    }

    /// All pages of customers.
    fn walk_customers(&self, py: Python<'_>, how: &Options, limit: Option<u64>) -> PyResult<Walk> {
        let list = sized(self.client(py)?.customers().list(), limit);
        Ok(Walk::pages(how.list(py, list)?))
    }

    /// All pages of customers, for an event loop.
    fn async_walk_customers(
        &self,
        py: Python<'_>,
        how: &Options,
        limit: Option<u64>,
    ) -> PyResult<AsyncWalk> {
        let list = sized(self.client(py)?.customers().list(), limit);
        AsyncWalk::pages(how.list(py, list)?)
    }

    /// All pages of a customer's tickets.
    fn walk_customer_tickets(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
    ) -> PyResult<Walk> {
        let customer = self::customer(customer, external_id)?;
        let list = sized(self.client(py)?.customers().tickets(customer), limit);
        Ok(Walk::pages(how.list(py, list)?))
    }

    /// All pages of a customer's tickets, for an event loop.
    fn async_walk_customer_tickets(
        &self,
        py: Python<'_>,
        how: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
    ) -> PyResult<AsyncWalk> {
        let customer = self::customer(customer, external_id)?;
        let list = sized(self.client(py)?.customers().tickets(customer), limit);
        AsyncWalk::pages(how.list(py, list)?)
    }

    /// The changes of a ticket.
    fn watch_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<Walk> {
        let watch = self.watch(py, how, ticket, min, max, give_up_after)?;
        Ok(Walk::watch(watch()))
    }

    /// The changes of a ticket, for an event loop.
    fn async_watch_ticket(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<AsyncWalk> {
        let watch = self.watch(py, how, ticket, min, max, give_up_after)?;
        AsyncWalk::watch(watch)
    }
}

impl NativeClient {
    fn watch(
        &self,
        py: Python<'_>,
        how: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<impl Fn() -> skiplino::Watch + Send + use<>> {
        let client = self.client(py)?;
        let options = how.call.clone();
        let cancellation_token = how.cancellation_token(py)?;
        let min = seconds(py, "min", min)?;
        let max = seconds(py, "max", max)?;
        let limit = seconds(py, "giveUpAfter", give_up_after)?;
        Ok(move || {
            let mut watch = client.tickets().watch(ticket.0.clone());
            watch = watch.options(options.clone());
            if let Some(cancellation_token) = &cancellation_token {
                watch = watch.cancelled_by(cancellation_token);
            }
            if let Some(pause) = min {
                watch = watch.min(pause);
            }
            if let Some(pause) = max {
                watch = watch.max(pause);
            }
            if let Some(limit) = limit {
                watch = watch.give_up_after(limit);
            }
            watch
        })
    }
}

fn sized<T: Send + 'static>(list: skiplino::List<T>, limit: Option<u64>) -> skiplino::List<T> {
    match limit {
        Some(limit) => list.limit(limit),
        None => list,
    }
}
