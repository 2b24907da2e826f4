//! API Gateway calls this function when Webex fetches the chart of a card.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::ChartPicture>().await
}
