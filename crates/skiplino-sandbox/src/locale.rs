//! The languages of names and reasons.

use axum::http::HeaderMap;

/// The language of names and reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locale {
    En,
    Ar,
}

impl Locale {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let asked = headers
            .get("x-locale")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let language = asked.trim().split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ar") {
            Self::Ar
        } else {
            Self::En
        }
    }
}

/// A name in both languages.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) en: String,
    pub(crate) ar: String,
}

impl Name {
    pub(crate) fn text(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Ar => &self.ar,
        }
    }
}

/// The reason of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    AlreadyTaken,
    BothCustomers,
    BranchClosed,
    BranchInactive,
    BranchNotFound,
    CannotCancel,
    CannotMove,
    CrossSite,
    DoesNotExist,
    KeyInvalid,
    KeyNotSecret,
    LocationIncomplete,
    MethodNotAllowed,
    NoAppointments,
    NotADate,
    NotANumber,
    NotAnObject,
    NotASlot,
    NotATime,
    NotFuture,
    NotTheCustomer,
    NotText,
    NotValid,
    NotWhole,
    NotYesOrNo,
    OneCustomer,
    OtherGroup,
    OutOfRange,
    PastDate,
    PathNotFound,
    Repeated,
    Required,
    ServiceClosed,
    ServiceInactive,
    SlotFull,
    TicketNotFound,
    TooLong,
    UnknownHost,
    WrongState,
    NobodyWaits,
}

impl Reason {
    pub(crate) fn text(self, locale: Locale) -> &'static str {
        let (en, ar) = match self {
            Self::AlreadyTaken => ("This value is already taken.", "هذه القيمة مستخدمة بالفعل."),
            Self::BothCustomers => (
                "Give customerId or customerExternalId, not both.",
                "أرسل customerId أو customerExternalId، وليس كليهما.",
            ),
            Self::BranchClosed => ("This branch is closed.", "هذا الفرع مغلق."),
            Self::BranchInactive => ("This branch is not active.", "هذا الفرع غير نشط."),
            Self::BranchNotFound => ("Branch not found.", "الفرع غير موجود."),
            Self::CannotCancel => (
                "This ticket cannot be cancelled.",
                "لا يمكن إلغاء هذه التذكرة.",
            ),
            Self::CannotMove => (
                "Only a waiting appointment can be moved.",
                "يمكن تغيير موعد التذاكر المنتظرة فقط.",
            ),
            Self::CrossSite => (
                "Web pages from elsewhere may not control this sandbox.",
                "لا يجوز لصفحات الويب من مواقع أخرى التحكم في هذه البيئة التجريبية.",
            ),
            Self::DoesNotExist => ("This value does not exist.", "هذه القيمة غير موجودة."),
            Self::KeyInvalid => (
                "The API key is missing or invalid.",
                "مفتاح الواجهة مفقود أو غير صالح.",
            ),
            Self::KeyNotSecret => ("A secret key is required.", "يلزم مفتاح سري."),
            Self::LocationIncomplete => (
                "A location needs both lat and lng.",
                "يحتاج الموقع إلى lat و lng معًا.",
            ),
            Self::MethodNotAllowed => ("Method not allowed.", "الطريقة غير مسموح بها."),
            Self::NoAppointments => (
                "This service does not support appointment booking.",
                "هذه الخدمة لا تدعم حجز المواعيد.",
            ),
            Self::NotADate => (
                "This value should be a date (YYYY-MM-DD).",
                "يجب أن تكون هذه القيمة تاريخًا (YYYY-MM-DD).",
            ),
            Self::NotANumber => (
                "This value should be a number.",
                "يجب أن تكون هذه القيمة رقمًا.",
            ),
            Self::NotAnObject => (
                "This value should be an object.",
                "يجب أن تكون هذه القيمة كائنًا.",
            ),
            Self::NotASlot => ("This time is not available.", "هذا الوقت غير متاح."),
            Self::NotATime => (
                "This value should be a UTC time (ISO 8601, trailing Z).",
                "يجب أن تكون هذه القيمة وقتًا بالتوقيت العالمي (ISO 8601 وينتهي بـ Z).",
            ),
            Self::NotFuture => (
                "This time should be in the future.",
                "يجب أن يكون هذا الوقت في المستقبل.",
            ),
            Self::NotTheCustomer => (
                "This ticket belongs to another customer.",
                "هذه التذكرة تخص عميلاً آخر.",
            ),
            Self::NotText => (
                "This value should be a string.",
                "يجب أن تكون هذه القيمة نصًا.",
            ),
            Self::NotValid => ("This value is not valid.", "هذه القيمة غير صالحة."),
            Self::NotWhole => (
                "This value should be a whole number.",
                "يجب أن تكون هذه القيمة عددًا صحيحًا.",
            ),
            Self::NotYesOrNo => (
                "This value should be a boolean.",
                "يجب أن تكون هذه القيمة منطقية.",
            ),
            Self::OneCustomer => (
                "Exactly one of customerId and customerExternalId is required.",
                "يلزم واحد فقط من customerId و customerExternalId.",
            ),
            Self::OtherGroup => (
                "The service does not belong to this group.",
                "الخدمة لا تنتمي إلى هذه المجموعة.",
            ),
            Self::OutOfRange => ("This value is out of range.", "هذه القيمة خارج النطاق."),
            Self::PastDate => ("This date is in the past.", "هذا التاريخ في الماضي."),
            Self::PathNotFound => (
                "There is nothing at this path.",
                "لا يوجد شيء في هذا المسار.",
            ),
            Self::Repeated => (
                "This value should be given once.",
                "يجب إعطاء هذه القيمة مرة واحدة.",
            ),
            Self::Required => ("This field is required.", "هذا الحقل مطلوب."),
            Self::ServiceClosed => ("This service is closed.", "هذه الخدمة مغلقة."),
            Self::ServiceInactive => ("This service is not active.", "هذه الخدمة غير نشطة."),
            Self::SlotFull => ("This slot is fully booked.", "هذا الموعد محجوز بالكامل."),
            Self::TicketNotFound => ("Ticket not found.", "التذكرة غير موجودة."),
            Self::TooLong => ("This value is too long.", "هذه القيمة طويلة جدًا."),
            Self::UnknownHost => (
                "The sandbox does not accept this host name: use its address, such as 127.0.0.1, or allow the name with --allow-host.",
                "لا تُعرف هذه البيئة التجريبية بهذا الاسم: استخدم عنوانها، مثل 127.0.0.1، أو اسمح بالاسم عبر --allow-host.",
            ),
            Self::WrongState => (
                "The state of the ticket forbids this.",
                "حالة التذكرة لا تسمح بذلك.",
            ),
            Self::NobodyWaits => ("Nobody is waiting.", "لا أحد في الانتظار."),
        };
        match locale {
            Locale::En => en,
            Locale::Ar => ar,
        }
    }
}
