//! A browser calls this: the web form of an alert, the page of a ticket, the button in a mail.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::Form>().await
}
