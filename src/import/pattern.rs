//! What `charter import` is asked for: kinds and names, with `*` for anything.

use regex::Regex;

/// One argument: `role`, `role.analyst`, `tenant.*`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    kind: String,
    name: Regex,
    /// Whether it names objects, and not a whole kind.
    named: bool,
}

impl Pattern {
    /// Parses an argument.
    ///
    /// # Errors
    /// What is no pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, name) = text.split_once('.').unwrap_or((text, "*"));
        if kind.is_empty() || name.is_empty() || !kind.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err("write a kind, or a kind and a name: role, role.analyst, tenant.*".to_owned());
        }
        let pattern = format!("^(?s:{})$", regex::escape(name).replace("\\*", ".*"));
        Ok(Self {
            text: text.to_owned(),
            kind: kind.to_owned(),
            name: Regex::new(&pattern).map_err(|error| error.to_string())?,
            named: text.contains('.'),
        })
    }

    /// Returns whether it stands for any number of objects, none among them.
    pub fn is_open(&self) -> bool {
        !self.named || self.text.contains('*')
    }

    /// Returns whether it asks for a kind.
    pub fn is_of(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// Returns whether it asks for an object of a kind that goes by these names.
    pub fn takes(&self, kind: &str, names: &[&str]) -> bool {
        self.is_of(kind) && (!self.named || names.iter().any(|name| self.name.is_match(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_kinds_and_names() {
        let takes =
            |pattern: &str, kind, name| Pattern::parse(pattern).expect("a pattern").takes(kind, &[name]);
        assert!(takes("role", "role", "a") && takes("role.*", "role", "a") && takes("role.a", "role", "a"));
        assert!(takes("role.a*z", "role", "a.z") && takes("role.a.z", "role", "a.z"));
        assert!(
            !takes("role.a", "role", "ab")
                && !takes("role.a.z", "role", "abz")
                && !takes("role", "user", "a")
        );
        assert!(["", ".", "role.", ".a", "Role.a", "ro le"].iter().all(|text| Pattern::parse(text).is_err()));
    }
}
