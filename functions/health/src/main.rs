//! API Gateway calls this function when a monitoring system checks whether Handbell runs.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::Health>().await
}
