//! API Gateway calls this function for the web form for alerts, the page of a reporter's ticket, and the link in a mail or
//! text.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::AlertForm>().await
}
