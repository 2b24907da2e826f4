//! The schedule calls this function every minute, to fetch mail from mailboxes on other servers.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), handbell_boot::Error> {
    handbell_boot::serve::<handbell_boot::functions::MailboxPoll>().await
}
