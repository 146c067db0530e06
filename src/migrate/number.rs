//! Scans ClickHouse number literals; finds where one ends without judging its value.
//!
//! Decimal, hexadecimal (with fraction and `p` exponent) and binary, with `_` between digits.
//! After a dot only an integer is read, so that `t.1.2` is two element accesses.

/// Returns the end of the number at `start`, which holds a digit, or `.` and a digit.
pub(super) fn scan(bytes: &[u8], start: usize, after_dot: bool) -> usize {
    if after_dot {
        return digits(bytes, start, false, false);
    }
    let (hex, mut pos) = prefix(bytes, start);
    pos = digits(bytes, pos, hex, pos != start);
    if bytes.get(pos) == Some(&b'.') {
        pos = digits(bytes, pos + 1, hex, true);
    }
    exponent(bytes, pos, hex)
}

/// Returns the end of the ASCII letters, digits and underscores at `pos`.
pub(super) fn skip_word(bytes: &[u8], pos: usize) -> usize {
    let word = bytes.iter().skip(pos);
    pos + word.take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Recognizes `0x` and `0b` when a digit of the base follows.
fn prefix(bytes: &[u8], start: usize) -> (bool, usize) {
    match bytes.get(start..start + 3) {
        Some([b'0', b'x' | b'X', digit]) if digit.is_ascii_hexdigit() => (true, start + 2),
        Some([b'0', b'b' | b'B', b'0' | b'1']) => (false, start + 2),
        _ => (false, start),
    }
}

/// Skips digits; a single `_` may stand before a digit, but not first in its block.
fn digits(bytes: &[u8], start: usize, hex: bool, block_start: bool) -> usize {
    let is_digit = |at: usize| {
        bytes.get(at).is_some_and(|byte| if hex { byte.is_ascii_hexdigit() } else { byte.is_ascii_digit() })
    };
    let mut pos = start;
    while is_digit(pos) || separates(bytes, pos, start, block_start) && is_digit(pos + 1) {
        pos += 1;
    }
    pos
}

fn separates(bytes: &[u8], pos: usize, start: usize, block_start: bool) -> bool {
    bytes.get(pos) == Some(&b'_') && !(block_start && pos == start)
}

/// Skips an exponent, which is decimal always; like the server, it asks for no digits.
fn exponent(bytes: &[u8], pos: usize, hex: bool) -> usize {
    let marked = match bytes.get(pos) {
        Some(b'e' | b'E') => !hex,
        Some(b'p' | b'P') => hex,
        _ => false,
    };
    // At the text's end the server leaves the letter to a word, and the sign to an operator.
    let more = |at: usize| at + 1 < bytes.len();
    if !marked || !more(pos) {
        return pos;
    }
    let signed = matches!(bytes.get(pos + 1), Some(b'+' | b'-')) && more(pos + 1);
    digits(bytes, pos + 1 + usize::from(signed), false, true)
}
