//! Builds the binaries as they are deployed, and measures their sizes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use handbell_boot::{Error, Function};

use crate::{progress, workspace};

/// Name of the function that does nothing.
pub(crate) const NOOP: &str = "noop";
/// Overhead of a zip with one file: three headers, two of them with the name `bootstrap`.
const ZIP_HEADERS: usize = 30 + 46 + 22 + 2 * "bootstrap".len();

/// Returns cargo's directory of release builds, which contains this program.
pub(crate) fn directory() -> Result<PathBuf, Error> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("this program lies in no target directory")?;
    Ok(target.join("release"))
}

/// Builds all functions and `noop` in one run of cargo, with the same dependencies and settings.
pub(crate) fn build(release: &Path) -> Result<(), Error> {
    progress("builds the functions for release; the first time takes some minutes");
    let begun = Instant::now();
    let target = release.parent().ok_or("there is no target directory")?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--no-default-features", "-p", "handbell-bench"]);
    cargo.args(Function::ALL.iter().flat_map(|function| ["-p", function.name()]));
    cargo.arg("--target-dir").arg(target).current_dir(workspace()).stdin(Stdio::null());
    let status = cargo.status().map_err(|error| format!("cargo can't be started: {error}"))?;
    if !status.success() {
        return Err(format!("cargo build: {status}").into());
    }
    progress(&format!("built after {} s", begun.elapsed().as_secs()));
    Ok(())
}

/// Returns the size of the zip for Lambda, packed like the SAM CLI packs it.
pub(crate) fn zipped(binary: &Path) -> Result<usize, Error> {
    let bytes = std::fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    Ok(miniz_oxide::deflate::compress_to_vec(&bytes, 6).len() + ZIP_HEADERS)
}

/// Returns the machine's load in the last minute, which affects the results.
pub(crate) fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}
