//! The client of Amazon SES. Amazon describes SES as a Smithy model, not as OpenAPI. The SDK under the client is generated from
//! that model, so there is nothing else to check its requests against.

use handbell_boot::Environment;
use handbell_outbound::ses::{OutgoingMail, Ses};

use super::stage::Stage;

/// Every request that the client can send; the simulated SES has to accept it.
pub(super) async fn all_of_ses(stage: &Stage) {
    let cloud = &stage.runner.cloud;
    let mut variables = cloud.env();
    variables.push(("HANDBELL_CONFIG".into(), "handbell.yaml".into()));
    let find = |name: &str| variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let ses = Ses::new(Environment::from(find).expect("an environment").ses().expect("a client"));
    let mail = OutgoingMail {
        from: "Support <support@example.com>".into(),
        to: "tommy@example.org".parse().expect("an address"),
        reply_to: "answers@example.com".parse().ok(),
        subject: "Wir öffnen um 9".into(),
        text: "See you".into(),
        html: Some("<p>See you</p>".into()),
        headers: vec![("Auto-Submitted".into(), "auto-replied".into())],
        tags: vec![("line".into(), "support".into())],
        attachments: Vec::new(),
    };
    let id = ses.send(&mail).await.expect("sent");
    assert!(cloud.mail().sent_mails().iter().any(|letter| letter.id == id && letter.subject == mail.subject));
    ses.send(&OutgoingMail { from: "nobody".into(), ..mail }).await.expect_err("no address");
}
