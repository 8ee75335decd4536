//! The native client, with one method per operation. The method takes its options, its input, and
//! for event loops `reply_to`; without `reply_to` the method blocks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bindings_common::ForkGuarded;
use pyo3::prelude::*;
use skiplino::{
    ApiKey, BookTicketRequest, ChangeTimeRequest, Client, ClientOptions, CustomerFields,
    CustomerUpdateRequest, CustomerWriteRequest, KeyClass,
};

use skiplino_doctor::{Setting, key_hint};

use crate::event_loop::ReplyTo;
use crate::input::{
    BranchArgument, CustomerArgument, DateArgument, GroupArgument, Seconds, ServiceArgument,
    TicketArgument, TimestampArgument, customer,
};
use crate::interrupt::is_interrupted;
use crate::iterators::{NativeAsyncIterator, NativeIterator};
use crate::options::{CancellationToken, Options};
use crate::{errors, json};

/// The given fields of a customer.
fn fields(
    name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    metadata: Option<Bound<'_, PyAny>>,
) -> PyResult<CustomerFields> {
    let metadata = metadata.map(|value| json::value(&value, "metadata"));
    Ok(CustomerFields {
        name,
        email,
        mobile,
        metadata: metadata.transpose()?,
    })
}

/// A setting that the client was given.
fn given(name: &str, value: String) -> Setting {
    Setting {
        name: name.to_owned(),
        value,
        source: "client".to_owned(),
    }
}

type CallResult = PyResult<Py<PyAny>>;

/// The settings of a client, kept because a forked child has to build a new client.
struct Settings {
    key: ApiKey,
    /// The key as it may be shown.
    key_hint: String,
    options: ClientOptions,
    host: String,
}

impl Settings {
    fn build(&self) -> Result<Client, skiplino::Error> {
        Client::builder(self.key.clone())
            .options(self.options.clone())
            .root_certificates_from_env()
            .host(&self.host)
            .interrupt(is_interrupted)
            .build()
    }
}

/// The client behind `Client` and `AsyncClient`.
#[pyclass(frozen, module = "skiplino._native")]
pub(crate) struct NativeClient {
    settings: Settings,
    /// None after `close()`.
    client: Mutex<Option<ForkGuarded<Client>>>,
}

impl NativeClient {
    /// The settings for doctor.
    pub(crate) fn described_settings(&self) -> Vec<Setting> {
        let key = format!("{}, {}", self.settings.key_hint, self.key_class());
        let mut settings = vec![
            given("base URL", self.base_url().to_owned()),
            given("key", key),
        ];
        if let Some(locale) = &self.settings.options.locale {
            settings.push(given("locale", locale.clone()));
        }
        settings
    }

    /// The client of this process. The lock is held only to clone a pointer, or to build a client
    /// after a fork.
    pub(crate) fn client(&self, py: Python<'_>) -> PyResult<Client> {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(client) = &*current else {
            return Err(errors::closed(py, "the client is closed"));
        };
        if let Some(client) = client.get() {
            return Ok(client.clone());
        }
        let client = self
            .settings
            .build()
            .map_err(|error| errors::raise(py, &error))?;
        *current = Some(ForkGuarded::new(client.clone()));
        Ok(client)
    }
}

fn seconds(py: Python<'_>, field: &str, given: Option<Seconds>) -> PyResult<Option<Duration>> {
    given.map(|seconds| seconds.duration(py, field)).transpose()
}

#[pymethods]
impl NativeClient {
    #[new]
    #[pyo3(signature = (api_key, *, base_url=None, locale=None, connect_timeout=None,
        attempt_timeout=None, deadline=None, max_attempts=None, backoff=None,
        requests_per_second=None, max_response_bytes=None, proxy=None, root_certificates=None,
        user_agent_suffix=None, host))]
    #[allow(clippy::too_many_arguments, reason = "Python passes settings by name")]
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
        let (backoff, max_backoff) = backoff.unzip();
        let settings = Settings {
            key_hint: key_hint(&api_key),
            key: ApiKey::new(api_key).map_err(|error| errors::raise(py, &error))?,
            options: ClientOptions {
                base_url,
                locale,
                connect_timeout: seconds(py, "connectTimeout", connect_timeout)?,
                attempt_timeout: seconds(py, "attemptTimeout", attempt_timeout)?,
                deadline: seconds(py, "deadline", deadline)?,
                max_attempts,
                backoff: seconds(py, "backoff", backoff)?,
                max_backoff: seconds(py, "backoff", max_backoff)?,
                requests_per_second,
                max_response_bytes,
                proxy,
                root_certificates,
                user_agent_suffix,
            },
            host,
        };
        let client = settings
            .build()
            .map_err(|error| errors::raise(py, &error))?;
        Ok(Self {
            settings,
            client: Mutex::new(Some(ForkGuarded::new(client))),
        })
    }

    /// Options for calls. An option that is not given is taken from `base`.
    #[pyo3(signature = (base=None, *, locale=None, deadline=None, max_attempts=None,
        cancellation_token=None))]
    #[allow(clippy::too_many_arguments, reason = "Python passes settings by name")]
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
            call.retry = Some(self.settings.options.retry().max_attempts(attempts));
        }
        let cancellation_token = cancellation_token.or_else(|| {
            let token = base.and_then(|base| base.cancellation_token.as_ref());
            token.map(|token| token.clone_ref(py))
        });
        Ok(Options {
            call,
            cancellation_token,
            full_response: false,
        })
    }

    /// Closes the connections. Calling this again has no effect.
    fn close(&self, py: Python<'_>) {
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = current.take();
        drop(current);
        py.detach(|| drop(closed));
    }

    #[getter]
    fn is_closed(&self) -> bool {
        let current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        current.is_none()
    }

    #[getter]
    fn base_url(&self) -> &str {
        let base_url = self.settings.options.base_url.as_deref();
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

    #[pyo3(signature = (options, reply_to=None))]
    fn warm_up(
        &self,
        py: Python<'_>,
        options: &Options,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        options.send(py, reply_to, self.client(py)?.warm_up())
    }

    #[pyo3(signature = (options, reply_to=None))]
    fn list_branches(
        &self,
        py: Python<'_>,
        options: &Options,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        options.send(py, reply_to, self.client(py)?.branches().list())
    }

    #[pyo3(signature = (options, branch, reply_to=None))]
    fn get_branch_tree(
        &self,
        py: Python<'_>,
        options: &Options,
        branch: BranchArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        options.send(py, reply_to, self.client(py)?.branches().tree(branch.0))
    }

    #[pyo3(signature = (options, service, date, reply_to=None))]
    fn list_slots(
        &self,
        py: Python<'_>,
        options: &Options,
        service: ServiceArgument,
        date: Option<DateArgument>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let date = date.map(|DateArgument(date)| date);
        options.send(
            py,
            reply_to,
            self.client(py)?.services().slots(service.0, date),
        )
    }

    #[pyo3(signature = (options, service, group, time, customer, external_id, ticket_options,
        location, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a booking")]
    fn book_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        service: ServiceArgument,
        group: GroupArgument,
        time: Option<TimestampArgument>,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        ticket_options: Option<Bound<'_, PyAny>>,
        location: Option<(f64, f64)>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let customer = match (&customer, &external_id) {
            (None, None) => None,
            _ => Some(self::customer(customer, external_id)?),
        };
        let time = time.map(|TimestampArgument(time)| time);
        let mut request = BookTicketRequest::new(service.0, group.0, time, customer);
        if let Some(options) = ticket_options {
            request = request.options(json::value(&options, "options")?);
        }
        if let Some((lat, lng)) = location {
            request = request.location(lat, lng);
        }
        options.send(py, reply_to, self.client(py)?.tickets().book(request))
    }

    #[pyo3(signature = (options, ticket, reply_to=None))]
    fn get_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        options.send(py, reply_to, self.client(py)?.tickets().get(ticket.0))
    }

    #[pyo3(signature = (options, ticket, reply_to=None))]
    fn cancel_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        options.send(py, reply_to, self.client(py)?.tickets().cancel(ticket.0))
    }

    #[pyo3(signature = (options, ticket, time, customer, external_id, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a change")]
    fn reschedule_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        time: TimestampArgument,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let request = ChangeTimeRequest::new(time.0, self::customer(customer, external_id)?);
        let client = self.client(py)?;
        options.send(py, reply_to, client.tickets().reschedule(ticket.0, request))
    }

    #[pyo3(signature = (options, external_id, name, email, mobile, metadata, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a customer")]
    fn create_customer(
        &self,
        py: Python<'_>,
        options: &Options,
        external_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        mobile: Option<String>,
        metadata: Option<Bound<'_, PyAny>>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let mut request = CustomerWriteRequest::new();
        if let Some(external_id) = external_id {
            request = request.external_id(external_id);
        }
        let request = request.fields(fields(name, email, mobile, metadata)?);
        options.send(py, reply_to, self.client(py)?.customers().create(request))
    }

    #[pyo3(signature = (options, customer, external_id, reply_to=None))]
    fn get_customer(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let customer = self::customer(customer, external_id)?;
        options.send(py, reply_to, self.client(py)?.customers().get(customer))
    }

    #[pyo3(signature = (options, customer, external_id, reply_to=None))]
    fn find_customer(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let customer = self::customer(customer, external_id)?;
        options.send(py, reply_to, self.client(py)?.customers().find(customer))
    }

    #[pyo3(signature = (options, customer, external_id, name, email, mobile, metadata,
        reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the fields of a customer")]
    fn update_customer(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        mobile: Option<String>,
        metadata: Option<Bound<'_, PyAny>>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let request = match (customer, external_id) {
            // With a customer, the external id is a new value to store.
            (Some(CustomerArgument(customer)), Some(new)) => {
                CustomerUpdateRequest::new(customer).external_id(new)
            }
            (customer, external_id) => {
                CustomerUpdateRequest::new(self::customer(customer, external_id)?)
            }
        };
        let request = request.fields(fields(name, email, mobile, metadata)?);
        options.send(py, reply_to, self.client(py)?.customers().update(request))
    }

    #[pyo3(signature = (options, customer, external_id, reply_to=None))]
    fn delete_customer(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let customer = self::customer(customer, external_id)?;
        options.send(py, reply_to, self.client(py)?.customers().delete(customer))
    }

    #[pyo3(signature = (options, limit, page, reply_to=None))]
    fn list_customers(
        &self,
        py: Python<'_>,
        options: &Options,
        limit: Option<u64>,
        page: u64,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let list = with_limit(self.client(py)?.customers().list(), limit);
        options.send(py, reply_to, list.page(page))
    }

    #[pyo3(signature = (options, customer, external_id, limit, page, reply_to=None))]
    #[allow(clippy::too_many_arguments, reason = "the customer and the page")]
    fn list_customer_tickets(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
        page: u64,
        reply_to: Option<ReplyTo<'_>>,
    ) -> CallResult {
        let customer = self::customer(customer, external_id)?;
        let list = with_limit(self.client(py)?.customers().tickets(customer), limit);
        options.send(py, reply_to, list.page(page))
    }

    /// The pages of the customer directory.
    fn iterate_customers(
        &self,
        py: Python<'_>,
        options: &Options,
        limit: Option<u64>,
    ) -> PyResult<NativeIterator> {
        let list = with_limit(self.client(py)?.customers().list(), limit);
        Ok(NativeIterator::from_list(options.list(py, list)?))
    }

    /// The pages of the customer directory, for an event loop.
    fn async_iterate_customers(
        &self,
        py: Python<'_>,
        options: &Options,
        limit: Option<u64>,
    ) -> PyResult<NativeAsyncIterator> {
        let list = with_limit(self.client(py)?.customers().list(), limit);
        NativeAsyncIterator::from_list(options.list(py, list)?)
    }

    /// The pages of a customer's tickets.
    fn iterate_customer_tickets(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
    ) -> PyResult<NativeIterator> {
        let customer = self::customer(customer, external_id)?;
        let list = with_limit(self.client(py)?.customers().tickets(customer), limit);
        Ok(NativeIterator::from_list(options.list(py, list)?))
    }

    /// The pages of a customer's tickets, for an event loop.
    fn async_iterate_customer_tickets(
        &self,
        py: Python<'_>,
        options: &Options,
        customer: Option<CustomerArgument>,
        external_id: Option<String>,
        limit: Option<u64>,
    ) -> PyResult<NativeAsyncIterator> {
        let customer = self::customer(customer, external_id)?;
        let list = with_limit(self.client(py)?.customers().tickets(customer), limit);
        NativeAsyncIterator::from_list(options.list(py, list)?)
    }

    /// The changes of a ticket.
    fn watch_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<NativeIterator> {
        let watch = self.watch(py, options, ticket, min, max, give_up_after)?;
        Ok(NativeIterator::from_watch(watch()))
    }

    /// The changes of a ticket, for an event loop.
    fn async_watch_ticket(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<NativeAsyncIterator> {
        let watch = self.watch(py, options, ticket, min, max, give_up_after)?;
        NativeAsyncIterator::from_watch(watch)
    }
}

impl NativeClient {
    fn watch(
        &self,
        py: Python<'_>,
        options: &Options,
        ticket: TicketArgument,
        min: Option<Seconds>,
        max: Option<Seconds>,
        give_up_after: Option<Seconds>,
    ) -> PyResult<impl Fn() -> skiplino::Watch + Send + use<>> {
        let client = self.client(py)?;
        let call_options = options.call.clone();
        let cancellation_token = options.cancellation_token(py)?;
        let min = seconds(py, "min", min)?;
        let max = seconds(py, "max", max)?;
        let limit = seconds(py, "giveUpAfter", give_up_after)?;
        Ok(move || {
            let mut watch = client.tickets().watch(ticket.0.clone());
            watch = watch.options(call_options.clone());
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

fn with_limit<T: Send + 'static>(list: skiplino::List<T>, limit: Option<u64>) -> skiplino::List<T> {
    match limit {
        Some(limit) => list.limit(limit),
        None => list,
    }
}
