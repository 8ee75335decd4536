//! The read operations. Each needs ids that an earlier one has found.

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

/// Doctor reports a larger difference between the clocks.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// How long the client keeps an idle connection, in seconds.
const CLIENT_IDLE: u64 = 50;
/// The largest number of branches whose trees are read, and of customers whose tickets are read.
const MOST_TRIED: usize = 10;
/// The largest number of days whose slots are read.
const DAYS: i64 = 7;

/// A service in the tree of a branch.
#[derive(Debug, Clone)]
pub(crate) struct FoundService {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) group: String,
    takes_appointments: Option<bool>,
}

/// The services of a company.
#[derive(Debug)]
pub(crate) struct FoundServices {
    found: Vec<FoundService>,
    /// A branch that could not be read may have services of the same names.
    has_unread_branch: bool,
}

/// A random id that no record has.
pub(crate) fn unknown_id() -> String {
    let letters = || fastrand::alphanumeric().to_ascii_lowercase();
    std::iter::repeat_with(letters).take(10).collect()
}

/// The first response: it shows whether this is the API, and whether it accepts the key.
pub(crate) fn first(exam: &mut Exam<'_>) -> Option<Answer> {
    exam.send(&Request::new(Operation::ListBranches))
}

/// Round trip, clock, HTTP version, compression, keep-alive.
pub(crate) fn connection(exam: &mut Exam<'_>, report: &mut dyn FnMut(Line)) {
    let request = Request::new(Operation::ListBranches);
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.extend(exam.send_and_check(&request, Expected::success(Operation::ListBranches)));
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
            "calls may time out: set longer timeouts",
        ),
    });
    exam.server_time = date(&last);
    report(clock(&last));
    let found = match last.version.as_str() {
        "HTTP/2.0" => "HTTP/2: all calls share one connection".to_owned(),
        version => format!("{version}: each concurrent call uses a connection of its own"),
    };
    report(line("HTTP", Verdict::Confirmed, &found));
    let zipped = exam.send(&request.clone().gzip());
    if let Some(answer) = zipped {
        let found = match answer.header("content-encoding") {
            Some("gzip") => "responses are compressed",
            _ => "this response is not compressed",
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
            "the server sends no Date header",
        );
    };
    let skew = answer.at.duration_since(date);
    let seconds = skew.as_secs();
    // `Date` has no fractions of a second.
    let found = match seconds {
        -1..=1 => "the clocks of this machine and of the server agree".to_owned(),
        2.. => format!("this machine is {seconds} s ahead of the server"),
        _ => format!("this machine is {} s behind the server", -seconds),
    };
    match skew.unsigned_abs() <= CLOCK_SKEW {
        true => line("clock", Verdict::Confirmed, &found),
        false => advised(
            "clock",
            Verdict::Refuted,
            &found,
            "set this machine's clock: certificates and appointments depend on the right time",
        ),
    }
}

fn closes(answer: &Answer) -> bool {
    answer.header("connection") == Some("close")
}

fn kept_connections(answers: &[Answer]) -> Line {
    let ports: Vec<_> = answers.iter().filter_map(|answer| answer.local).collect();
    let pairs = ports.len().saturating_sub(1);
    let is_new = |pair: &&[SocketAddr]| pair[0] != pair[1];
    let changes = ports.windows(2).filter(is_new).count();
    if changes > 0 {
        let advice = "each call connects again and takes longer: ask the server's operator to enable keep-alive";
        let found = match changes == pairs {
            true => "the server closes the connection after each response".to_owned(),
            false => format!("{changes} of {pairs} responses ended their connection"),
        };
        return advised("keep-alive", Verdict::Refuted, &found, advice);
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
            "a call can fail if the server closes its connection at the same moment; the SDK retries reads",
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

/// Sends a request without a key.
pub(crate) fn without_key(exam: &mut Exam<'_>) {
    let request = Request::new(Operation::ListBranches).without_key();
    if let Some(answer) = exam.send_and_check(&request, Expected::status(401, "P05"))
        && answer.status == 403
    {
        exam.contract.set("unknown_key_status", json!(403));
    }
}

/// Finds out the kind of the key. Returns whether the key may read customers.
pub(crate) fn key_class(exam: &mut Exam<'_>, report: &mut dyn FnMut(Line)) -> bool {
    let class = exam.client.key_class();
    let request = Request::new(Operation::ListCustomers)
        .query("page", &1)
        .query("limit", &1);
    let Some(answer) = exam.send(&request) else {
        return false;
    };
    let is_refused = [401, 403].contains(&answer.status);
    let is_accepted = (200..300).contains(&answer.status);
    let (verdict, found, advice) = match (class, is_accepted) {
        (KeyClass::Secret, true) => (
            Verdict::Confirmed,
            "the server accepts the key as a secret key",
            None,
        ),
        (KeyClass::Public, _) if is_refused => {
            exam.findings.confirm("A02");
            let (found, agrees) = (
                "the server accepts the key as a public key",
                answer.status == 401,
            );
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
            "the server accepts the key as a secret key, although it does not begin with sk_",
            Some(
                "the SDK treats it as a public key and rejects calls about customers: ask for a key that begins with sk_",
            ),
        ),
        (KeyClass::Secret, _) if is_refused => {
            let text = "the server rejects a key that begins with sk_ for customers".to_owned();
            exam.findings.refute("A02", Operation::ListCustomers, text);
            (
                Verdict::Broken,
                "the server accepts the key, but not for customers",
                Some("use a secret key of the same company, if you need customers"),
            )
        }
        _ => (
            Verdict::Refuted,
            "the server accepts the key, but does not show whether it is a secret key",
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
pub(crate) fn branches(exam: &mut Exam<'_>, wanted: Option<&str>) -> FoundServices {
    let list = Request::new(Operation::ListBranches);
    let success = Expected::success(Operation::ListBranches);
    let english = exam.send_and_check(&list.clone().locale("en"), success);
    let arabic = exam.send_and_check(&list.locale("ar"), success);
    let branches = english.as_ref().map_or(&[][..], Answer::records);
    if branches.is_empty() {
        for id in ["P06", "P07", "P08", "P09", "A12", "P20", "P22", "P23"] {
            exam.findings
                .not_checked(id, "the company has no active branch");
        }
    }
    let services = trees(exam, branches, wanted);
    unknown_branch(exam);
    if let (Some(english), Some(arabic)) = (&english, &arabic) {
        locale(exam, english, arabic);
    }
    slots(exam, &services.found);
    services
}

fn trees(exam: &mut Exam<'_>, branches: &[Value], wanted: Option<&str>) -> FoundServices {
    let mut services: Vec<FoundService> = Vec::new();
    let mut has_unread_branch = false;
    // The wanted service may be in any branch.
    let most = wanted.map_or(MOST_TRIED, |_| branches.len());
    for branch in branches.iter().take(most) {
        let Some(id) = branch["id"].as_str() else {
            has_unread_branch = true;
            continue;
        };
        let request = Request::new(Operation::GetBranchTree).id(id).locale("en");
        let Some(answer) =
            exam.send_and_check(&request, Expected::success(Operation::GetBranchTree))
        else {
            has_unread_branch = true;
            break;
        };
        has_unread_branch |= !answer.is_success();
        services.extend(answer.records().iter().flat_map(services_of));
        let has = |appointments: bool| {
            let kind = Some(appointments);
            services
                .iter()
                .any(|service| service.takes_appointments == kind)
        };
        // A further branch may have a service of the same name, but not of the same id.
        let is_done = match wanted {
            Some(wanted) => services.iter().any(|service| service.id == wanted),
            None => answer.status != 200 || (has(true) && has(false)),
        };
        if is_done {
            break;
        }
    }
    FoundServices {
        found: services,
        has_unread_branch,
    }
}

impl FoundServices {
    /// The services that match best: by id, else by the whole name, else by the start of the name.
    pub(crate) fn matching(&self, text: &str) -> Vec<&FoundService> {
        if let Some(service) = self.found.iter().find(|service| service.id == text) {
            return vec![service];
        }
        let name = text.to_lowercase();
        let find = |matches: &dyn Fn(&str) -> bool| -> Vec<&FoundService> {
            let has_name = |service: &&FoundService| matches(&service.name.to_lowercase());
            self.found.iter().filter(has_name).collect()
        };
        let whole = find(&|other| other == name);
        match whole.is_empty() {
            true => find(&|other| other.starts_with(&name)),
            false => whole,
        }
    }

    /// Whether a branch that could not be read may have another service that `text` matches.
    pub(crate) fn may_match_another(&self, text: &str) -> bool {
        self.has_unread_branch && self.found.iter().all(|service| service.id != text)
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
    exam.send_and_check(&request, Expected::status(404, "A04"));
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
            .filter_map(|locale| exam.send(&unknown.clone().locale(locale)))
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
                // Without a date, the server uses today in the company's time zone.
                if day > 0 {
                    request = request.query("date", &date);
                }
                let answer = exam.send_and_check(&request, success);
                if answer.is_none_or(|answer| answer.status != 200 || !answer.records().is_empty())
                {
                    break;
                }
            }
            let past = request(service).query("date", &"2020-01-01");
            exam.send_and_check(&past, Expected::status(422, "P23"));
            exam.findings
                .not_checked("P09", "no slot is free in the next days");
        }
        None => {
            for id in ["P09", "P23"] {
                exam.findings
                    .not_checked(id, "no service with appointments was found");
            }
        }
    }
    match with(false) {
        Some(service) => {
            exam.send_and_check(&request(service), Expected::status(422, "P22"));
        }
        None => exam
            .findings
            .not_checked("P22", "every service takes appointments"),
    }
}

/// An unknown ticket.
pub(crate) fn unknown_ticket(exam: &mut Exam<'_>) {
    let request = Request::new(Operation::GetTicket).id(&unknown_id());
    let answer = exam.send_and_check(&request, Expected::status(404, "A05"));
    if exam.client.key_class() != KeyClass::Public {
        return;
    }
    let reads_ticket = answer.is_some_and(|answer| [404, 422].contains(&answer.status));
    let reads_others =
        [Operation::GetBranchTree, Operation::ListSlots].map(|other| exam.has_succeeded(other));
    // If the server rejected the key for one of them, A03 is refuted already.
    match reads_ticket && reads_others == [true, true] {
        true => exam.findings.confirm("A03"),
        false => exam
            .findings
            .not_checked("A03", "doctor has not read a tree, slots and a ticket"),
    }
}

/// Customers and their tickets.
pub(crate) fn customers(exam: &mut Exam<'_>) {
    let largest = largest_page(exam);
    let too_large = list(1, 101);
    exam.send_and_check(&too_large, Expected::status(422, "P24"));
    let unknown = Request::new(Operation::GetCustomer)
        .query("externalId", &format!("skiplino-doctor-{}", unknown_id()));
    exam.send_and_check(&unknown, Expected::status(422, "P16"));
    let Some((page, shows_size)) = largest else {
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
            exam.findings
                .not_checked(id, "the company has no customers");
        }
    }
    let ids: Vec<String> = customers
        .iter()
        .filter_map(|customer| customer["_id"].as_str().map(str::to_owned))
        .collect();
    if let Some(id) = ids.first() {
        let request = Request::new(Operation::GetCustomer).query("id", &id);
        exam.send_and_check(&request, Expected::success(Operation::GetCustomer));
    }
    let reads_tickets = tickets(exam, &ids);
    match (shows_size, reads_tickets) {
        (true, true) => exam.findings.confirm("P17"),
        (true, false) => exam
            .findings
            .not_checked("P17", "doctor read no page of tickets"),
        // `largest_page` says why.
        (false, _) => {}
    }
}

fn list(page: u64, limit: u64) -> Request {
    Request::new(Operation::ListCustomers)
        .query("page", &page)
        .query("limit", &limit)
}

/// The first page of the largest size that the server accepts, and whether it shows that a page has
/// up to 100 customers.
fn largest_page(exam: &mut Exam<'_>) -> Option<(Answer, bool)> {
    let operation = Operation::ListCustomers;
    let mut accepted = 100;
    if exam.send(&list(1, accepted))?.status == 422 {
        let mut found = None;
        for limit in [50, 25, 20, 10] {
            if exam.send(&list(1, limit))?.status == 200 {
                found = Some(limit);
                break;
            }
        }
        let Some(found) = found else {
            let text = "the server rejects pages of 100, 50, 25, 20 and 10 customers";
            exam.findings.refute("P17", operation, text.to_owned());
            return None;
        };
        accepted = found;
        let text = format!("the server rejects a page of 100 customers, and accepts {accepted}");
        exam.findings.refute("P17", operation, text);
        exam.contract.max_limit(operation, accepted);
    }
    let answer = exam.send_and_check(&list(1, accepted), Expected::success(operation))?;
    let count = answer.records().len() as u64;
    let pagination = answer.get("pagination");
    let (total, said) = (pagination["total"].as_u64(), pagination["limit"].as_u64());
    let has_next = pagination["hasNextPage"].as_bool() == Some(true);
    let mut shows_size = false;
    if accepted == 100 {
        match (said, has_next) {
            // The list has more customers than this page, which has fewer than 100.
            (_, true) if count < 100 => {
                let text = format!("a page has {count} customers instead of 100");
                exam.findings.refute("P17", operation, text);
                exam.contract.max_limit(operation, count);
                exam.contract.set("oversized_limit", json!("capped"));
            }
            (Some(said), _) if said != 100 => {
                let text = format!("the server returns pages of {said} for a limit of 100");
                exam.findings.refute("P17", operation, text);
                exam.contract.max_limit(operation, said);
                exam.contract.set("oversized_limit", json!("capped"));
            }
            (Some(_), _) => shows_size = true,
            (None, _) if count == 100 => shows_size = true,
            (None, _) => {
                let total = total.unwrap_or(count);
                let why = format!("the company has only {total} customers");
                exam.findings.not_checked("P17", why);
            }
        }
    }
    Some((answer, shows_size))
}

/// Checks with the last page whether `total` counts all records. Returns the last page, unless it
/// is the first.
fn total(exam: &mut Exam<'_>, first: &Answer) -> Option<Answer> {
    let operation = Operation::ListCustomers;
    let pagination = first.get("pagination").clone();
    let count = first.records().len() as u64;
    let (Some(total), Some(pages), Some(has_next)) = (
        pagination["total"].as_u64(),
        pagination["totalPages"].as_u64(),
        pagination["hasNextPage"].as_bool(),
    ) else {
        exam.findings.not_checked("P19", "a page has no total");
        return None;
    };
    let mut last = None;
    let counted = if !has_next {
        Some((count, 1.min(count)))
    } else if pages < 2 {
        // There is a next page, so there are at least two.
        Some((count + 1, 2))
    } else {
        last = exam.send_and_check(&list(pages, count.max(1)), Expected::success(operation));
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
        exam.findings
            .not_checked("P19", "the list changed during the check");
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
            exam.findings.breaks("P19");
            "too_high"
        } else {
            "too_low"
        };
        exam.contract.set("total", json!(kind));
    }
    last
}

/// Checks whether a list begins with the newest record.
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
            .not_checked("P18", "no list has two records with different times");
        return;
    }
    exam.findings.judge("P18", operation, !rises, || {
        let kind = if falls {
            "not sorted by time"
        } else {
            "oldest first"
        };
        format!("the records of {operation} are {kind}")
    });
    if rises && !falls {
        exam.contract.set("list_order", json!("oldest_first"));
    }
}

/// Tickets of customers. Returns whether the server accepts a page of 10 tickets.
fn tickets(exam: &mut Exam<'_>, customers: &[String]) -> bool {
    let operation = Operation::ListCustomerTickets;
    let mut found: Option<String> = None;
    let mut is_accepted = false;
    for id in customers {
        let request = Request::new(operation)
            .query("id", &id)
            .query("page", &1)
            .query("limit", &10);
        // The documentation allows up to 10 tickets on a page.
        let Some(answer) = exam.send(&request) else {
            break;
        };
        let expected = match answer.status {
            422 => Expected::status(200, "P17"),
            _ => Expected::success(operation),
        };
        exam.check_response(&answer, expected);
        if answer.status != 200 {
            break;
        }
        is_accepted = true;
        if let Some(limit) = answer.get("pagination")["limit"]
            .as_u64()
            .filter(|limit| *limit != 10)
        {
            let text = format!("the server returns pages of {limit} tickets for a limit of 10");
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
        exam.send_and_check(&request, Expected::success(Operation::GetTicket));
        exam.findings
            .not_checked("P15", "no waiting walk-in was found");
    } else {
        for id in ["P10", "P13", "P15", "A14"] {
            let why = format!("none of {} customers has a ticket", customers.len());
            exam.findings.not_checked(id, why);
        }
    }
    is_accepted
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(port: u16) -> Answer {
        Answer {
            operation: Operation::ListBranches,
            request: String::new(),
            status: 200,
            version: String::new(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            is_cut: false,
            json: None,
            took: Duration::ZERO,
            at: Timestamp::UNIX_EPOCH,
            local: Some(SocketAddr::from(([127, 0, 0, 1], port))),
        }
    }

    #[test]
    fn a_connection_that_ends_once_does_not_end_after_each_response() {
        for (ports, found) in [
            ([1, 1, 1, 1, 1], "connections are kept"),
            ([1, 1, 2, 2, 2], "1 of 4 responses ended their connection"),
            ([1, 2, 3, 4, 5], "closes the connection after each response"),
        ] {
            let line = kept_connections(&ports.map(answer));
            assert!(line.found.contains(found), "{ports:?}: {line:?}");
        }
    }
}
