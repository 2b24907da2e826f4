//! Twilio calls this when somebody answers, presses a key or hangs up.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::VoiceInbound>().await
}
