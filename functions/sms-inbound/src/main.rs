//! API Gateway calls this function when Twilio delivers a customer's text, or the receipt of a text from Handbell.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::SmsInbound>().await
}
