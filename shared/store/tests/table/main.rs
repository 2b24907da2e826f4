//! Tests of the store against the local table, which can inject faults.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod code;
mod commit;
mod lease;
mod paged;
mod roster;
mod rows;

use axum::Router;
use axum::routing::post;
use handbell_boot::Environment;
use handbell_local::cloud::table::{NAME, Table};
use handbell_local::cloud::template::Template;
use handbell_store::Store;
use jiff::Timestamp;

/// A table for each test, and the store that the functions use.
struct World {
    table: Table,
    store: Store,
}

impl World {
    async fn new() -> Self {
        let http = handbell_boot::client().unwrap();
        let table = Table::start(&Template::embedded().unwrap(), None, http).await.unwrap();
        let asked = table.clone();
        let answer = post(async move |headers, body| asked.handle(headers, body).await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", answer)).await });
        let environment = Environment::from(|name| match name {
            "HANDBELL_TABLE" => Some(NAME.to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(origin.clone()),
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            _ => None,
        });
        Self { table, store: handbell_boot::store(&environment.unwrap()).unwrap() }
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
