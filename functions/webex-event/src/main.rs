//! Webex calls this when something was said in a space.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::WebexEvent>().await
}
