//! How pure code gets at files: through a reader that `config::load` hands in.

/// Reads files below the folder of the configuration. Paths are relative to it, with `/`.
pub trait Files {
    /// Returns the bytes of a file.
    ///
    /// # Errors
    /// A text for people, such as `no such file`.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Returns the names of the entries of a folder, sorted, folders with a trailing `/`; `None`
    /// where there is no such folder.
    ///
    /// # Errors
    /// A text for people, where the folder is there and cannot be read.
    fn list(&self, path: &str) -> Result<Option<Vec<String>>, String>;
}
