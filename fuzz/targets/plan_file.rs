//! Arbitrary bytes as a saved plan, and as what a saved plan holds with digests that are right:
//! nothing panics, and what is read is written and read again as the same.

#![no_main]

use charter_fuzz::plan_file::{frame, key::Key, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = frame::open(data).map_err(|refusal| (refusal.to_string(), refusal.help()));
    let _ = read(data, None);
    let key = Key::new(Some("a key of thirty-two characters --")).expect("long enough").expect("a key");
    assert!(read(&frame::seal("0.1.0", data, None), Some(&key)).is_ok() == read(&frame::seal("0.1.0", data, None), None).is_ok());
    let Ok(opened) = read(&frame::seal("0.1.0", data, Some(&key)), Some(&key)) else { return };
    let again = opened.saved.to_bytes("0.1.0", Some(&key)).expect("what was read can be written");
    let again = read(&again, Some(&key)).expect("what was written can be read");
    assert_eq!(again.saved.digest, opened.saved.digest);
});
