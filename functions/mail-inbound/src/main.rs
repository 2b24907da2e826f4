//! SES calls this for every mail that came in, once the mail lies in the bucket.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::MailInbound>().await
}
