//! What the commands read from outside: the environment, the time, the terminal, and the demo's configuration.

use std::path::{Path, PathBuf};

/// A variable of this process's environment. An empty variable counts as absent.
pub(super) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the command line is where its environment comes in")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) fn now() -> jiff::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the command line is where its time comes in")]
    jiff::Timestamp::now()
}

pub(super) fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| width.0.into())
}

/// Asks on the terminal. Any answer but yes is a no, and so is the end of the input.
pub(super) fn agreed(question: &str) -> bool {
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The demo's configuration, in the checkout that this program was built from or in the current folder; else the
/// `handbell.yaml` of the current folder.
pub(super) fn demo() -> Result<PathBuf, String> {
    const NAME: &str = "examples/green-power/handbell.yaml";
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(NAME);
    [built_from, PathBuf::from(NAME), PathBuf::from("handbell.yaml")]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            format!(
                "no configuration found: there is neither {NAME} nor handbell.yaml; name one with --config"
            )
        })
}
