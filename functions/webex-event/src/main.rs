//! API Gateway calls this function when Webex reports a message or a card action in a space.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::WebexEvent>().await
}
