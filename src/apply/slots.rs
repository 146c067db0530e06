//! Where operations get their passwords: made by the operating system's randomness, or read from
//! the Secret that holds them. Once per run and slot; nothing here can be printed.

use std::collections::BTreeMap;

use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::ops::Trouble;
use crate::backend::Servers;
use crate::model::Secret;
use crate::model::digest::hex;
use crate::model::op::{Part, Slot, SlotSource, Text};

/// The characters of a password: 64, so that six random bits choose one evenly. None needs
/// escaping in a URL, a shell or a connection string.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The fewest characters that are still a password: 96 bits.
const SHORTEST: usize = 16;

/// What a slot holds during a run.
struct Held {
    password: Secret,
    salt: Secret,
}

/// The passwords of a run.
pub(super) struct Slots {
    cells: BTreeMap<Slot, (SlotSource, OnceCell<Held>)>,
}

impl Slots {
    /// Takes the sources of a plan.
    pub(super) fn new(sources: &BTreeMap<Slot, SlotSource>) -> Self {
        let cells = sources.iter().map(|(slot, source)| (slot.clone(), (source.clone(), OnceCell::new())));
        Self { cells: cells.collect() }
    }

    /// Returns a text of an operation, resolved.
    pub(super) async fn text<S: Servers>(&self, servers: &S, text: &Text) -> Result<Secret, Trouble> {
        match text {
            Text::Plain(text) => Ok(Secret::new(text.as_str())),
            Text::Sensitive(secret) => Ok(secret.clone()),
            Text::Slot(slot, part) => self.part(servers, slot, *part).await,
        }
    }

    /// Returns a part of a slot.
    pub(super) async fn part<S: Servers>(
        &self,
        servers: &S,
        slot: &Slot,
        part: Part,
    ) -> Result<Secret, Trouble> {
        let Some((source, cell)) = self.cells.get(slot) else {
            return Err(Trouble::failed(format!(
                "the plan does not say where the password of {slot} comes from"
            )));
        };
        let held = cell.get_or_try_init(|| fill(servers, slot, source)).await?;
        Ok(match part {
            Part::Password => held.password.clone(),
            Part::Salt => held.salt.clone(),
            Part::Hash => Secret::new(held.password.salted_sha256(held.salt.expose())),
        })
    }
}

async fn fill<S: Servers>(servers: &S, slot: &Slot, source: &SlotSource) -> Result<Held, Trouble> {
    let password = match source {
        SlotSource::Generate { length } => generate(*length)?,
        SlotSource::Secret { namespace, name, key } => read(servers, slot, namespace, name, key).await?,
    };
    Ok(Held { password, salt: salt()? })
}

async fn read<S: Servers>(
    servers: &S,
    slot: &Slot,
    namespace: &str,
    name: &str,
    key: &str,
) -> Result<Secret, Trouble> {
    let kept = super::kube::patiently(|| servers.secret_key(namespace, name, key))
        .await
        .map_err(|error| Trouble::failed(format!("reading Secret {namespace}/{name} failed: {error}")))?;
    kept.filter(|password| !password.expose().is_empty()).ok_or_else(|| {
        Trouble::failed(format!("Secret {namespace}/{name} holds no {key:?}, the password of {}", slot.user))
            .help(format!("plan again: {} gets a new password where its Secret is gone", slot.user))
    })
}

/// Makes a password that has a character of each class and begins with a letter or digit, so that
/// no command line takes it for an option. Whole passwords are drawn until one fits: every fitting
/// one is as likely as any other.
fn generate(length: usize) -> Result<Secret, Trouble> {
    if length < SHORTEST {
        return Err(Trouble::failed(format!(
            "a password of {length} characters is too short: {SHORTEST} are the least"
        )));
    }
    let mut password = Zeroizing::new(vec![0; length]);
    loop {
        fill_random(&mut password)?;
        for byte in password.iter_mut() {
            *byte = ALPHABET[usize::from(*byte & 63)];
        }
        if fits(&password) {
            let text = password.iter().copied().map(char::from).collect::<String>();
            return Ok(Secret::new(text));
        }
    }
}

fn fits(password: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| password.iter().any(class);
    password.first().is_some_and(u8::is_ascii_alphanumeric)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_punctuation)
}

/// Makes a salt: 32 random bytes in hex.
fn salt() -> Result<Secret, Trouble> {
    let mut bytes = [0; 32];
    fill_random(&mut bytes)?;
    Ok(Secret::new(hex(&bytes)))
}

fn fill_random(bytes: &mut [u8]) -> Result<(), Trouble> {
    getrandom::fill(bytes)
        .map_err(|error| Trouble::failed(format!("the operating system gives no randomness: {error}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn passwords_fit_differ_and_use_the_whole_alphabet() {
        let mut seen = BTreeSet::new();
        let mut used = BTreeSet::new();
        for _ in 0..500 {
            let secret = generate(32).unwrap();
            let password = secret.expose().as_bytes();
            assert_eq!(password.len(), 32);
            assert!(fits(password));
            used.extend(password.to_vec());
            assert!(seen.insert(secret.expose().to_owned()));
        }
        assert_eq!(used.len(), ALPHABET.len());
    }

    #[test]
    fn each_class_and_a_harmless_start_are_required() {
        assert!(fits(b"aB3-"));
        for bad in [b"-aB3", b"aB33", b"aB--", b"a33-", b"B33-"] {
            assert!(!fits(bad), "{bad:?}");
        }
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(generate(15).is_err());
    }

    #[test]
    fn salts_are_64_hex_digits_and_differ() {
        let (one, other) = (salt().unwrap(), salt().unwrap());
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }
}
