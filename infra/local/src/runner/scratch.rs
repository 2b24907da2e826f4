//! The runner's folder: a temporary one, or the user's.

use std::path::{Path, PathBuf};

/// A folder for the secrets and the clock. A temporary one is removed at the end; the user's stays.
pub(super) struct Scratch {
    pub(super) path: PathBuf,
    ours: bool,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

pub(super) fn scratch(data: Option<&Path>) -> std::io::Result<Scratch> {
    let (path, ours) = match data {
        Some(data) => (data.to_owned(), false),
        None => (std::env::temp_dir().join(format!("handbell-{}", uuid::Uuid::new_v4())), true),
    };
    std::fs::create_dir_all(&path)?;
    Ok(Scratch { path, ours })
}

/// Writes a file that only its owner can read, although these secrets are public.
pub(super) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
