//! The schedule calls this every minute, to ask how many devices are in each zone.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::CmxPoll>().await
}
