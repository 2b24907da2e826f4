//! Twilio calls this when a text has come further.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::SmsInbound>().await
}
