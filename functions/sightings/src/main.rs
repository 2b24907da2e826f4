//! API Gateway calls this function when CMX or Meraki pushes device sightings.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::SightingsPush>().await
}
