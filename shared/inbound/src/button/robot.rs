//! Requests that no person and no button made: prefetches of browsers, and previews of links in chats.

use http::HeaderMap;
use http::header::USER_AGENT;

/// Names by which robots that preview links identify themselves. Each is a product of a `User-Agent` (RFC 9110, section
/// 10.1.5), and is compared as a whole, so that an app of the same company isn't taken for its robot.
///
/// Sources: Slack, "Robots" (api.slack.com/robots); Meta, "Meta web crawlers"; X, "Cards: getting started"; the user
/// agents that Discord, LinkedIn, Telegram, WhatsApp (whose name Signal uses too), Microsoft (Teams, Skype), Google Chat,
/// Reddit, Pinterest, VK, LINE and Kakao send; the source code of Mattermost, Zulip, Mastodon and Synapse (Matrix); Iframely
/// and Embedly, which fetch previews for others. iMessage calls itself `facebookexternalhit` and `Twitterbot`. The Webex
/// app fetches a preview itself, without a name of its own.
const PREVIEWERS: [&str; 27] = [
    "Slackbot-LinkExpanding",
    "Slackbot",
    "Slack-ImgProxy",
    "facebookexternalhit",
    "facebookcatalog",
    "Facebot",
    "meta-externalfetcher",
    "Twitterbot",
    "Discordbot",
    "LinkedInBot",
    "TelegramBot",
    "WhatsApp",
    "SkypeUriPreview",
    "MicrosoftPreview",
    "BingPreview",
    "redditbot",
    "Pinterestbot",
    "vkShare",
    "line-poker",
    "kakaotalk-scrap",
    "Mattermost-Bot",
    "ZulipURLPreview",
    "Mastodon",
    "Synapse",
    "Iframely",
    "Embedly",
    "Google-PageRenderer",
];

/// Whether a browser prefetches the link before a person follows it (Fetch Standard, `Sec-Purpose`; older browsers
/// `Purpose` and `X-Moz`).
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        headers
            .get(*name)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("prefetch"))
    })
}

/// Whether a robot fetches the link to show a preview of it in a chat.
pub(super) fn is_link_preview(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_'))
        .any(|product| PREVIEWERS.iter().any(|known| product.eq_ignore_ascii_case(known)))
}
