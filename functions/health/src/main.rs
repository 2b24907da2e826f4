//! Whoever wants to know whether Handbell is alive calls this.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::function::Health>().await
}
