//! Customers.

use rand::RngExt;
use rusqlite::{OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::{
    Db,
    ids::{self, Kind},
};
use crate::{
    clock::{self, Millis},
    envelope::Failure,
    locale::Reason,
    pagination::Page,
    validate::CustomerRef,
};

/// The company of every record.
const COMPANY: &str = "cmp_5f3a91";
const COLUMNS: &str = "seq, id, external_id, name, email, mobile, metadata, created_at, updated_at";

#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) seq: i64,
    pub(crate) id: String,
    external_id: Option<String>,
    pub(crate) name: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
    metadata: Option<Value>,
    created_at: Millis,
    updated_at: Millis,
}

/// Fields to store. `None` keeps the stored value; an empty text removes it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) external_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) metadata: Option<Value>,
}

impl Customer {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            external_id: row.get(2)?,
            name: row.get(3)?,
            email: row.get(4)?,
            mobile: row.get(5)?,
            metadata: row
                .get_ref(6)?
                .as_str_or_null()?
                .and_then(|text| serde_json::from_str(text).ok()),
            created_at: row.get(7)?,
            updated_at: row.get(8)?,
        })
    }

    /// The fields are in the order of the published example; empty fields are left out.
    pub(crate) fn json(&self) -> Value {
        let texts = [
            ("name", &self.name),
            ("email", &self.email),
            ("mobile", &self.mobile),
        ];
        let mut json = Map::new();
        json.insert("_id".to_owned(), json!(self.id));
        if let Some(external_id) = &self.external_id {
            json.insert("externalId".to_owned(), json!(external_id));
        }
        json.insert("companyId".to_owned(), json!(COMPANY));
        for (key, text) in texts {
            if let Some(text) = text {
                json.insert(key.to_owned(), json!(text));
            }
        }
        if let Some(metadata) = &self.metadata {
            json.insert("metadata".to_owned(), metadata.clone());
        }
        json.insert(
            "createdAt".to_owned(),
            json!(clock::format(self.created_at)),
        );
        json.insert(
            "updatedAt".to_owned(),
            json!(clock::format(self.updated_at)),
        );
        Value::Object(json)
    }

    fn apply(&mut self, change: Change) {
        let texts = [
            (&mut self.external_id, change.external_id),
            (&mut self.name, change.name),
            (&mut self.email, change.email),
            (&mut self.mobile, change.mobile),
        ];
        for (stored, new) in texts {
            if let Some(new) = new {
                *stored = Some(new).filter(|text| !text.is_empty());
            }
        }
        if change.metadata.is_some() {
            self.metadata = change.metadata;
        }
    }
}

/// The customer. If there is none, the failure names the field: the first of `fields` for an id,
/// the second for an `externalId`.
pub(crate) fn find_or_reject(
    db: &Db,
    reference: &CustomerRef,
    fields: [&str; 2],
) -> Result<Customer, Failure> {
    let [id_field, external_id_field] = fields;
    let (column, text, field) = match reference {
        CustomerRef::Id(id) => ("id", id, id_field),
        CustomerRef::ExternalId(id) => ("external_id", id, external_id_field),
    };
    let sql = format!("SELECT {COLUMNS} FROM customers WHERE {column} = ?1");
    let mut statement = db.conn.prepare_cached(&sql)?;
    let customer = statement.query_row([text], Customer::read).optional()?;
    customer.ok_or_else(|| Failure::field(field, Reason::DoesNotExist))
}

/// The id of the customer with this `externalId`.
pub(crate) fn holder(db: &Db, external_id: Option<&str>) -> rusqlite::Result<Option<String>> {
    db.conn
        .prepare_cached("SELECT id FROM customers WHERE external_id = ?1")?
        .query_row([external_id], |row| row.get(0))
        .optional()
}

pub(crate) fn page(db: &Db, page: Page) -> rusqlite::Result<(Vec<Customer>, i64)> {
    let total = i64::try_from(db.customer_seqs.len()).unwrap_or(i64::MAX);
    // Counted from the end, so that both orders find their first record in the same way.
    let skipped = match page.oldest_first {
        true => total.saturating_sub(1).saturating_sub(page.offset()),
        false => page.offset(),
    };
    let first = usize::try_from(skipped)
        .ok()
        .and_then(|skipped| db.customer_seqs.nth_from_end(skipped));
    let Some(first) = first else {
        return Ok((Vec::new(), total));
    };
    let sql = match page.oldest_first {
        true => format!("SELECT {COLUMNS} FROM customers WHERE seq >= ?1 ORDER BY seq LIMIT ?2"),
        false => {
            format!("SELECT {COLUMNS} FROM customers WHERE seq <= ?1 ORDER BY seq DESC LIMIT ?2")
        }
    };
    let mut statement = db.conn.prepare_cached(&sql)?;
    let customers = statement
        .query_map((first, page.limit), Customer::read)?
        .collect::<Result<_, _>>()?;
    Ok((customers, total))
}

pub(crate) fn insert(db: &mut Db, change: Change, now: Millis) -> rusqlite::Result<Customer> {
    let seq = db.next_seq("customers")?;
    let mut customer = Customer {
        seq,
        id: ids::new(&mut ids::rng(db.seed, Kind::Customer, seq), Kind::Customer),
        external_id: None,
        name: None,
        email: None,
        mobile: None,
        metadata: None,
        created_at: now,
        updated_at: now,
    };
    customer.apply(change);
    db.conn
        .prepare_cached(
            "INSERT INTO customers (seq, id, external_id, name, email, mobile, metadata, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
        )?
        .execute((
            seq,
            &customer.id,
            &customer.external_id,
            &customer.name,
            &customer.email,
            &customer.mobile,
            customer.metadata.as_ref().map(Value::to_string),
            now,
        ))?;
    db.caches_changed = true;
    db.customer_seqs.add(seq);
    Ok(customer)
}

pub(crate) fn update(
    db: &Db,
    mut customer: Customer,
    change: Change,
    now: Millis,
) -> rusqlite::Result<Customer> {
    customer.apply(change);
    customer.updated_at = now;
    db.conn
        .prepare_cached(
            "UPDATE customers SET external_id = ?2, name = ?3, email = ?4, mobile = ?5, metadata = ?6, updated_at = ?7
             WHERE seq = ?1",
        )?
        .execute((
            customer.seq,
            &customer.external_id,
            &customer.name,
            &customer.email,
            &customer.mobile,
            customer.metadata.as_ref().map(Value::to_string),
            now,
        ))?;
    Ok(customer)
}

/// Deletes the customer, and keeps the tickets.
pub(crate) fn delete(db: &mut Db, customer: &Customer) -> rusqlite::Result<()> {
    db.conn
        .prepare_cached("DELETE FROM customers WHERE seq = ?1")?
        .execute([customer.seq])?;
    db.caches_changed = true;
    db.customer_seqs.remove(customer.seq);
    Ok(())
}

/// Adds generated customers.
pub(crate) fn generate(db: &mut Db, count: u64, now: Millis) -> rusqlite::Result<()> {
    const FIRST: [&str; 8] = [
        "Ahmed", "Fatima", "Hassan", "Maryam", "Noor", "Omar", "سارة", "علي",
    ];
    const LAST: [&str; 8] = [
        "Al Khalifa",
        "Haddad",
        "Ibrahim",
        "Janahi",
        "Mansoor",
        "Qasim",
        "الأنصاري",
        "العلي",
    ];
    const TIERS: [&str; 3] = ["bronze", "silver", "gold"];
    for _ in 0..count {
        let seq = db.next_seq("customers")?;
        // A separate generator: ids must not depend on generated names.
        let mut rng = ids::rng(!db.seed, Kind::Customer, seq);
        let mut pick = |from: &[&str]| {
            let at = rng.random_range(0..from.len());
            from.get(at).copied().unwrap_or_default().to_owned()
        };
        let name = format!("{} {}", pick(&FIRST), pick(&LAST));
        let metadata = json!({"tier": pick(&TIERS)});
        let change = Change {
            external_id: Some(format!("gen-{seq}")),
            name: Some(name),
            email: Some(format!("customer.{seq}@example.com")),
            mobile: Some(format!("+9733{:07}", seq % 10_000_000)),
            metadata: Some(metadata),
        };
        insert(db, change, now)?;
    }
    Ok(())
}
