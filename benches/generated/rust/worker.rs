//! `generated-worker BASE_URL`: like `worker`, with the Rust client of openapi-generator.

use generated::apis::configuration::Configuration;
use generated::apis::customers_api::list_customers;
use generated::apis::tickets_api::get_ticket;

#[path = "../../commands.rs"]
mod commands;

fn main() {
    let base = std::env::args().nth(1).expect("generated-worker BASE_URL");
    let ready = || Configuration {
        base_path: base.clone(),
        bearer_access_token: Some("sk_bench".to_owned()),
        ..Configuration::default()
    };
    commands::serve(ready, &async |client, work| match work {
        "ticket" => {
            let response = get_ticket(client, "k7m2p9x4q1", None).await.unwrap();
            assert_eq!(response.data.queue_size, Some(6));
        }
        "page" => {
            let response = list_customers(client, Some(1), Some(100), None)
                .await
                .unwrap();
            assert_eq!(response.data.len(), 100);
        }
        _ => panic!("no such work: {work}"),
    });
}
