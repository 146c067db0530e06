//! Files that commands write: whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes a file by way of a temporary one beside it, so that whoever reads it sees the old text or the
/// new one. A file that is there keeps its mode, and a link stays one; a new file gets `mode`.
///
/// # Errors
/// What cannot be written; the file is as it was then.
pub fn replace(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let permissions = fs::metadata(&path).map(|about| about.permissions());
    let temporary = beside(&path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(text)?;
        if let Ok(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&temporary, &path));
    if renamed.is_err() {
        // What went wrong is told; that the rest cannot be cleared away adds nothing.
        let _ = fs::remove_file(&temporary);
    }
    renamed
}

/// Returns a name beside a file that nothing else uses.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}
