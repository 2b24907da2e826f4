//! API Gateway calls this function when a customer opens or sends the web form.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::ContactForm>().await
}
