//! The schedule calls this function every minute, to count the devices in each zone.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::SitePoll>().await
}
