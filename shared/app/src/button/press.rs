//! Presses of buttons: `/b/{token}`.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::button::Press;
use handbell_core::config::Button;
use handbell_core::incident::Subject;
use handbell_core::incident::decide::Event;
use handbell_inbound::button::{ButtonMessage, FlicKey, Proof, known_hash, read, token_matches};
use http::{Request, Response, StatusCode};

use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::secrets::{Secrets, values};
use crate::{Failed, Fault, answer, refuse};

parts! {
    /// Takes presses of buttons.
    pub struct ButtonPress {
        config: Configuration,
        engine: IncidentEngine,
        secrets: Secrets,
        time: Time,
    }
}

impl ButtonPress {
    /// Answers `OK <count>` once the press is stored, and not before. What is no press gets an empty answer.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.take(&request).await {
            Ok(Some(count)) => answer(StatusCode::OK, format!("OK {count}\n")),
            Ok(None) => answer(StatusCode::OK, ""),
            // Every refusal looks like an address that doesn't exist, so that a wrong token reveals nothing.
            Err(Failed::Rejected(Rejected::Forged)) => refuse(&Rejected::Unknown.into()),
            Err(failed) => refuse(&failed),
        }
    }

    async fn take(&self, request: &Request<Bytes>) -> Result<Option<u64>, Failed> {
        let token = request.uri().path().strip_prefix("/b/").unwrap_or_default();
        let (name, button) = self.button_of(token).await?;
        let proof = self.proof(button).await?;
        let message = read(request, &proof, self.time.now())?;
        let (ButtonMessage::Press(Press { battery, .. }) | ButtonMessage::NoPress { battery }) = &message;
        if let Some(battery) = battery {
            tracing::info!(button = name, battery, "battery");
        }
        let ButtonMessage::Press(press) = message else { return Ok(None) };
        let id = press.id.clone();
        let applied = self.engine.apply(&Subject::button(name), &Event::Press(press), id.as_ref()).await?;
        Ok(Some(applied.count))
    }

    /// Returns the button with this token. Compares all tokens, each in constant time, so that the response time
    /// reveals nothing.
    async fn button_of(&self, token: &str) -> Result<(&str, &Button), Failed> {
        let find = |secrets: &_| {
            let mut found = None;
            for (name, button) in &self.config.buttons {
                for known in values(secrets, button.token.names()) {
                    if known_hash(known).is_some_and(|hash| token_matches(token, &hash)) {
                        found = Some((name.as_str(), button));
                    }
                }
            }
            found
        };
        let now = self.time.now();
        if let Some(found) = self.secrets.verify(now, find, Option::is_none).await? {
            return Ok(found);
        }
        let secrets = self.secrets.all(now).await?;
        // A button whose secret is missing would look like an unknown one, and its presses would be lost silently.
        let missing =
            self.config.buttons.iter().find(|(_, button)| values(&secrets, button.token.names()).is_empty());
        match missing {
            Some((name, _)) => {
                Err(Fault::from(format!("the token of button {name:?} is not in the secrets document"))
                    .into())
            }
            None => Err(Rejected::Unknown.into()),
        }
    }

    async fn proof(&self, button: &Button) -> Result<Proof, Failed> {
        let mut proof = Proof::default();
        if let Some(header) = &button.header {
            let secrets = self.secrets.all(self.time.now()).await?;
            let accepted: Vec<_> =
                values(&secrets, [header.secret.as_str()]).into_iter().map(str::to_owned).collect();
            if accepted.is_empty() {
                return Err(Fault::from(format!(
                    "the secret {:?} is not in the secrets document",
                    header.secret
                ))
                .into());
            }
            proof.header = Some((header.name.clone(), accepted));
        }
        if button.flic {
            proof.flic_key = Some(FlicKey::published());
        }
        Ok(proof)
    }
}
