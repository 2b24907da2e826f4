//! API Gateway calls this when CMX or Meraki tells which devices it sees.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::Sightings>().await
}
