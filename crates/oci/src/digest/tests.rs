use proptest::prelude::*;

use super::*;

const EMPTY_SHA256: &str =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn hashes_are_those_of_the_standards() {
    let table = [
        (Algorithm::Sha256, &b""[..], EMPTY_SHA256),
        (
            Algorithm::Sha256,
            b"abc",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            Algorithm::Sha384,
            b"abc",
            "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            Algorithm::Sha512,
            b"abc",
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];
    for (algorithm, data, text) in table {
        let digest = Digest::of(algorithm, data);
        assert_eq!(digest.to_string(), text);
        assert_eq!(format!("{digest:?}"), text);
        assert_eq!(text.parse(), Ok(digest));
        assert_eq!(digest.as_bytes().len(), algorithm.size());
        assert_eq!(format!("{}:{}", algorithm.name(), digest.to_hex()), text);
    }
}

#[test]
fn malformed_texts_are_refused() {
    let hex = "0".repeat(64);
    let table = [
        (String::new(), DigestError::NoAlgorithm),
        ("sha256".to_owned(), DigestError::NoAlgorithm),
        (hex.clone(), DigestError::NoAlgorithm),
        (format!(":{hex}"), DigestError::UnknownAlgorithm),
        (format!("md5:{hex}"), DigestError::UnknownAlgorithm),
        (format!("blake3:{hex}"), DigestError::UnknownAlgorithm),
        (format!("SHA256:{hex}"), DigestError::UnknownAlgorithm),
        (format!(" sha256:{hex}"), DigestError::UnknownAlgorithm),
        ("sha256:".to_owned(), DigestError::BadValue),
        (format!("sha256:{hex}0"), DigestError::BadValue),
        (format!("sha256:{hex}00"), DigestError::BadValue),
        (format!("sha256:{}", "0".repeat(63)), DigestError::BadValue),
        (format!("sha256:{}", "0".repeat(62)), DigestError::BadValue),
        (format!("sha512:{hex}"), DigestError::BadValue),
        (format!("sha256:{}", "A".repeat(64)), DigestError::BadValue),
        (format!("sha256:{}", "g".repeat(64)), DigestError::BadValue),
        (
            format!("sha256:{}", "\u{e9}".repeat(32)),
            DigestError::BadValue,
        ),
        (
            format!("sha256:../{}", "0".repeat(61)),
            DigestError::BadValue,
        ),
    ];
    for (text, want) in table {
        assert_eq!(text.parse::<Digest>(), Err(want), "{text}");
    }
}

#[test]
fn json_is_the_text() {
    let digest: Digest = EMPTY_SHA256.parse().unwrap();
    let json = format!("\"{EMPTY_SHA256}\"");
    assert_eq!(serde_json::to_string(&digest).unwrap(), json);
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    let escaped = json.replace(':', "\\u003a");
    assert_eq!(serde_json::from_str::<Digest>(&escaped).unwrap(), digest);
    for bad in ["5", "null", "\"sha256:\"", "[]"] {
        assert!(serde_json::from_str::<Digest>(bad).is_err(), "{bad}");
    }
}

#[test]
fn keys_that_are_cut_off_are_refused() {
    let mut key = Vec::new();
    Digest::sha256(b"").write_key(&mut key);
    assert_eq!(key.len(), 33);
    for length in 0..key.len() {
        assert_eq!(Digest::read_key(&key[..length]), None, "{length}");
    }
    key[0] = 0;
    assert_eq!(Digest::read_key(&key), None);
    key[0] = 4;
    assert_eq!(Digest::read_key(&key), None);
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    proptest::sample::select(&Algorithm::ALL[..])
}

proptest! {
    #[test]
    fn pieces_hash_like_the_whole(
        algorithm in algorithm(),
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
    ) {
        let mut hasher = Hasher::new(algorithm);
        for piece in &pieces {
            hasher.update(piece);
        }
        prop_assert_eq!(hasher.algorithm(), algorithm);
        prop_assert_eq!(hasher.finish(), Digest::of(algorithm, &pieces.concat()));
    }

    #[test]
    fn every_form_reads_back(
        algorithm in algorithm(),
        data in any::<[u8; 8]>(),
        rest in proptest::collection::vec(any::<u8>(), 0..10),
    ) {
        let digest = Digest::of(algorithm, &data);
        prop_assert_eq!(digest.to_string().parse(), Ok(digest));
        prop_assert_eq!(Digest::from_hex(algorithm, &digest.to_hex()), Ok(digest));
        let mut key = Vec::new();
        digest.write_key(&mut key);
        key.extend_from_slice(&rest);
        prop_assert_eq!(Digest::read_key(&key), Some((digest, rest.as_slice())));
    }

    #[test]
    fn keys_sort_like_digests(a in algorithm(), b in algorithm(), x in any::<u64>(), y in any::<u64>()) {
        let left = Digest::of(a, &x.to_le_bytes());
        let right = Digest::of(b, &y.to_le_bytes());
        let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
        left.write_key(&mut left_key);
        right.write_key(&mut right_key);
        prop_assert_eq!(left.cmp(&right), left_key.cmp(&right_key));
    }

    #[test]
    fn never_panics(text in "\\PC*|(sha256|sha384|sha512):\\PC{0,130}", key in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(digest) = text.parse::<Digest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
        let _ = Digest::read_key(&key);
    }
}
