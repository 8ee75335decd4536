// Code for app developers to copy: book a ticket at a service, or follow a ticket. `scripts/page-test` checks it against the libraries.

export const hosts = { curl: 'curl', rust: 'Rust', python: 'Python', swift: 'Swift', kotlin: 'Kotlin', c: 'C' };

// `it` has `url` and `key`, and either `ticket` (an id) or `service` and `group` (ids).
export const snippet = (host, it) => (it.ticket ? follow : book)[host](it);

const follow = {
  curl: ({ url, key, ticket }) => `curl ${url}/tickets/${ticket} \\
  -H 'Authorization: Bearer ${key}'
`,
  rust: (it) => rust('ApiKey, Client, Error', it, `    for change in client.tickets().watch("${it.ticket}").wait() {
        let ticket = change?;
        println!(
            "{} {} {:?}",
            ticket.ticket_number(),
            ticket.status(),
            ticket.queue_size()
        );
    }
`),
  python: (it) => python(it, `    for ticket in client.tickets.watch("${it.ticket}"):
        print(ticket.ticket_number, ticket.status, ticket.queue_size)
`),
  swift: (it) => swift(it, `for try await ticket in client.tickets.watch("${it.ticket}") {
    print(ticket.ticketNumber, ticket.status, ticket.queueSize ?? 0)
}
`),
  kotlin: (it) => kotlin('', it, `        client.tickets.watch("${it.ticket}").collect { ticket ->
            println("\${ticket.ticketNumber} \${ticket.status} \${ticket.queueSize ?: 0}")
        }
`),
  c: (it) => c(it, `  skiplino_watch *watch = NULL;
  skiplino_ticket *ticket = NULL;
  skiplino_tickets_watch(client, "${it.ticket}", -1, -1, -1, NULL, &watch, &error);
  while (error == NULL && skiplino_watch_next(watch, -1, &ticket, &error) == SKIPLINO_OK) {
    printf("%s %s\\n", skiplino_ticket_number(ticket), skiplino_ticket_status_text(ticket));
    skiplino_ticket_free(ticket);
  }
  skiplino_watch_free(watch);
`),
};

const book = {
  curl: ({ url, key, service, group }) => `curl ${url}/tickets/book \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"serviceId": "${service}", "groupOfServiceId": "${group}"}'
`,
  rust: (it) => rust('ApiKey, BookTicketRequest, Client, Error', it, `    let request = BookTicketRequest::walk_in("${it.service}", "${it.group}");
    let ticket = client.tickets().book(&request).wait()?;
    println!("your number is {}", ticket.ticket_number());
`),
  python: (it) => python(it, `    ticket = client.tickets.book("${it.service}", "${it.group}")
    print("your number is", ticket.ticket_number)
`),
  swift: (it) => swift(it, `let ticket = try await client.tickets.book(
    .walkIn(service: "${it.service}", group: "${it.group}"))
print("your number is", ticket.ticketNumber)
`),
  kotlin: (it) => kotlin('import com.skiplino.BookTicketRequest\n', it, `        val request = BookTicketRequest.walkIn("${it.service}", "${it.group}")
        val ticket = client.tickets.book(request)
        println("your number is \${ticket.ticketNumber}")
`),
  c: (it) => c(it, `  skiplino_booking booking = SKIPLINO_BOOKING_INIT;
  skiplino_ticket *ticket = NULL;
  booking.service_id = "${it.service}";
  booking.group_id = "${it.group}";
  if (skiplino_tickets_book(client, &booking, NULL, &ticket, &error) == SKIPLINO_OK) {
    printf("your number is %s\\n", skiplino_ticket_number(ticket));
  }
  skiplino_ticket_free(ticket);
`),
};

const rust = (names, { url, key }, work) => `use skiplino::{${names}};

fn main() -> Result<(), Error> {
    let client = Client::builder(ApiKey::new("${key}")?)
        .base_url("${url}")
        .build()?;
${work}    Ok(())
}
`;

const python = ({ url, key }, work) => `import skiplino

with skiplino.Client("${key}", base_url="${url}") as client:
${work}`;

const swift = ({ url, key }, work) => `import Foundation
import Skiplino

let client = try SkiplinoClient(
    apiKey: "${key}",
    configuration: .init(baseURL: URL(string: "${url}")))
${work}`;

const kotlin = (names, { url, key }, work) => `${names}import com.skiplino.SkiplinoClient

suspend fun main() {
    SkiplinoClient("${key}") { baseUrl = "${url}" }.use { client ->
${work}    }
}
`;

const c = ({ url, key }, work) => `#include <skiplino.h>
#include <stdio.h>

int main(void) {
  skiplino_options options = SKIPLINO_OPTIONS_INIT;
  skiplino_client *client = NULL;
  skiplino_error *error = NULL;
  options.base_url = "${url}";
  if (skiplino_client_new("${key}", &options, &client, &error) != SKIPLINO_OK) return 1;
${work}  if (error != NULL) fprintf(stderr, "%s\\n", skiplino_error_message(error));
  skiplino_error_free(error);
  skiplino_client_free(client);
  return 0;
}
`;
