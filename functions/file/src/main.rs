//! API Gateway calls this function when Twilio or a customer's phone fetches a file that an agent sent.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::FileLink>().await
}
