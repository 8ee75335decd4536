"""Tests of `spec/openapi.yaml`: valid OpenAPI, as published, with examples that match its schemas."""

import json

import pytest
from openapi_spec_validator import validate

import spec

DOCUMENT = spec.load()

# The published table: id, method, path, secret key only, success status, and published error
# statuses other than 401 and 500.
OPERATIONS = [
    ("listBranches", "GET", "/branches", False, 200, []),
    ("getBranchTree", "GET", "/branches/{branchId}/tree", False, 200, []),
    ("listSlots", "GET", "/services/{id}/slots", False, 200, [422]),
    ("bookTicket", "POST", "/tickets/book", False, 201, [400, 422]),
    ("getTicket", "GET", "/tickets/{id}", False, 200, []),
    ("cancelTicket", "POST", "/tickets/{id}/cancel", False, 200, [409, 422]),
    ("rescheduleTicket", "POST", "/tickets/{id}/change-time", False, 200, [404, 422]),
    ("createCustomer", "POST", "/customers/create", True, 201, [422]),
    ("listCustomers", "GET", "/customers/getAll", True, 200, [422]),
    ("getCustomer", "GET", "/customers/getOne", True, 200, [422]),
    ("updateCustomer", "PUT", "/customers/update", True, 200, [404, 422]),
    ("deleteCustomer", "DELETE", "/customers/delete", True, 200, [422]),
    ("listCustomerTickets", "GET", "/customers/tickets", False, 200, [404, 422]),
]

SCHEMAS = {
    "SuccessEnvelope", "PaginatedEnvelope", "ErrorEnvelope", "ValidationErrorEnvelope", "AuthErrorEnvelope", "Pagination",
    "Branch", "BranchTreeGroup", "Service", "Slot", "Ticket", "Customer",
    "CustomerWriteRequest", "CustomerUpdateRequest", "BookTicketRequest", "ChangeTimeRequest",
}  # fmt: skip

PUBLISHED_TEXTS = {
    "Ticket booked successfully.",
    "Appointment booked successfully.",
    "Ticket fetched successfully.",
    "Ticket updated successfully.",
    "Ticket cancelled successfully.",
    "Customer created successfully.",
    "Customer fetched successfully.",
    "Customers fetched successfully.",
    "Customer updated successfully.",
    "Customer deleted successfully.",
    "Customer tickets fetched successfully.",
    "This service does not support appointment booking.",
    "This value is already taken.",
    "This value does not exist.",
    "Ticket not found.",
}

LAYLA = "9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b"


def example(name):
    return DOCUMENT["components"]["examples"][name]["value"]


def media_types(node, where="#"):
    """Every object of the document that pairs a schema with examples: media types and parameters."""
    if isinstance(node, dict):
        if "schema" in node:
            yield where, node
        for key, value in node.items():
            yield from media_types(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from media_types(value, f"{where}/{index}")


PAIRS = [
    pytest.param(pair["schema"], spec.resolve(DOCUMENT, written)["value"], id=f"{where}/{name}")
    for where, pair in media_types(DOCUMENT)
    for name, written in pair.get("examples", {}).items()
]


def test_the_document_is_valid_openapi():
    validate(DOCUMENT)


def test_the_operations_are_the_published_ones():
    written = [
        (id, method, path, spec.needs_secret_key(operation)) for id, method, path, operation in spec.operations(DOCUMENT)
    ]
    assert written == [row[:4] for row in OPERATIONS]


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row[0])
def test_a_status_is_published_or_marked(row):
    id, _, _, _, success, errors = row
    operation = next(operation for name, _, _, operation in spec.operations(DOCUMENT) if name == id)
    published = {str(status) for status in [success, 401, 500, *errors]}
    marked = {
        status
        for status, response in operation["responses"].items()
        if spec.resolve(DOCUMENT, response).get("x-unpublished")
    }
    assert set(operation["responses"]) - marked == published


def test_the_schemas_are_the_published_ones():
    assert set(DOCUMENT["components"]["schemas"]) == SCHEMAS


@pytest.mark.parametrize(("schema", "value"), PAIRS)
def test_an_example_matches_its_schema(schema, value):
    spec.validator(DOCUMENT, schema).validate(value)


def test_every_body_and_parameter_has_an_example():
    assert len(PAIRS) > 50
    assert [where for where, pair in media_types(DOCUMENT) if not pair.get("examples")] == []


def test_every_example_is_used():
    used = {
        written["$ref"].rsplit("/", 1)[1]
        for _, pair in media_types(DOCUMENT)
        for written in pair.get("examples", {}).values()
        if "$ref" in written
    }
    assert used == set(DOCUMENT["components"]["examples"])


def test_every_published_text_is_in_an_example():
    def strings(node):
        if isinstance(node, str):
            yield node
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from strings(value)

    published = [written for written in DOCUMENT["components"]["examples"].values() if not written.get("x-unpublished")]
    assert PUBLISHED_TEXTS <= set(strings(published))


# The three complete examples of the vendor, verbatim.
VERBATIM = {
    "UpdateCustomerRequest": """
{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla A. Hassan","mobile":"+97333778899"}""",
    "CustomerUpdated": """
{"message":"Customer updated successfully.",
 "data":{"_id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","externalId":"crm-7741","companyId":"cmp_5f3a91",
  "name":"Layla A. Hassan","email":"layla.hassan@example.com","mobile":"+97333778899","metadata":{"tier":"gold"},
  "createdAt":"2026-06-23T11:00:00.000Z","updatedAt":"2026-06-23T12:30:00.000Z"}}""",
    "WaitingWalkIn": """
{"message":"Ticket fetched successfully.",
 "data":{"id":"k7m2p9x4q1","ticketNumber":"Q017","status":"waiting","statusAt":"2026-06-23T11:10:00.000Z","type":"sequential",
  "time":null,"branch":{"id":"802b33af66","name":"Seef Mall Branch"},"service":{"id":"6fe8fb8b12","name":"Cash Withdrawal"},
  "groupOfService":{"id":"7c1f9a3b2d","name":"Teller Services"},
  "customer":{"id":"9f2c8b7a4e1d6c3f0a5b8e2d7c4f1a9b","name":"Layla Hassan"},
  "bookedAt":"2026-06-23T11:08:41.000Z","queueSize":6,"waitingTime":18}}""",
}


@pytest.mark.parametrize("name", VERBATIM)
def test_a_published_example_is_verbatim(name):
    assert json.dumps(example(name)) == json.dumps(json.loads(VERBATIM[name]))


BOOK = {"serviceId": "6fe8fb8b12", "groupOfServiceId": "7c1f9a3b2d"}
TIME = "2026-07-01T09:30:00.000Z"
TICKET = example("WaitingWalkIn")["data"]
CUSTOMER = example("CustomerFetched")["data"]


def without(value, *keys):
    return {key: item for key, item in value.items() if key not in keys}


# A schema that accepts everything proves nothing, and one that is too strict breaks clients.
@pytest.mark.parametrize(
    ("schema", "value", "accepted"),
    [
        ("BookTicketRequest", BOOK, True),
        ("BookTicketRequest", {**BOOK, "customerExternalId": "crm-7741"}, True),
        ("BookTicketRequest", {**BOOK, "customerId": LAYLA, "customerExternalId": "crm-7741"}, False),
        ("BookTicketRequest", without(BOOK, "groupOfServiceId"), False),
        ("BookTicketRequest", without(BOOK, "serviceId"), False),
        ("BookTicketRequest", {**BOOK, "time": TIME, "customerId": LAYLA}, True),
        ("BookTicketRequest", {**BOOK, "time": TIME, "customerExternalId": "crm-7741"}, True),
        ("BookTicketRequest", {**BOOK, "time": TIME}, False),
        ("BookTicketRequest", {**BOOK, "time": TIME, "customerId": LAYLA, "customerExternalId": "crm-7741"}, False),
        ("BookTicketRequest", {**BOOK, "time": "2026-07-01T12:30:00.000+03:00", "customerId": LAYLA}, False),
        ("BookTicketRequest", {**BOOK, "time": "tomorrowZ", "customerId": LAYLA}, False),
        ("BookTicketRequest", {**BOOK, "location": {"lat": 90, "lng": -180}}, True),
        ("BookTicketRequest", {**BOOK, "location": {"lat": 90.1, "lng": 0}}, False),
        ("BookTicketRequest", {**BOOK, "location": {"lat": 0, "lng": 180.1}}, False),
        ("BookTicketRequest", {**BOOK, "location": {"lat": 0}}, False),
        ("BookTicketRequest", {**BOOK, "options": {"accountType": "savings", "nested": [1, None]}}, True),
        ("BookTicketRequest", {**BOOK, "options": []}, False),
        ("ChangeTimeRequest", {"time": TIME, "customerId": LAYLA}, True),
        ("ChangeTimeRequest", {"time": TIME, "customerExternalId": "crm-7741"}, True),
        ("ChangeTimeRequest", {"time": TIME}, False),
        ("ChangeTimeRequest", {"customerId": LAYLA}, False),
        ("ChangeTimeRequest", {"time": TIME, "customerId": LAYLA, "customerExternalId": "crm-7741"}, False),
        ("CustomerWriteRequest", {}, True),
        ("CustomerWriteRequest", {"metadata": "gold"}, False),
        ("CustomerUpdateRequest", {"id": LAYLA}, True),
        ("CustomerUpdateRequest", {"externalId": "crm-7741"}, True),
        ("CustomerUpdateRequest", {"name": "Layla"}, False),
        ("Ticket", {**TICKET, "status": "noShow", "queueSize": 1}, False),
        ("Ticket", {**without(TICKET, "queueSize", "waitingTime"), "status": "noShow", "type": "virtual"}, True),
        ("Ticket", {**TICKET, "status": "served"}, False),
        ("Ticket", {**without(TICKET, "queueSize"), "status": "served"}, False),
        ("Ticket", {**TICKET, "time": TIME}, False),
        ("Ticket", {**TICKET, "time": TIME, "type": "appointment"}, True),
        ("Ticket", without(TICKET, "time"), False),
        ("Ticket", {**TICKET, "id": "k7m2p9x4q"}, False),
        ("Ticket", {**TICKET, "bookedAt": "2026-06-23T11:08:41Z"}, False),
        ("Ticket", {**TICKET, "bookedAt": "2026-13-23T11:08:41.000Z"}, False),
        ("Ticket", {**TICKET, "customer": None}, True),
        ("Ticket", {**TICKET, "customer": {"id": LAYLA}}, True),
        ("Ticket", {**TICKET, "customer": {"name": "Layla"}}, False),
        ("Ticket", without(TICKET, "customer"), True),
        ("Ticket", {**TICKET, "counter": "4"}, True),
        ("Customer", {**CUSTOMER, "tags": ["new"]}, True),
        ("Customer", {**CUSTOMER, "_id": "crm-7741"}, False),
        ("Customer", {**CUSTOMER, "name": None}, False),
        ("Customer", without(CUSTOMER, "externalId", "name", "email", "mobile", "metadata"), True),
        ("ValidationErrorEnvelope", {"message": "m", "error": {"id": ["a", "b"]}}, True),
        ("ValidationErrorEnvelope", {"message": "m", "error": {"id": 1}}, False),
        ("ValidationErrorEnvelope", {"message": "m", "error": "a"}, False),
        ("ErrorEnvelope", {"message": "m", "error": None}, True),
        ("ErrorEnvelope", {"message": "m"}, False),
        ("AuthErrorEnvelope", {"message": "m"}, True),
        ("AuthErrorEnvelope", {}, False),
    ],
)
def test_a_schema_accepts_and_rejects(schema, value, accepted):
    validator = spec.validator(DOCUMENT, {"$ref": f"#/components/schemas/{schema}"})
    assert validator.is_valid(value) is accepted
