//! API Gateway calls this function when a button is pressed.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::ButtonPress>().await
}
