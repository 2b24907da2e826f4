//! Which vendors are real, and what a real one needs.

use std::path::Path;

use super::Options;

/// Returns one line for each vendor, or what is missing for those that are to be real.
pub(super) fn vendors(asked: &Options) -> Result<String, String> {
    if let Some(data) = asked.data.as_deref().filter(|data| data.exists() && !data.is_dir()) {
        return Err(format!("--data {} is a file; name a folder, which may be a new one", data.display()));
    }
    if let Some(secrets) = &asked.secrets {
        match secrets.strip_prefix("file:") {
            Some(file) if !Path::new(file).is_file() => {
                return Err(format!("there is no secrets file {file}; check its name in --secrets"));
            }
            None if !secrets.starts_with("ssm:") => {
                return Err(format!("--secrets says where they are; write --secrets file:{secrets}"));
            }
            _ => {}
        }
    }
    for (option, url) in [("--webex-url", &asked.webex_url), ("--twilio-url", &asked.twilio_url)] {
        if url.is_some() && asked.secrets.is_none() {
            return Err(format!(
                "{option} needs --secrets file:FILE with the real tokens; without it nothing would arrive"
            ));
        }
    }
    if asked.twilio_url.is_some() && asked.public_url.is_none() {
        return Err(
            "--twilio-url needs --public-url with the address of your tunnel, by which Twilio calls back"
                .into(),
        );
    }
    let line = |vendor: &str, url: &Option<String>| match url {
        Some(url) => format!("  {vendor}: the real one, at {url}\n"),
        None => format!("  {vendor}: a stand-in on this laptop\n"),
    };
    Ok(line("Webex", &asked.webex_url) + &line("Twilio", &asked.twilio_url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(change: impl FnOnce(&mut Options)) -> Result<String, String> {
        let mut options = Options {
            port: 0,
            config: None,
            data: None,
            bot: false,
            quiet: false,
            webex_url: None,
            twilio_url: None,
            secrets: None,
            public_url: None,
        };
        change(&mut options);
        vendors(&options)
    }

    /// A file that exists.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

    #[test]
    fn each_vendor_is_named_as_real_or_a_stand_in() {
        let all = asked(|_| ()).expect("nothing is missing");
        assert_eq!(all, "  Webex: a stand-in on this laptop\n  Twilio: a stand-in on this laptop\n");
        let real = asked(|options| {
            options.webex_url = Some("https://webexapis.com/v1".into());
            options.secrets = Some(format!("file:{FILE}"));
        });
        assert!(
            real.expect("nothing is missing")
                .starts_with("  Webex: the real one, at https://webexapis.com/v1\n")
        );
    }

    #[test]
    fn half_a_real_set_up_is_refused() {
        let url = || Some("https://vendor.example.com".to_owned());
        let secrets = || Some(format!("file:{FILE}"));
        let refused = [
            (asked(|options| options.webex_url = url()), "--secrets"),
            (asked(|options| options.twilio_url = url()), "--secrets"),
            (
                asked(|options| options.secrets = Some("file:/nowhere.json".into())),
                "no secrets file /nowhere.json",
            ),
            (asked(|options| options.secrets = Some("x.json".into())), "--secrets file:x.json"),
            (
                asked(|options| {
                    options.twilio_url = url();
                    options.secrets = secrets();
                }),
                "--public-url",
            ),
            (asked(|options| options.data = Some(FILE.into())), "is a file; name a folder"),
        ];
        for (answer, says) in refused {
            let why = answer.expect_err(says);
            assert!(why.contains(says), "{says}: {why}");
        }
    }
}
