//! `skiplino customers`: reads and changes the customer directory.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value, json};
use skiplino::{
    Client, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest, ExternalId, List, Page,
};

use super::confirm::confirm;
use super::customers_export::Export;
use super::customers_import::Import;
use super::send_write::send_write;
use super::{customers_table, ticket_view};
use crate::failure::{Failure, UsageError};
use crate::output::{Cell, Column, Listing, Output};
use crate::{signals, values};

/// Read and change the customer directory
///
/// Name a customer by the server's id (32 hexadecimal characters), or by your own id: ext:crm-7741
/// or --external-id crm-7741. All commands except `tickets` need a secret key.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  skiplino customers list --limit 20
  skiplino customers get ext:crm-7741
  skiplino customers create --external-id crm-1 --name \"Layla Hassan\" --metadata '{\"tier\": \"gold\"}'
  skiplino customers update ext:crm-1 --mobile +97333778899
  skiplino customers tickets ext:crm-1
  skiplino customers delete ext:crm-1
  skiplino customers export customers.csv
  skiplino customers import customers.csv --dry-run")]
pub(crate) enum Customers {
    /// List customers, newest first
    ///
    /// One page, or with --all the whole directory, page by page.
    #[command(after_help = "Examples:
  skiplino customers list
  skiplino customers list --limit 100 --page 3
  skiplino customers list --all --json > directory.jsonl")]
    List(Paging),
    /// Show a customer
    #[command(after_help = "Examples:
  skiplino customers get 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b
  skiplino customers get ext:crm-7741 --json | jq .metadata")]
    Get(CustomerArg),
    /// Create a customer
    ///
    /// Every field is optional. An external id of your own is recommended: with it, a second try
    /// cannot create a second customer.
    #[command(after_help = "Examples:
  skiplino customers create --external-id crm-1 --name \"Layla Hassan\" --email layla@example.com
  skiplino customers create --name Guest --metadata '{\"source\": \"kiosk\"}' --json | jq -r ._id")]
    Create {
        /// Your own id, unique in the company
        #[arg(long, value_name = "ID", value_parser = values::external_id)]
        external_id: Option<ExternalId>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Change fields of a customer
    ///
    /// Fields that are not given keep their values; metadata is replaced as a whole. --external-id
    /// has two meanings: with a CUSTOMER argument it sets the customer's new external id; without
    /// one it selects the customer to change.
    #[command(after_help = "Examples:
  skiplino customers update 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --name \"Layla A. Hassan\"
  skiplino customers update ext:crm-7741 --mobile +97333778899
  skiplino customers update 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --external-id crm-8000")]
    Update {
        /// The customer: its id, or ext: and your own id
        #[arg(value_parser = values::customer, required_unless_present = "external_id")]
        customer: Option<CustomerRef>,
        /// The new external id; without CUSTOMER, the external id of the customer to change
        #[arg(long, value_name = "ID", value_parser = values::external_id)]
        external_id: Option<ExternalId>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Delete a customer permanently
    ///
    /// Asks for confirmation on a terminal; elsewhere --yes is needed. The customer's tickets
    /// remain.
    #[command(after_help = "Examples:
  skiplino customers delete ext:crm-7741
  skiplino customers delete 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --yes")]
    Delete {
        #[command(flatten)]
        customer: CustomerArg,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
    Export(Export),
    Import(Import),
    /// List a customer's tickets, newest first
    ///
    /// Works with any key. TIME is the time of the appointment, or the time of booking for a
    /// walk-in.
    #[command(after_help = "Examples:
  skiplino customers tickets ext:crm-7741
  skiplino customers tickets ext:crm-7741 --all --json | jq -r 'select(.status == \"upcoming\").id'")]
    Tickets {
        #[command(flatten)]
        customer: CustomerArg,
        #[command(flatten)]
        paging: Paging,
    },
}

/// The customer that a command is for.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct CustomerArg {
    /// The customer: its id, or ext: and your own id
    #[arg(value_parser = values::customer)]
    customer: Option<CustomerRef>,

    /// The customer, by your own id
    #[arg(long, value_name = "ID", value_parser = values::external_id)]
    external_id: Option<ExternalId>,
}

impl CustomerArg {
    fn into_ref(self) -> Result<CustomerRef, Failure> {
        let customer = self.customer.or(self.external_id.map(CustomerRef::from));
        Ok(customer.ok_or(UsageError::NoCustomerNamed)?)
    }
}

/// The part of a list to print.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Records per page: up to 100 customers, or 10 tickets [default: 10; with --all the maximum]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// The page, from 1
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    page: u64,

    /// All pages
    #[arg(long)]
    all: bool,
}

/// The fields of a customer that can be written.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// The customer's name
    #[arg(long)]
    name: Option<String>,

    /// The e-mail address
    #[arg(long)]
    email: Option<String>,

    /// The mobile number
    #[arg(long)]
    mobile: Option<String>,

    /// A JSON object of your own
    #[arg(long, value_name = "JSON", value_parser = values::object)]
    metadata: Option<Map<String, Value>>,
}

impl Fields {
    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.email.is_none()
            && self.mobile.is_none()
            && self.metadata.is_none()
    }
}

/// Sets the fields of a request. Both requests have the same setters, but no type in common.
macro_rules! fill {
    ($request:ident, $fields:ident) => {{
        let mut request = $request;
        if let Some(name) = $fields.name {
            request = request.name(name);
        }
        if let Some(email) = $fields.email {
            request = request.email(email);
        }
        if let Some(mobile) = $fields.mobile {
            request = request.mobile(mobile);
        }
        if let Some(metadata) = $fields.metadata {
            request = request.metadata(metadata.into());
        }
        request
    }};
}

impl Customers {
    pub(crate) fn run(self, client: &Client, out: &mut Output) -> Result<(), Failure> {
        let customers = client.customers();
        match self {
            Self::List(paging) => paging.print(
                customers.list(),
                customers_table::COLUMNS,
                customers_table::row,
                "customers",
                out,
            ),
            Self::Get(customer) => {
                let customer = customer.into_ref()?;
                match customers.find(&customer).wait()? {
                    Some(customer) => customers_table::details(&customer, out),
                    None => Err(Failure::NoCustomer(values::typed(&customer))),
                }
            }
            Self::Create {
                external_id,
                fields,
            } => create(client, external_id, fields, out),
            Self::Update {
                customer,
                external_id,
                fields,
            } => update(client, customer, external_id, fields, out),
            Self::Delete { customer, yes } => delete(client, customer.into_ref()?, yes, out),
            Self::Export(export) => {
                signals::remove_unfinished_files_first()?;
                export.run(client, out)
            }
            Self::Import(import) => {
                signals::remove_unfinished_files_first()?;
                import.run(client, out)
            }
            Self::Tickets { customer, paging } => {
                let tickets = customers.tickets(customer.into_ref()?);
                paging.print(
                    tickets,
                    ticket_view::COLUMNS,
                    ticket_view::row,
                    "tickets",
                    out,
                )
            }
        }
    }
}

fn create(
    client: &Client,
    external_id: Option<ExternalId>,
    fields: Fields,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut request = CustomerWriteRequest::new();
    let advice = match external_id {
        Some(id) => {
            let advice = format!("`skiplino customers get ext:{id}` shows whether it was created");
            request = request.external_id(id);
            advice
        }
        None => "`skiplino customers list` shows the newest customers first".to_owned(),
    };
    let request = fill!(request, fields);
    let customer = send_write(client.customers().create(request), advice, out)?;
    customers_table::details(&customer, out)
}

fn update(
    client: &Client,
    customer: Option<CustomerRef>,
    external_id: Option<ExternalId>,
    fields: Fields,
    out: &mut Output,
) -> Result<(), Failure> {
    let (customer, renamed) = match (customer, external_id) {
        (Some(customer), renamed) => (customer, renamed),
        (None, Some(id)) => (id.into(), None),
        (None, None) => return Err(UsageError::NothingToChange.into()),
    };
    if renamed.is_none() && fields.is_empty() {
        return Err(UsageError::NothingToChange.into());
    }
    let advice = format!(
        "`skiplino customers get {}` shows whether it was changed; you can safely make the same change again",
        values::typed(&customer)
    );
    let mut request = CustomerUpdateRequest::new(customer);
    if let Some(id) = renamed {
        request = request.external_id(id);
    }
    let request = fill!(request, fields);
    let customer = send_write(client.customers().update(request), advice, out)?;
    customers_table::details(&customer, out)
}

fn delete(
    client: &Client,
    customer: CustomerRef,
    yes: bool,
    out: &mut Output,
) -> Result<(), Failure> {
    let typed = values::typed(&customer);
    confirm(yes, || {
        let customer = client.customers().get(&customer).wait()?;
        let name = customer.name().unwrap_or("a customer without a name");
        Ok(format!("Permanently delete {name} ({})?", customer.id()))
    })?;
    let advice =
        format!("`skiplino customers get {typed}` shows whether the customer still exists");
    send_write(client.customers().delete(customer), advice, out)?;
    if out.json {
        return Ok(out.object(&json!({"deleted": true}))?);
    }
    Ok(out.line(format_args!("{typed} deleted"))?)
}

impl Paging {
    fn print<T: Serialize + Send + 'static, const N: usize>(
        &self,
        list: List<T>,
        columns: [Column; N],
        row: fn(&T) -> [Cell; N],
        noun: &str,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let mut listing = Listing::new(columns);
        let mut print = |page: &Page<T>, out: &mut Output| -> Result<(), Failure> {
            if out.json {
                out.objects(page.items())?;
            } else if !page.items().is_empty() {
                listing.print(out, page.items().iter().map(row))?;
            } else if page.pagination().total() == 0 {
                out.line(format_args!("There are no {noun}."))?;
            } else {
                out.line(format_args!("Page {} is after the last page.", self.page))?;
            }
            // Each page is printed at once. If the reader has closed the pipe, no further page is
            // read.
            Ok(out.flush()?)
        };
        if self.all {
            let list = match self.limit {
                Some(limit) => list.limit(limit),
                None => list,
            };
            return list
                .pages_blocking()
                .try_for_each(|page| print(&page?, out));
        }
        let page = list
            .limit(self.limit.unwrap_or(10))
            .page(self.page)
            .wait()?;
        print(&page, out)?;
        let pagination = page.pagination();
        if !out.json && (pagination.has_next_page() || self.page > 1) {
            let (total, pages) = (pagination.total(), pagination.total_pages());
            out.note(format_args!(
                "page {} of {pages}, {total} {noun} in all; --page N, --all",
                self.page
            ));
        }
        Ok(())
    }
}
