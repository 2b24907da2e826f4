//! A function that does nothing, to measure the cost of a start.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve_nothing().await
}
