use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value, json};
use skiplino::{
    Client, CustomerRef, CustomerUpdateRequest, CustomerWriteRequest, ExternalId, List, Page,
};

use super::customers_export::Export;
use super::customers_import::Import;
use super::{change, confirm, customers_table, ticket_view};
use crate::exit::Failure;
use crate::output::{Column, Listing, Output, Text};
use crate::values;

/// Read and change the customer directory
///
/// A customer is named by the server's id (32 hexadecimal characters) or by your own: ext:crm-7741, or --external-id crm-7741.
/// All but `tickets` take a secret key.
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
    /// One page, or with --all the whole directory, which is printed as it is read.
    #[command(after_help = "Examples:
  skiplino customers list
  skiplino customers list --limit 100 --page 3
  skiplino customers list --all --json > directory.jsonl")]
    List(Paging),
    /// Show a customer
    #[command(after_help = "Examples:
  skiplino customers get 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b
  skiplino customers get ext:crm-7741 --json | jq .metadata")]
    Get(Whom),
    /// Create a customer
    ///
    /// Every field is optional. An external id of your own is recommended: it keeps a second try from making a second
    /// customer.
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
    /// What is not given stays as it is; metadata is replaced whole. After a customer's id, --external-id is the new value;
    /// without one it says which customer is meant.
    #[command(after_help = "Examples:
  skiplino customers update 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --name \"Layla A. Hassan\"
  skiplino customers update ext:crm-7741 --mobile +97333778899
  skiplino customers update 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --external-id crm-8000")]
    Update {
        /// The customer: its id, or ext: and your own id
        #[arg(value_parser = values::customer, required_unless_present = "external_id")]
        customer: Option<CustomerRef>,
        /// A new external id; or, where no customer is given before, which customer is meant
        #[arg(long, value_name = "ID", value_parser = values::external_id)]
        external_id: Option<ExternalId>,
        #[command(flatten)]
        fields: Fields,
    },
    /// Delete a customer for good
    ///
    /// Asks first on a terminal; elsewhere --yes is needed. The customer's tickets stay.
    #[command(after_help = "Examples:
  skiplino customers delete ext:crm-7741
  skiplino customers delete 9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b --yes")]
    Delete {
        #[command(flatten)]
        whom: Whom,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    Export(Export),
    Import(Import),
    /// List a customer's tickets, newest first
    ///
    /// Takes any key. The time is the appointment's, or when a walk-in was booked.
    #[command(after_help = "Examples:
  skiplino customers tickets ext:crm-7741
  skiplino customers tickets ext:crm-7741 --all --json | jq -r 'select(.status == \"upcoming\").id'")]
    Tickets {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        paging: Paging,
    },
}

/// Which customer.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whom {
    /// The customer: its id, or ext: and your own id
    #[arg(value_parser = values::customer)]
    customer: Option<CustomerRef>,

    /// The customer, by your own id
    #[arg(long, value_name = "ID", value_parser = values::external_id)]
    external_id: Option<ExternalId>,
}

impl Whom {
    fn into_ref(self) -> Result<CustomerRef, Failure> {
        let customer = self.customer.or(self.external_id.map(CustomerRef::from));
        customer.ok_or_else(|| Failure::Usage("no customer is given".to_owned()))
    }
}

/// Which part of a list.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// Records a page: up to 100 customers, or 10 tickets [default: 10; with --all as many as can be]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// The page, from 1
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    page: u64,

    /// All pages
    #[arg(long)]
    all: bool,
}

/// What can be written of a customer.
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

/// Both requests have the same setters but no type in common.
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
            Self::Get(whom) => {
                let whom = whom.into_ref()?;
                match customers.find(&whom).wait()? {
                    Some(customer) => customers_table::details(&customer, out),
                    None => Err(Failure::Missing(format!(
                        "there is no customer {}",
                        values::typed(&whom)
                    ))),
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
            Self::Delete { whom, yes } => delete(client, whom.into_ref()?, yes, out),
            Self::Export(export) => export.run(client, out),
            Self::Import(import) => import.run(client, out),
            Self::Tickets { whom, paging } => {
                let tickets = customers.tickets(whom.into_ref()?);
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
    let customer = change(client.customers().create(request), advice, out)?;
    customers_table::details(&customer, out)
}

fn update(
    client: &Client,
    customer: Option<CustomerRef>,
    external_id: Option<ExternalId>,
    fields: Fields,
    out: &mut Output,
) -> Result<(), Failure> {
    let nothing = || Failure::Usage("nothing to change: give at least one field".to_owned());
    let (customer, renamed) = match (customer, external_id) {
        (Some(customer), renamed) => (customer, renamed),
        (None, Some(id)) => (id.into(), None),
        (None, None) => return Err(nothing()),
    };
    if renamed.is_none() && fields.is_empty() {
        return Err(nothing());
    }
    let advice = format!(
        "`skiplino customers get {}` shows it; the same change can be made again without harm",
        values::typed(&customer)
    );
    let mut request = CustomerUpdateRequest::new(customer);
    if let Some(id) = renamed {
        request = request.external_id(id);
    }
    let request = fill!(request, fields);
    let customer = change(client.customers().update(request), advice, out)?;
    customers_table::details(&customer, out)
}

fn delete(client: &Client, whom: CustomerRef, yes: bool, out: &mut Output) -> Result<(), Failure> {
    let typed = values::typed(&whom);
    confirm(yes, || {
        let customer = client.customers().get(&whom).wait()?;
        let name = customer.name().unwrap_or("a customer without a name");
        Ok(format!("Delete {name} ({}) for good?", customer.id()))
    })?;
    let advice = format!("`skiplino customers get {typed}` shows whether it is still there");
    change(client.customers().delete(whom), advice, out)?;
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
        row: fn(&T) -> [Text; N],
        what: &str,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let mut listing = Listing::new(columns);
        let mut print = |page: &Page<T>, out: &mut Output| -> Result<(), Failure> {
            if out.json {
                out.objects(page.items())?;
            } else if !page.items().is_empty() {
                listing.print(out, page.items().iter().map(row))?;
            } else if page.pagination().total() == 0 {
                out.line(format_args!("There are no {what}."))?;
            } else {
                out.line(format_args!("Page {} is past the end.", self.page))?;
            }
            // Whoever reads along sees each page as it comes, and a reader that has left is noticed before the next one.
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
                "page {} of {pages}, {total} {what} in all; --page N, --all",
                self.page
            ));
        }
        Ok(())
    }
}
