//! SES calls this function for every inbound mail, once the mail is in the bucket.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::MailInbound>().await
}
