//! A function that does nothing: what every start costs.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve_nothing().await
}
