//! One examination: sends requests, compares each response with the OpenAPI document, and keeps the
//! results.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use skiplino::{Client, KeyClass, KeyRequirement, Operation};

use crate::client_view;
use crate::contract::{ContractDraft, is_time};
use crate::document::{Difference, DifferenceKind, Document};
use crate::error::DoctorError;
use crate::findings::{Findings, Line, Verdict};
use crate::network::advised;
use crate::record::Record;
use crate::shape::{is_word, shape, shape_of_header, shape_of_name, shape_of_text};
use crate::wire::{Answer, MAX_BODY, NoAnswer, Request, Wire};

/// The status that the caller expects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    status: u16,
    /// The check that fails for another status.
    check: &'static str,
}

impl Expected {
    pub(crate) const fn status(status: u16, check: &'static str) -> Self {
        Self { status, check }
    }

    /// A success with the published status.
    pub(crate) fn success(operation: Operation) -> Self {
        Self::status(operation.success_status(), "P02")
    }

    fn is_success(self) -> bool {
        (200..300).contains(&self.status)
    }
}

pub(crate) struct Exam<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) client: &'a Client,
    pub(crate) findings: Findings,
    pub(crate) contract: ContractDraft,
    /// Problems outside of the checks: lost responses and failures of the server.
    pub(crate) problems: Vec<Line>,
    /// The shapes of all responses, for the report.
    pub(crate) answers: Vec<Value>,
    /// The server's clock.
    pub(crate) server_time: Option<Timestamp>,
    /// The operations that had a success.
    succeeded: BTreeSet<&'static str>,
    document: Document,
    record: Option<Record>,
    /// Why the examination cannot go on.
    failure: Option<DoctorError>,
    is_cleaning_up: bool,
}

impl<'a> Exam<'a> {
    pub(crate) fn new(
        client: &'a Client,
        wire: Wire<'a>,
        record: Option<Record>,
    ) -> Result<Self, DoctorError> {
        Ok(Self {
            wire,
            client,
            findings: Findings::default(),
            contract: ContractDraft::default(),
            problems: Vec::new(),
            answers: Vec::new(),
            server_time: None,
            succeeded: BTreeSet::new(),
            document: Document::new()?,
            record,
            failure: None,
            is_cleaning_up: false,
        })
    }

    /// Starts the removal. From now on, requests are sent even after a stop or a failure.
    pub(crate) fn begin_clean_up(&mut self) {
        self.wire.ignore_stop();
        self.is_cleaning_up = true;
    }

    /// Whether the examination sends no further requests, after a stop or a failure of this machine.
    pub(crate) fn is_over(&self) -> bool {
        self.failure.is_some() || self.wire.is_stopped()
    }

    pub(crate) fn take_failure(&mut self) -> Option<DoctorError> {
        self.failure.take()
    }

    /// Sends a request and checks the response. None if there is no response, or after a stop.
    pub(crate) fn send_and_check(
        &mut self,
        request: &Request,
        expected: Expected,
    ) -> Option<Answer> {
        let answer = self.send(request)?;
        self.check_response(&answer, expected);
        Some(answer)
    }

    /// Sends a request. The caller checks the response.
    pub(crate) fn send(&mut self, request: &Request) -> Option<Answer> {
        if self.failure.is_some() && !self.is_cleaning_up {
            return None;
        }
        match self.wire.send(request) {
            Ok(answer) => {
                self.keep(&answer);
                Some(answer)
            }
            Err(NoAnswer::Stopped) => None,
            Err(lost) => {
                let found = format!("no response: {lost}");
                let advice = "run doctor again; if the problem stays, the network or a proxy ends \
                              connections";
                self.add_problem(about(request.operation, &found, advice));
                None
            }
        }
    }

    pub(crate) fn add_problem(&mut self, line: Line) {
        let is_known = |known: &Line| (&known.topic, &known.found) == (&line.topic, &line.found);
        if !self.problems.iter().any(is_known) {
            self.problems.push(line);
        }
    }

    /// Whether a request of this operation was a success.
    pub(crate) fn has_succeeded(&self, operation: Operation) -> bool {
        self.succeeded.contains(operation.id())
    }

    /// Keeps the raw response for the user, and its shape for the report.
    fn keep(&mut self, answer: &Answer) {
        if answer.is_success() {
            self.succeeded.insert(answer.operation.id());
        }
        if let Some(record) = &mut self.record
            && let Err(error) = record.write(answer)
        {
            self.failure = Some(error);
        }
        let body = match &answer.json {
            Some(body) => shape(body),
            None => json!(shape_of_text(&String::from_utf8_lossy(&answer.body))),
        };
        self.answers.push(json!({
            "operation": answer.operation.id(),
            "request": answer.request,
            "status": answer.status,
            "version": answer.version,
            "headers": headers(&answer.headers),
            "body": body,
        }));
    }

    /// Checks a response.
    pub(crate) fn check_response(&mut self, answer: &Answer, expected: Expected) {
        self.examine_headers(answer);
        let operation = answer.operation;
        if answer.status == 429 || answer.status >= 500 {
            let found = format!("the server answers {}", answer.status);
            let advice = "run doctor again later; if the problem stays, send the file of --report to \
                          the server's operator";
            self.add_problem(about(operation, &found, advice));
            return;
        }
        if !self.has_expected_status(answer, expected) {
            return;
        }
        if answer.is_cut {
            let found = format!("a response is larger than {} MiB", MAX_BODY >> 20);
            let advice = "doctor does not check such a response; send the file of --report to the \
                          SDK's maintainers";
            self.add_problem(about(operation, &found, advice));
            return;
        }
        let Some(body) = &answer.json else {
            self.not_json(answer);
            return;
        };
        self.client_reads(answer);
        let status = self.documented_status(answer, expected);
        if !self.document.has(operation, status) {
            // The document does not describe this response.
            return;
        }
        let found = self.document.differences(operation, status, body);
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                self.failure = Some(error);
                return;
            }
        };
        let is_unknown =
            |difference: &Difference| matches!(difference.kind, DifferenceKind::UnknownValue(_));
        // A ticket in an unknown state may or may not have a place in the queue.
        let has_unknown = found.iter().any(is_unknown);
        let is_moot = |difference: &&Difference| {
            has_unknown && matches!(&difference.kind, DifferenceKind::Rule(rule) if rule == "const")
        };
        for difference in found.iter().filter(|difference| !is_moot(difference)) {
            let (check, text) = self.explain(answer, difference);
            self.findings.refute(check, operation, text);
            self.contract.add(difference, body);
        }
        self.confirm(answer, body);
        if answer.status == 422 {
            self.examine_reasons(answer);
            if found.is_empty() {
                self.examine_field(answer, expected.check);
            }
        }
    }

    fn has_expected_status(&mut self, answer: &Answer, expected: Expected) -> bool {
        let (operation, status) = (answer.operation, answer.status);
        if status == expected.status {
            self.findings.confirm(expected.check);
            if expected.check != "P02" {
                self.findings.confirm("P02");
            }
            return true;
        }
        if [401, 403].contains(&status) && ![401, 403].contains(&expected.status) {
            // The key was accepted before.
            if self.client.key_class() == KeyClass::Public && operation.key() == KeyRequirement::Any
            {
                let text = format!("{operation} answers {status} to a public key");
                self.findings.refute("A03", operation, text);
                self.contract.refuse_public_key(operation);
            } else {
                let text = format!("{operation} answers {status}");
                self.findings.refute(expected.check, operation, text);
            }
            return false;
        }
        let text = format!(
            "{} answers {status} instead of {}",
            answer.request, expected.status
        );
        self.findings.refute(expected.check, operation, text);
        self.contract.status(expected.check, operation, status);
        // A success with another status is read like one with the published status.
        answer.is_success() && expected.is_success()
    }

    /// The status under which the document describes a response: a success with another status has
    /// the same body.
    fn documented_status(&self, answer: &Answer, expected: Expected) -> u16 {
        let (operation, status) = (answer.operation, answer.status);
        match answer.is_success() && expected.is_success() && !self.document.has(operation, status)
        {
            true => operation.success_status(),
            false => status,
        }
    }

    fn not_json(&mut self, answer: &Answer) {
        let kind = answer.header("content-type").unwrap_or("no content type");
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let length = answer.body.len();
        let text = format!("{} is not JSON: {kind}, {length} bytes", answer.request);
        let check = match answer.status {
            204 => "P28",
            200..300 => "P01",
            401 | 403 => "A07",
            422 => "P04",
            _ => "P03",
        };
        self.findings.refute(check, answer.operation, text);
        if check == "A07" {
            let shape = match (length, kind) {
                (0, _) => "empty",
                (_, "text/html") => "html",
                _ => "text",
            };
            self.contract.set("auth_envelope", json!(shape));
        }
        self.client_reads(answer);
    }

    /// Checks whether the client can read the response.
    fn client_reads(&mut self, answer: &Answer) {
        if let Err(error) = client_view::read(self.client, answer) {
            self.findings
                .unreadable(answer.operation, skiplino::redact(&error.to_string()));
        }
    }

    /// The check that a difference refutes, and a text for the user.
    fn explain(&self, answer: &Answer, difference: &Difference) -> (&'static str, String) {
        let Difference {
            schema,
            field,
            kind,
        } = difference;
        let name = difference
            .name()
            .split('.')
            .map(shape_of_name)
            .collect::<Vec<_>>()
            .join(".");
        let last = field.rsplit('.').next().unwrap_or_default();
        let text = match kind {
            DifferenceKind::Missing => format!("{name} is missing"),
            DifferenceKind::Extra => format!("{name} is not in the documentation"),
            DifferenceKind::Renamed(new) => format!("{name} is called {}", shape_of_name(new)),
            DifferenceKind::Type { expected, found } => {
                format!("{name} is of type {found} instead of {expected}")
            }
            DifferenceKind::UnknownValue(value) if is_word(value) => {
                format!("{name} is {value:?}, which is not a known value")
            }
            DifferenceKind::UnknownValue(value) => {
                format!(
                    "{name} is {}, which is not a known value",
                    shape_of_text(value)
                )
            }
            DifferenceKind::Format => format!("{name} has another format"),
            DifferenceKind::Rule(rule) if rule == "const" => {
                format!("queueSize or waitingTime is sent although {name} is not waiting")
            }
            DifferenceKind::Rule(rule) => format!("{name} violates the schema: {rule:?}"),
        };
        let check = match (schema.as_str(), kind) {
            (_, DifferenceKind::UnknownValue(_)) => "P13",
            (_, DifferenceKind::Type { .. } | DifferenceKind::Format) if is_time(last) => "P14",
            (_, DifferenceKind::Format) => "P21",
            ("Ticket", DifferenceKind::Rule(rule)) if rule == "const" => "P15",
            ("Ticket", _) if ["queueSize", "waitingTime"].contains(&last) => "P15",
            ("BranchTreeGroup", _) if field == "services" => "A12",
            ("Pagination", _) if ["page", "limit"].contains(&last) => "A10",
            ("AuthErrorEnvelope", _) => "A07",
            ("Ticket", DifferenceKind::Extra) => "P10",
            ("Ticket", _) if field.starts_with("customer") => "A14",
            ("SuccessEnvelope", _)
                if answer.operation == Operation::DeleteCustomer && field == "data" =>
            {
                "P28"
            }
            ("ErrorEnvelope", _) => "P03",
            ("ValidationErrorEnvelope", _) => "P04",
            ("Pagination", _) => "P12",
            ("PaginatedEnvelope", _) if field == "pagination" => "P12",
            ("Branch", _) => "P06",
            ("BranchTreeGroup", _) => "P07",
            ("Service", _) => "P08",
            ("Slot", _) => "P09",
            ("Ticket", _) => "P10",
            ("Customer", _) => "P11",
            _ => "P01",
        };
        (check, text)
    }

    /// Confirms the checks that this response shows. If another response refutes a check, it stays
    /// refuted.
    fn confirm(&mut self, answer: &Answer, body: &Value) {
        use Operation::{
            BookTicket, CancelTicket, CreateCustomer, DeleteCustomer, GetBranchTree, GetCustomer,
            GetTicket, ListBranches, ListCustomerTickets, ListCustomers, ListSlots,
            RescheduleTicket, UpdateCustomer,
        };
        match answer.status {
            200..300 => {}
            401 => return self.findings.confirm("A07"),
            422 => return self.findings.confirm("P04"),
            _ => return self.findings.confirm("P03"),
        }
        let data = &body["data"];
        let checks: &[&'static str] = match answer.operation {
            DeleteCustomer => &["P28"],
            _ if data.as_array().is_some_and(Vec::is_empty) => &[],
            ListBranches => &["A09", "P06", "P21"],
            GetBranchTree => &["P07", "P08", "P21", "A12"],
            ListSlots => &["P09", "P14"],
            ListCustomers => &["P11", "P14", "P21"],
            CreateCustomer | GetCustomer | UpdateCustomer => &["P11", "P14"],
            ListCustomerTickets | GetTicket | BookTicket | CancelTicket | RescheduleTicket => {
                &["P10", "P13", "P14"]
            }
            _ => &[],
        };
        for check in checks.iter().chain(&["P01"]) {
            self.findings.confirm(check);
        }
        if let Some(pagination) = body["pagination"].as_object() {
            self.findings.confirm("P12");
            let says = |name: &str| pagination.contains_key(name);
            let agrees = says("page") && says("limit");
            self.findings.judge("A10", answer.operation, agrees, || {
                "`page` or `limit` is missing in pagination".to_owned()
            });
            if !agrees {
                self.contract.set("pagination_page_limit", json!(false));
            }
        }
        let tickets = match data {
            Value::Array(records) => records.as_slice(),
            one => std::slice::from_ref(one),
        };
        if checks.contains(&"P10") {
            for ticket in tickets {
                self.examine_ticket(answer, ticket);
            }
        }
    }

    fn examine_ticket(&mut self, answer: &Answer, ticket: &Value) {
        if ticket["customer"].is_object() {
            self.findings.confirm("A14");
        }
        if (ticket["status"].as_str(), ticket["type"].as_str())
            != (Some("waiting"), Some("sequential"))
        {
            return;
        }
        let missing: Vec<_> = ["queueSize", "waitingTime"]
            .into_iter()
            .filter(|name| ticket.get(name).is_none_or(Value::is_null))
            .collect();
        self.findings
            .judge("P15", answer.operation, missing.is_empty(), || {
                format!("a waiting walk-in has no {}", missing.join(" and no "))
            });
        for name in missing {
            self.contract.missing(&format!("Ticket.{name}"));
        }
    }

    fn examine_reasons(&mut self, answer: &Answer) {
        let Some(reasons) = answer.get("error").as_object() else {
            return;
        };
        let has_lists = reasons.values().any(Value::is_array);
        self.findings
            .judge("A06", answer.operation, !has_lists, || {
                "the reasons for a field are a list".to_owned()
            });
        if has_lists {
            self.contract.set("reasons", json!("array"));
        }
    }

    /// Checks that a 422 names the field that the check expects.
    fn examine_field(&mut self, answer: &Answer, check: &'static str) {
        let field = match check {
            "P16" | "P25" => "externalId",
            "P22" => "id",
            "P23" => "date",
            "P24" => "limit",
            _ => return,
        };
        if let Some(reasons) = answer.get("error").as_object()
            && !reasons.contains_key(field)
        {
            let names: Vec<_> = reasons.keys().map(|name| shape_of_name(name)).collect();
            let text = format!("the 422 names {} instead of {field}", names.join(", "));
            self.findings.refute(check, answer.operation, text);
        }
    }

    fn examine_headers(&mut self, answer: &Answer) {
        const REQUEST_IDS: [&str; 8] = [
            "x-request-id",
            "request-id",
            "x-correlation-id",
            "x-trace-id",
            "x-amzn-requestid",
            "x-amz-request-id",
            "cf-ray",
            "traceresponse",
        ];
        let operation = answer.operation;
        let named = |accept: &dyn Fn(&str) -> bool| {
            let names = answer.headers.keys().map(|name| name.as_str().to_owned());
            let mut names: Vec<_> = names.filter(|name| accept(name)).collect();
            names.sort();
            names
        };
        let limits = named(&|name| name.contains("ratelimit") || name.contains("rate-limit"));
        self.findings
            .judge("A17", operation, limits.is_empty(), || {
                format!("headers announce a limit: {}", limits.join(", "))
            });
        if !limits.is_empty() {
            self.contract.set("rate_limit_headers", json!(true));
        }
        let ids = named(&|name| REQUEST_IDS.contains(&name));
        self.findings.judge("A18", operation, ids.is_empty(), || {
            format!("a header has an id of the request: {}", ids.join(", "))
        });
        if let Some(name) = ids.first() {
            self.contract.set("request_id_header", json!(name));
        }
        let tags = named(&|name| name == "etag");
        self.findings.judge("A19", operation, tags.is_empty(), || {
            "responses have an ETag".to_owned()
        });
        if !tags.is_empty() {
            self.contract.set("etag", json!(true));
        }
        // Errors often have a content type of their own.
        if (200..300).contains(&answer.status) && answer.json.is_some() {
            let given = answer.header("content-type").unwrap_or_default();
            let kind = given.split(';').next().unwrap_or_default().trim();
            let is_json = kind.eq_ignore_ascii_case("application/json");
            self.findings.judge("P31", operation, is_json, || {
                let kind = if kind.is_empty() { "missing" } else { kind };
                format!("the content type is {}", skiplino::redact(kind))
            });
            if !is_json && !given.is_empty() {
                self.contract.set("content_type", json!(given));
            }
        }
    }
}

/// A problem with the responses of an operation.
fn about(operation: Operation, found: &str, advice: &str) -> Line {
    Line {
        id: "answer".to_owned(),
        ..advised(operation.id(), Verdict::Broken, found, advice)
    }
}

/// Headers without values that could identify a person or a request.
fn headers(headers: &HeaderMap) -> Value {
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let shown = shape_of_header(name.as_str(), &value);
        (name.to_string(), json!(shown))
    });
    Value::Object(shown.collect::<Map<_, _>>())
}
