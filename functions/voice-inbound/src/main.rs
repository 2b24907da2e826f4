//! API Gateway calls this function when Twilio reports a customer's call, an answer, a pressed key or the end of a call.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::VoiceInbound>().await
}
