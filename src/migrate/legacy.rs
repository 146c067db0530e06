//! The checksums that other runners record of a migration file: hashes of its bytes as they are.
//!
//! They verify what another runner recorded, and are written for it beside charter's own; charter
//! itself judges by the token hash alone.

use std::fmt::Write as _;

use md5::Md5;
use sha1::Sha1;
use sha2::Digest;

/// MD5, as VVVi's and zifter's clickhouse-migrations record it.
pub const MD5: &str = "md5";
/// SHA-1.
pub const SHA1: &str = "sha1";
/// SHA-256.
pub const SHA256: &str = "sha256";
/// CRC-32 of IEEE 802.3.
pub const CRC32: &str = "crc32";

/// Returns the hashes of a file by algorithm, in lower-case hexadecimal.
#[must_use]
pub fn all(bytes: &[u8]) -> [(&'static str, String); 4] {
    [
        (MD5, hex(&Md5::digest(bytes))),
        (SHA1, hex(&Sha1::digest(bytes))),
        (SHA256, super::raw_sha256(bytes)),
        (CRC32, format!("{:08x}", crc32(bytes))),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The polynomial of IEEE 802.3, reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_field() {
        let found = all(b"123456789").map(|(_, hash)| hash);
        assert_eq!(
            found,
            [
                "25f9e794323b453885f5181f1b624d0b",
                "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
                "cbf43926",
            ]
        );
    }
}
