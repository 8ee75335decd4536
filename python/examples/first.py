import polars

import skiplino

with skiplino.Client() as client:
    print(polars.DataFrame(client.customers.to_arrow()))
    ticket = client.tickets.book("6fe8fb8b12", "7c1f9a3b2d", external_id="crm-7741")
    for change in client.tickets.watch(ticket, min=0.2, max=1):
        print(change.ticket_number, change.status, change.queue_size)
        if change.status == "waiting":
            client.tickets.cancel(change)
