//! The schedule calls this function every minute, to enqueue the work that is due.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::Tick>().await
}
