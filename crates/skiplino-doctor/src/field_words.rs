//! The words of which the names of fields consist. A report keeps no other names.
//!
//! The list has the words of the OpenAPI document, and those of other APIs for customers, queues
//! and bookings. No word is a usual first name, and only a few such as `page` are family names.

/// The words in alphabetical order, without plurals.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "abbreviation", "about", "accept", "accepted", "access", "account", "action", "active",
    "activity", "actor", "actual", "additional", "address", "admin", "after", "age", "agent",
    "aggregate", "alert", "alias", "all", "allow", "allowed", "alternate", "alternative", "amount",
    "anonymous", "answer", "answered", "any", "apartment", "api", "app", "application", "applied",
    "appointment", "approved", "archive", "archived", "area", "array", "arrival", "arrived", "as",
    "assign", "assigned", "assignee", "assignment", "at", "attachment", "attempt", "attribute",
    "auth", "authorization", "auto", "availability", "available", "avatar", "average", "back",
    "balance", "banner", "barcode", "base", "batch", "before", "begin", "begun", "between",
    "billing", "biometric", "birth", "birthday", "blocked", "board", "body", "book", "bookable",
    "booked", "booking", "boolean", "both", "box", "branch", "brand", "break", "browser", "buffer",
    "build", "building", "business", "busy", "button", "by", "calendar", "call", "callback",
    "called", "caller", "calling", "can", "cancel", "canceled", "canceler", "cancellable",
    "cancellation", "cancelled", "capacity", "card", "cashier", "category", "cause", "center",
    "centre", "certificate", "change", "changed", "channel", "character", "charge", "check",
    "checked", "checkin", "checkout", "city", "civil", "class", "clear", "client", "clock", "close",
    "closed", "closing", "cluster", "code", "collection", "color", "colour", "column", "comment",
    "company", "complete", "completed", "completion", "condition", "config", "configuration",
    "confirm", "confirmation", "confirmed", "connection", "consent", "contact", "content",
    "contract", "copy", "cost", "count", "counter", "country", "coupon", "cpr", "create", "created",
    "creation", "creator", "credit", "criteria", "currency", "current", "cursor", "custom",
    "customer", "cycle", "daily", "dashboard", "data", "date", "datetime", "day", "deadline",
    "debug", "decimal", "default", "delay", "delete", "deleted", "deletion", "delivered",
    "delivery", "department", "depth", "description", "desk", "destination", "detail", "device",
    "dial", "difference", "direction", "directory", "disabled", "discount", "display", "distance",
    "district", "document", "domain", "done", "draft", "due", "duration", "early", "edit",
    "editable", "edited", "editor", "education", "elapsed", "element", "email", "employee",
    "employer", "empty", "enable", "enabled", "end", "ended", "ending", "enqueue", "enqueued",
    "entered", "entity", "entry", "enum", "envelope", "environment", "error", "estimate",
    "estimated", "estimation", "etag", "event", "exact", "example", "exception", "existing",
    "exists", "expected", "expiration", "expire", "expired", "expiry", "extension", "external",
    "extra", "failed", "failure", "family", "fax", "feature", "fee", "feedback", "fetch", "field",
    "file", "filter", "final", "find", "finish", "finished", "first", "fiscal", "flag", "floor",
    "folder", "font", "footer", "for", "foreign", "form", "format", "formatted", "found",
    "fraction", "frequency", "from", "full", "function", "gender", "general", "geo", "given",
    "global", "group", "guest", "handle", "handled", "has", "hash", "header", "height", "help",
    "hidden", "high", "hint", "history", "hold", "holder", "holiday", "home", "host", "hour",
    "hourly", "html", "http", "icon", "id", "identification", "identifier", "identity", "image",
    "in", "inactive", "included", "includes", "index", "industry", "info", "information", "initial",
    "input", "inserted", "insertion", "inside", "instance", "instruction", "integer", "internal",
    "interval", "invalid", "invoice", "ip", "is", "iso", "issue", "issued", "issuer", "item", "job",
    "join", "joined", "journey", "key", "keyword", "kind", "kiosk", "label", "landline", "landmark",
    "language", "last", "lat", "late", "latest", "latitude", "layout", "lead", "left", "legal",
    "length", "level", "license", "limit", "line", "link", "list", "live", "lng", "load", "local",
    "locale", "localized", "location", "locked", "log", "login", "logo", "longitude", "low", "mail",
    "maintenance", "manager", "mandatory", "map", "maximum", "medium", "meeting", "member",
    "membership", "merchant", "merged", "message", "meta", "metadata", "method", "middle",
    "minimum", "minute", "missed", "missing", "mobile", "mobility", "mode", "model", "modified",
    "module", "moment", "month", "monthly", "more", "multiple", "name", "named", "national",
    "nationality", "native", "new", "next", "nickname", "no", "node", "normal", "notice",
    "notification", "notified", "notify", "now", "null", "nullable", "number", "numeric", "object",
    "occupation", "occupied", "of", "off", "offer", "offering", "office", "offline", "offset",
    "old", "on", "online", "only", "open", "opened", "opening", "operating", "operation",
    "operator", "option", "optional", "or", "order", "ordinal", "organisation", "organization",
    "origin", "original", "other", "otp", "out", "outside", "overall", "overdue", "owner", "page",
    "paged", "paginated", "pagination", "paid", "parent", "part", "participant", "partner",
    "passport", "password", "patient", "pattern", "payload", "payment", "pending", "per", "percent",
    "percentage", "period", "permission", "person", "personal", "phase", "phone", "photo",
    "picture", "pin", "place", "placed", "platform", "point", "policy", "pool", "popular",
    "position", "possible", "postal", "postcode", "preferred", "prefix", "prev", "previous",
    "price", "primary", "printed", "printer", "priority", "privacy", "private", "problem",
    "process", "processed", "processing", "product", "profile", "progress", "property", "provider",
    "province", "public", "published", "purpose", "qr", "quantity", "query", "question", "queue",
    "queued", "quota", "rank", "rate", "rating", "raw", "reason", "receipt", "received", "recent",
    "record", "recurring", "redirect", "ref", "reference", "region", "register", "registered",
    "registration", "related", "relation", "relative", "release", "released", "reload", "remaining",
    "remark", "reminder", "remote", "remove", "removed", "renamed", "repeat", "reply", "report",
    "request", "requested", "requester", "required", "reschedule", "rescheduled", "reservation",
    "reserved", "resource", "response", "result", "retry", "return", "returned", "review", "role",
    "room", "route", "row", "rule", "scan", "schedule", "scheduled", "schema", "scope", "score",
    "screen", "search", "second", "secondary", "secret", "section", "sector", "segment", "selected",
    "self", "send", "sender", "sent", "separator", "sequence", "sequential", "serial", "series",
    "serve", "served", "server", "service", "serving", "session", "set", "setting", "severity",
    "shape", "share", "shared", "shift", "show", "shown", "sign", "signature", "single", "site",
    "size", "skip", "skipped", "slot", "slug", "sms", "social", "sort", "source", "space", "span",
    "specialty", "staff", "start", "started", "starting", "state", "statement", "station",
    "statistics", "stats", "status", "step", "stop", "store", "stored", "street", "string", "style",
    "sub", "subject", "submitted", "subscription", "subtitle", "success", "suffix", "suggested",
    "sum", "summary", "support", "suspended", "symbol", "system", "tag", "target", "task", "tax",
    "team", "tel", "telephone", "template", "temporary", "tenant", "terminal", "terms", "text",
    "theme", "thread", "ticket", "tier", "time", "timeout", "timestamp", "timezone", "title", "to",
    "today", "token", "tomorrow", "tone", "topic", "total", "trace", "transaction", "transfer",
    "transferred", "translation", "tree", "trigger", "type", "unavailable", "undefined", "unique",
    "unit", "unknown", "unlimited", "unread", "until", "upcoming", "update", "updated", "uri",
    "url", "usage", "used", "user", "username", "utc", "uuid", "valid", "validation", "validity",
    "value", "variable", "vat", "vehicle", "vendor", "verification", "verified", "version", "via",
    "video", "view", "vip", "visible", "visit", "visited", "visitor", "visual", "volume", "wait",
    "waited", "waiting", "walk", "warning", "way", "web", "website", "week", "weekday", "weekly",
    "weight", "wheelchair", "when", "width", "window", "with", "word", "work", "worker", "working",
    "workplace", "write", "written", "x", "year", "yearly", "yes", "zip", "zone",
];

/// Whether a name consists of words that are common in names of fields, as in `phoneNumber`,
/// `phone_number` and `line2`.
///
/// No rule about letters can tell `noorAhmed` from `lineNumber`, or an id from an abbreviation. So
/// a name passes only if each of its words is on the list. A report has the shape of every other
/// name, even if it is only an unusual name of a field.
pub(crate) fn is_field_name(name: &str) -> bool {
    const LONGEST: usize = 40;
    const MOST_DIGITS: usize = 2;
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '$');
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let mut words = name
        .split(|char: char| !char.is_ascii_alphabetic())
        .flat_map(words_of)
        .peekable();
    name.len() <= LONGEST
        && name.chars().all(is_part)
        && digits <= MOST_DIGITS
        && words.peek().is_some()
        && words.all(is_known)
}

/// The words of a text without separators: `isVIPGuest` has `is`, `VIP` and `Guest`.
fn words_of(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let is = |index: usize, accept: fn(&u8) -> bool| bytes.get(index).is_some_and(accept);
    let begins = |index: &usize| {
        let (lower, upper) = (u8::is_ascii_lowercase, u8::is_ascii_uppercase);
        is(*index, upper) && (is(index - 1, lower) || is(index + 1, lower))
    };
    let ends = (1..text.len()).filter(begins).chain([text.len()]);
    let mut start = 0;
    let words = ends.map(|end| &text[std::mem::replace(&mut start, end)..end]);
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether the list has a word, or the word of a plural.
fn is_known(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let has = |word: &str| WORDS.binary_search(&word).is_ok();
    let stem = |suffix: &str| word.strip_suffix(suffix);
    has(&word)
        || stem("s").is_some_and(has)
        || stem("es").is_some_and(has)
        || stem("ies").is_some_and(|stem| has(&format!("{stem}y")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::names;

    #[test]
    fn the_list_is_sorted() {
        assert!(WORDS.is_sorted(), "a search needs an order");
    }

    #[test]
    fn names_of_the_document_and_of_other_contracts_are_kept() {
        let known = names();
        assert!(known.contains("queueSize"), "{known:?}");
        let unknown: Vec<String> = known
            .into_iter()
            .filter(|name| !is_field_name(name))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for name in [
            "title",
            "phoneNumber",
            "phone_number",
            "PhoneNumber",
            "MOBILE_NUMBER",
            "addressLine2",
            "isVIPGuest",
            "customerID",
            "_links",
            "companies",
            "branches",
            "next-page",
            "estimatedWaitSeconds",
        ] {
            assert!(is_field_name(name), "{name}");
        }
    }

    #[test]
    fn an_id_or_a_person_is_no_name_of_a_field() {
        for name in [
            "",
            "_",
            "42",
            "6fe8fb8b12",
            "k7m2p9x4q1",
            "deadbeefab",
            "abcdefghij",
            "ABCDEFGHIJ",
            "id12345678",
            "Noor",
            "noor",
            "NoorAhmed",
            "noorAhmed",
            "noor_ahmed",
            "noor-ahmed",
            "customerNoor",
            "noorPhone",
            "name.noor",
            "Seef Mall",
            "nöor",
            "+97333112233",
        ] {
            assert!(!is_field_name(name), "{name}");
        }
    }
}
