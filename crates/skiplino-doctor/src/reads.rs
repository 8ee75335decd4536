//! The read operations, in the order in which each finds the ids for the next.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use skiplino::{KeyClass, Operation};

use crate::exam::{Exam, Expected};
use crate::findings::{Line, Verdict};
use crate::network::{advised, line};
use crate::wire::{Answer, Request};

/// A larger difference between the clocks is reported.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// How long the client keeps an idle connection, in seconds.
const CLIENT_IDLE: u64 = 50;
/// Branches whose tree is read, and customers whose tickets are read, until something is found.
const MOST_TRIED: usize = 10;
/// Days whose slots are read until a slot is found.
const DAYS: i64 = 7;

/// A service in the tree of a branch.
#[derive(Debug, Clone)]
pub(crate) struct FoundService {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) group: String,
    takes_appointments: Option<bool>,
}

/// A text that no record has as its id.
pub(crate) fn unknown_id() -> String {
    let letters = || fastrand::alphanumeric().to_ascii_lowercase();
    std::iter::repeat_with(letters).take(10).collect()
}

/// The first answer: whether this is the API, and whether it accepts the key.
pub(crate) fn first(exam: &mut Exam<'_>) -> Option<Answer> {
    exam.ask_unexamined(&Request::new(Operation::ListBranches))
}

/// Round trip, clock, HTTP version, compression, kept connections.
pub(crate) fn connection(exam: &mut Exam<'_>, report: &mut dyn FnMut(Line)) {
    let request = Request::new(Operation::ListBranches);
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.extend(exam.ask(&request, Expected::success(Operation::ListBranches)));
    }
    let Some(last) = answers.last().cloned() else {
        return;
    };
    let mut times: Vec<_> = answers.iter().map(|answer| answer.took).collect();
    times.sort();
    let median = times[times.len() / 2];
    let found = format!("{} ms, the median of {}", median.as_millis(), times.len());
    report(match median < Duration::from_secs(2) {
        true => line("round trip", Verdict::Confirmed, &found),
        false => advised(
            "round trip",
            Verdict::Refuted,
            &found,
            "calls may reach their timeout: raise it",
        ),
    });
    exam.server_time = date(&last);
    report(clock(&last));
    let found = match last.version.as_str() {
        "HTTP/2.0" => "HTTP/2: all calls share a connection".to_owned(),
        version => format!("{version}: calls at the same time use a connection each"),
    };
    report(line("HTTP", Verdict::Confirmed, &found));
    let zipped = exam.ask_unexamined(&request.clone().gzip());
    if let Some(answer) = zipped {
        let found = match answer.header("content-encoding") {
            Some("gzip") => "answers are compressed",
            _ => "this answer is not compressed",
        };
        report(line("gzip", Verdict::Confirmed, found));
    }
    let kept = kept_connections(&answers);
    if kept.verdict == Verdict::Refuted && answers.iter().all(closes) {
        exam.contract.set("keep_alive", json!(false));
    }
    report(kept);
}

fn date(answer: &Answer) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(answer.header("date")?).ok()?;
    Timestamp::try_from(time).ok()
}

fn clock(answer: &Answer) -> Line {
    let Some(date) = date(answer) else {
        return line(
            "clock",
            Verdict::Confirmed,
            "the server does not say its time",
        );
    };
    let skew = answer.at.duration_since(date);
    let seconds = skew.as_secs();
    // `Date` has no fractions of a second.
    let found = match seconds {
        -1..=1 => "this machine and the server agree".to_owned(),
        2.. => format!("this machine is {seconds} s ahead of the server"),
        _ => format!("this machine is {} s behind the server", -seconds),
    };
    match skew.unsigned_abs() <= CLOCK_SKEW {
        true => line("clock", Verdict::Confirmed, &found),
        false => advised(
            "clock",
            Verdict::Refuted,
            &found,
            "set this machine's clock: certificates and appointments depend on it",
        ),
    }
}

fn closes(answer: &Answer) -> bool {
    answer.header("connection") == Some("close")
}

fn kept_connections(answers: &[Answer]) -> Line {
    let ports: Vec<_> = answers.iter().filter_map(|answer| answer.local).collect();
    let is_same = ports
        .windows(2)
        .all(|pair: &[SocketAddr]| pair[0] == pair[1]);
    if !is_same {
        let advice = "each call connects again, which takes longer: ask the server's operator for keep-alive";
        let found = "the server closes the connection after each answer";
        return advised("keep-alive", Verdict::Refuted, found, advice);
    }
    let limit = answers.iter().find_map(|answer| {
        let parts = answer.header("keep-alive")?.split(',');
        parts
            .filter_map(|part| part.trim().strip_prefix("timeout="))
            .find_map(|seconds| seconds.parse::<u64>().ok())
    });
    match limit {
        Some(seconds) if seconds < CLIENT_IDLE => advised(
            "keep-alive",
            Verdict::Refuted,
            &format!(
                "the server keeps idle connections for {seconds} s, the SDK for {CLIENT_IDLE} s"
            ),
            "a call on a connection that the server has just closed can fail; reads are retried",
        ),
        Some(seconds) => line(
            "keep-alive",
            Verdict::Confirmed,
            &format!("the server keeps idle connections for {seconds} s"),
        ),
        None => line(
            "keep-alive",
            Verdict::Confirmed,
            "connections are kept; the server does not say for how long",
        ),
    }
}

/// What a request without a key gets.
pub(crate) fn without_key(exam: &mut Exam<'_>) {
    let request = Request::new(Operation::ListBranches).without_key();
    if let Some(answer) = exam.ask(&request, Expected::status(401, "P05"))
        && answer.status == 403
    {
        exam.contract.set("unknown_key_status", json!(403));
    }
}

/// How the server treats the key. Returns whether it may read customers.
pub(crate) fn key_class(exam: &mut Exam<'_>, report: &mut dyn FnMut(Line)) -> bool {
    let class = exam.client.key_class();
    let request = Request::new(Operation::ListCustomers)
        .query("page", &1)
        .query("limit", &1);
    let Some(answer) = exam.ask_unexamined(&request) else {
        return false;
    };
    let is_refused = [401, 403].contains(&answer.status);
    let is_accepted = (200..300).contains(&answer.status);
    let (verdict, found, advice) = match (class, is_accepted) {
        (KeyClass::Secret, true) => (
            Verdict::Confirmed,
            "the key is accepted, as a secret one",
            None,
        ),
        (KeyClass::Public, _) if is_refused => {
            exam.findings.confirm("A02");
            let (found, agrees) = ("the key is accepted, as a public one", answer.status == 401);
            exam.findings
                .judge("P05", Operation::ListCustomers, agrees, || {
                    format!("a public key gets {} for customers", answer.status)
                });
            if !agrees {
                exam.contract.set("public_key_status", json!(answer.status));
            }
            (Verdict::Confirmed, found, None)
        }
        (KeyClass::Public, true) => (
            Verdict::Refuted,
            "the key is accepted, as a secret one, although it does not begin with sk_",
            Some(
                "the SDK takes it for a public key and refuses customers: ask for a key that begins with sk_",
            ),
        ),
        (KeyClass::Secret, _) if is_refused => {
            let text = "customers are refused to a key that begins with sk_".to_owned();
            exam.findings.refute("A02", Operation::ListCustomers, text);
            (
                Verdict::Broken,
                "the key is accepted, but not for customers",
                Some("use a secret key of the same company, if you need customers"),
            )
        }
        _ => (
            Verdict::Refuted,
            "the key is accepted; whether as a secret one, the server does not say",
            Some("see the lines about customers"),
        ),
    };
    report(Line {
        advice: advice.map(str::to_owned),
        ..line("access", verdict, found)
    });
    class == KeyClass::Secret && !is_refused
}

/// Branches, their trees, slots, and the language. Returns the services that were found.
pub(crate) fn branches(exam: &mut Exam<'_>, wanted: Option<&str>) -> Vec<FoundService> {
    let list = Request::new(Operation::ListBranches);
    let success = Expected::success(Operation::ListBranches);
    let english = exam.ask(&list.clone().locale("en"), success);
    let arabic = exam.ask(&list.locale("ar"), success);
    let branches = english.as_ref().map_or(&[][..], Answer::records);
    if branches.is_empty() {
        for id in ["P06", "P07", "P08", "P09", "A12", "P20", "P22", "P23"] {
            exam.findings.unseen(id, "the company has no active branch");
        }
    }
    let services = trees(exam, branches, wanted);
    unknown_branch(exam);
    if let (Some(english), Some(arabic)) = (&english, &arabic) {
        locale(exam, english, arabic);
    }
    slots(exam, &services);
    services
}

fn trees(exam: &mut Exam<'_>, branches: &[Value], wanted: Option<&str>) -> Vec<FoundService> {
    let mut services: Vec<FoundService> = Vec::new();
    // The wanted service may be in any of them.
    let most = wanted.map_or(MOST_TRIED, |_| branches.len());
    for branch in branches.iter().take(most) {
        let Some(id) = branch["id"].as_str() else {
            continue;
        };
        let request = Request::new(Operation::GetBranchTree).id(id).locale("en");
        let Some(answer) = exam.ask(&request, Expected::success(Operation::GetBranchTree)) else {
            break;
        };
        services.extend(answer.records().iter().flat_map(services_of));
        let has = |appointments: bool| {
            let kind = Some(appointments);
            services
                .iter()
                .any(|service| service.takes_appointments == kind)
        };
        let is_found = match wanted {
            Some(wanted) => services.iter().any(|service| service.is_called(wanted)),
            None => has(true) && has(false),
        };
        if is_found || answer.status != 200 {
            break;
        }
    }
    services
}

impl FoundService {
    pub(crate) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.name.to_lowercase().starts_with(&text.to_lowercase())
    }
}

/// The services of a group, whatever the name of the field is.
fn services_of(group: &Value) -> Vec<FoundService> {
    let lists = group.as_object().into_iter().flatten();
    let services = lists.filter_map(|(_, value)| value.as_array()).flatten();
    services
        .filter_map(|service| {
            Some(FoundService {
                id: service["id"].as_str()?.to_owned(),
                name: service["name"].as_str().unwrap_or_default().to_owned(),
                group: group["id"].as_str()?.to_owned(),
                takes_appointments: service["isAppointment"].as_bool(),
            })
        })
        .collect()
}

fn unknown_branch(exam: &mut Exam<'_>) {
    let request = Request::new(Operation::GetBranchTree).id(&unknown_id());
    exam.ask(&request, Expected::status(404, "A04"));
}

/// Whether names or reasons follow `X-Locale`.
fn locale(exam: &mut Exam<'_>, english: &Answer, arabic: &Answer) {
    let names = |answer: &Answer| -> Vec<Value> {
        let records = answer.records().iter();
        records.map(|branch| branch["name"].clone()).collect()
    };
    let mut differs = names(english) != names(arabic);
    if !differs {
        let unknown = Request::new(Operation::GetTicket).id(&unknown_id());
        let reasons: Vec<_> = ["en", "ar"]
            .into_iter()
            .filter_map(|locale| exam.ask_unexamined(&unknown.clone().locale(locale)))
            .map(|answer| answer.get("error").clone())
            .collect();
        differs = reasons.len() == 2 && reasons[0] != reasons[1];
    }
    exam.findings.judge("P20", Operation::ListBranches, differs, || {
        "names and reasons are the same with ar and with en: the server ignores X-Locale, or has \
         only one of these languages"
            .to_owned()
    });
    if !differs {
        exam.contract.set("locale_ignored", json!(true));
    }
}

fn slots(exam: &mut Exam<'_>, services: &[FoundService]) {
    let success = Expected::success(Operation::ListSlots);
    let with = |appointments: bool| {
        let kind = Some(appointments);
        services
            .iter()
            .find(|service| service.takes_appointments == kind)
    };
    let request = |service: &FoundService| Request::new(Operation::ListSlots).id(&service.id);
    match with(true) {
        Some(service) => {
            let now = exam.server_time.unwrap_or_else(Timestamp::now);
            let today = Offset::UTC.to_datetime(now).date();
            for day in 0..DAYS {
                let date = today.checked_add(day.days()).unwrap_or(today);
                let mut request = request(service);
                // Today is the server's own default: its time zone may differ.
                if day > 0 {
                    request = request.query("date", &date);
                }
                let answer = exam.ask(&request, success);
                if answer.is_none_or(|answer| answer.status != 200 || !answer.records().is_empty())
                {
                    break;
                }
            }
            let past = request(service).query("date", &"2020-01-01");
            exam.ask(&past, Expected::status(422, "P23"));
            exam.findings
                .unseen("P09", "no slot is free in the next days");
        }
        None => {
            for id in ["P09", "P23"] {
                exam.findings
                    .unseen(id, "no service with appointments was found");
            }
        }
    }
    match with(false) {
        Some(service) => {
            exam.ask(&request(service), Expected::status(422, "P22"));
        }
        None => exam
            .findings
            .unseen("P22", "every service takes appointments"),
    }
}

/// An unknown ticket.
pub(crate) fn unknown_ticket(exam: &mut Exam<'_>) {
    let request = Request::new(Operation::GetTicket).id(&unknown_id());
    let answer = exam.ask(&request, Expected::status(404, "A05"));
    // The tree, slots and tickets were all accepted, unless one of them refuted it.
    if answer.is_some() && exam.client.key_class() == KeyClass::Public {
        exam.findings.confirm("A03");
    }
}

/// Customers and their tickets.
pub(crate) fn customers(exam: &mut Exam<'_>) {
    let largest = largest_page(exam);
    let too_large = list(1, 101);
    exam.ask(&too_large, Expected::status(422, "P24"));
    let unknown = Request::new(Operation::GetCustomer)
        .query("externalId", &format!("skiplino-doctor-{}", unknown_id()));
    exam.ask(&unknown, Expected::status(422, "P16"));
    let Some(page) = largest else {
        return;
    };
    let last = total(exam, &page);
    let mut customers = page.records().to_vec();
    order(
        exam,
        Operation::ListCustomers,
        &customers,
        last.as_ref(),
        "createdAt",
    );
    // The oldest customers are more likely to have tickets than the newest.
    customers.truncate(MOST_TRIED);
    if let Some(last) = &last {
        customers.extend(last.records().iter().rev().take(MOST_TRIED).cloned());
    }
    if customers.is_empty() {
        for id in ["P10", "P11", "P13", "P14", "P15", "P18", "A14"] {
            exam.findings.unseen(id, "the company has no customers");
        }
    }
    let ids: Vec<String> = customers
        .iter()
        .filter_map(|customer| customer["_id"].as_str().map(str::to_owned))
        .collect();
    if let Some(id) = ids.first() {
        let request = Request::new(Operation::GetCustomer).query("id", &id);
        exam.ask(&request, Expected::success(Operation::GetCustomer));
    }
    tickets(exam, &ids);
}

fn list(page: u64, limit: u64) -> Request {
    Request::new(Operation::ListCustomers)
        .query("page", &page)
        .query("limit", &limit)
}

/// The first page of the largest size that the server accepts.
fn largest_page(exam: &mut Exam<'_>) -> Option<Answer> {
    let operation = Operation::ListCustomers;
    let first = exam.ask_unexamined(&list(1, 100))?;
    let (mut answer, mut accepted) = (first, 100);
    if answer.status == 422 {
        for limit in [50, 25, 20, 10] {
            answer = exam.ask_unexamined(&list(1, limit))?;
            accepted = limit;
            if answer.status == 200 {
                break;
            }
        }
        let text = format!("a page of 100 customers is rejected, {accepted} are accepted");
        exam.findings.refute("P17", operation, text);
        exam.contract.max_limit(operation, accepted);
    }
    let answer = exam.ask(&list(1, accepted), Expected::success(operation))?;
    let count = answer.records().len() as u64;
    let pagination = answer.get("pagination");
    let (total, said) = (pagination["total"].as_u64(), pagination["limit"].as_u64());
    let has_next = pagination["hasNextPage"].as_bool() == Some(true);
    if accepted == 100 {
        match (said, has_next) {
            // More customers would have fitted.
            (_, true) if count < 100 => {
                let text = format!("a page has {count} customers in place of 100");
                exam.findings.refute("P17", operation, text);
                exam.contract.max_limit(operation, count);
                exam.contract.set("oversized_limit", json!("capped"));
            }
            (Some(said), _) if said != 100 => {
                let text = format!("the server makes pages of {said} when asked for 100");
                exam.findings.refute("P17", operation, text);
                exam.contract.max_limit(operation, said);
                exam.contract.set("oversized_limit", json!("capped"));
            }
            (Some(_), _) => exam.findings.confirm("P17"),
            (None, _) if count == 100 => exam.findings.confirm("P17"),
            (None, _) => {
                let total = total.unwrap_or(count);
                let why = format!("the company has only {total} customers");
                exam.findings.unseen("P17", why);
            }
        }
    }
    Some(answer)
}

/// Whether `total` counts all records: the last page shows it. Returns that page, if it is another
/// one.
fn total(exam: &mut Exam<'_>, first: &Answer) -> Option<Answer> {
    let operation = Operation::ListCustomers;
    let pagination = first.get("pagination").clone();
    let count = first.records().len() as u64;
    let (Some(total), Some(pages), Some(has_next)) = (
        pagination["total"].as_u64(),
        pagination["totalPages"].as_u64(),
        pagination["hasNextPage"].as_bool(),
    ) else {
        exam.findings.unseen("P19", "a page does not say it");
        return None;
    };
    let mut last = None;
    let counted = if !has_next {
        Some((count, 1.min(count)))
    } else if pages < 2 {
        // There is a next page, so there are at least two.
        Some((count + 1, 2))
    } else {
        last = exam.ask(&list(pages, count.max(1)), Expected::success(operation));
        last.as_ref()
            .filter(|answer| answer.get("pagination")["total"] == pagination["total"])
            .map(|last| {
                // A page after the last one has at least one record.
                let more = u64::from(last.get("pagination")["hasNextPage"] == true);
                let before = (pages - 1).saturating_mul(count);
                let counted = before.saturating_add(last.records().len() as u64 + more);
                (counted, pages.saturating_add(more))
            })
    };
    let Some((counted, counted_pages)) = counted else {
        exam.findings.unseen("P19", "the list changed meanwhile");
        return last;
    };
    let agrees = counted == total && (counted_pages == pages || total == 0);
    exam.findings.judge("P19", operation, agrees, || {
        format!(
            "total is {total} and totalPages {pages}, but the list has {counted} records or more"
        )
    });
    if !agrees {
        let kind = if total > counted {
            "too_high"
        } else {
            "too_low"
        };
        exam.contract.set("total", json!(kind));
    }
    last
}

/// Whether a list is newest first.
fn order(
    exam: &mut Exam<'_>,
    operation: Operation,
    records: &[Value],
    last_page: Option<&Answer>,
    field: &str,
) {
    let times: Vec<Timestamp> = records
        .iter()
        .chain(last_page.map_or(&[][..], Answer::records))
        .filter_map(|record| record[field].as_str()?.parse().ok())
        .collect();
    let rises = times.windows(2).any(|pair| pair[0] < pair[1]);
    let falls = times.windows(2).any(|pair| pair[0] > pair[1]);
    if !rises && !falls {
        exam.findings
            .unseen("P18", "no list has two records of different age");
        return;
    }
    exam.findings.judge("P18", operation, !rises, || {
        let kind = if falls {
            "in no order of time"
        } else {
            "oldest first"
        };
        format!("{operation} is {kind}")
    });
    if rises && !falls {
        exam.contract.set("list_order", json!("oldest_first"));
    }
}

fn tickets(exam: &mut Exam<'_>, customers: &[String]) {
    let operation = Operation::ListCustomerTickets;
    let mut found: Option<String> = None;
    for id in customers {
        let request = Request::new(operation)
            .query("id", &id)
            .query("page", &1)
            .query("limit", &10);
        // A page of 10 is the largest that is published.
        let Some(answer) = exam.ask(&request, Expected::status(200, "P17")) else {
            break;
        };
        if answer.status != 200 {
            break;
        }
        if let Some(limit) = answer.get("pagination")["limit"]
            .as_u64()
            .filter(|limit| *limit != 10)
        {
            let text = format!("the server makes pages of {limit} tickets when asked for 10");
            exam.findings.refute("P17", operation, text);
            exam.contract.max_limit(operation, limit);
            exam.contract.set("oversized_limit", json!("capped"));
        }
        let tickets = answer.records();
        if tickets.len() > 1 {
            order(exam, operation, tickets, None, "bookedAt");
        }
        if let Some(ticket) = tickets.first() {
            found = found.or_else(|| ticket["id"].as_str().map(str::to_owned));
            let is_waiting = |ticket: &Value| ticket["status"] == "waiting";
            if tickets.iter().any(is_waiting) {
                break;
            }
        }
    }
    if let Some(id) = found {
        let request = Request::new(Operation::GetTicket).id(&id);
        exam.ask(&request, Expected::success(Operation::GetTicket));
        exam.findings.unseen("P15", "no waiting walk-in was found");
    } else {
        for id in ["P10", "P13", "P15", "A14"] {
            let why = format!("none of {} customers has a ticket", customers.len());
            exam.findings.unseen(id, why);
        }
    }
}
