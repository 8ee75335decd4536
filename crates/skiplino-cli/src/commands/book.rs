//! `skiplino book`: books a ticket.

use clap::Args;
use serde_json::{Map, Value};
use skiplino::jiff::Timestamp;
use skiplino::{BookTicketRequest, Client, CustomerRef, ExternalId};

use super::send_write::send_write;
use super::ticket_view;
use crate::failure::Failure;
use crate::output::Output;
use crate::{resolve, values};

/// Book a ticket: join the queue now, or take an appointment
///
/// Without --time the ticket is a walk-in and joins the queue at once. With --time it is an
/// appointment: it needs a customer, and a time from `skiplino slots`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  skiplino book --branch seef --service \"Cash Withdrawal\"
  skiplino book --service 6fe8fb8b12 --group 7c1f9a3b2d      two ids: no lookup is needed
  skiplino book --service \"Open an Account\" --time 2026-07-01T09:30:00Z --customer ext:crm-7741
  skiplino book --branch seef --service \"cash w\" --option accountType=savings --lat 26.23 --lng 50.53

A booking is never sent twice. If its response is lost, the command looks for the ticket among the customer's tickets. If it does not
find the ticket (exit code 14), check before you book again.")]
pub(crate) struct Book {
    /// The service: its id or name
    #[arg(long)]
    service: String,

    /// The group of the service: its id or name. Looked up unless given
    #[arg(long)]
    group: Option<String>,

    /// The branch in which to look up the service: its id or name. All branches unless given
    #[arg(long)]
    branch: Option<String>,

    /// The appointment's time, with Z or an offset; without it, a walk-in
    #[arg(long, value_name = "TIME", value_parser = values::time, requires = "whom")]
    time: Option<Timestamp>,

    /// The customer: its id, or ext: and your own id. Optional for a walk-in
    #[arg(long, group = "whom", value_name = "CUSTOMER", value_parser = values::customer)]
    customer: Option<CustomerRef>,

    /// The customer, by your own id
    #[arg(long, group = "whom", value_name = "ID", value_parser = values::external_id)]
    external_id: Option<ExternalId>,

    /// An option of the service. A value that is JSON is sent as JSON, any other as text. Can be
    /// repeated
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = values::option)]
    option: Vec<(String, Value)>,

    /// The options of the service as one JSON object
    #[arg(long, value_name = "JSON", value_parser = values::object)]
    options: Option<Map<String, Value>>,

    /// The customer's latitude in degrees
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "lng",
        allow_negative_numbers = true
    )]
    lat: Option<f64>,

    /// The customer's longitude in degrees
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "lat",
        allow_negative_numbers = true
    )]
    lng: Option<f64>,
}

impl Book {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let (service, group) = resolve::service_and_group(
            client,
            self.branch.as_deref(),
            self.group.as_deref(),
            &self.service,
        )?;
        let customer = self.customer.or(self.external_id.map(CustomerRef::from));
        let advice = match &customer {
            Some(customer) => format!(
                "`skiplino customers tickets {}` shows whether it was booked",
                values::typed(customer)
            ),
            None => "a walk-in without a customer cannot be looked up: ask at the branch, or accept that there may be two tickets"
                .to_owned(),
        };
        let mut request = match (self.time, customer) {
            (Some(time), Some(customer)) => {
                BookTicketRequest::appointment(service, group, time, customer)
            }
            (_, Some(customer)) => BookTicketRequest::walk_in(service, group).customer(customer),
            (_, None) => BookTicketRequest::walk_in(service, group),
        };
        let mut options = self.options.unwrap_or_default();
        options.extend(self.option);
        if !options.is_empty() {
            request = request.options(options.into());
        }
        if let (Some(lat), Some(lng)) = (self.lat, self.lng) {
            request = request.location(lat, lng);
        }
        let ticket = send_write(client.tickets().book(request), advice, out)?;
        ticket_view::outcome(&ticket, "booked", out)
    }
}
