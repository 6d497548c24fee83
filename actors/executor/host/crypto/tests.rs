use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::super::Kind;
use super::super::value::Value;
use super::*;

/// Calls a function of the table, as the prelude does.
fn call(name: &str, values: &[Value]) -> Answer {
    let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
    let mut host = Host::default();
    match function.kind {
        Kind::Now(call) => call(&mut host, Args(values)),
        Kind::Later(call) => {
            let pending = call(&mut host, Args(values))?;
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(pending)
        }
    }
}

fn hex(text: &str) -> Value {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap().into()
}

fn bytes(text: &str) -> Value {
    text.as_bytes().to_vec().into()
}

fn number(value: u32) -> Value {
    value.into()
}

/// What a function answers with, in hexadecimal.
#[track_caller]
fn hex_of(name: &str, values: &[Value]) -> String {
    match call(name, values).unwrap() {
        Value::Bytes(bytes) => HEXLOWER.encode(&bytes),
        other => panic!("{name} answers with {other:?}"),
    }
}

#[track_caller]
fn check_fails(error_name: &str, name: &str, values: &[Value]) {
    assert_eq!(call(name, values).unwrap_err().name, error_name);
}

#[test]
fn digests_are_those_of_fips_180() {
    let digest = |hash: &str| hex_of("digest", &[hash.into(), bytes("abc")]);
    assert_eq!(digest("SHA-1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(
        digest("SHA-256"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert!(digest("SHA-384").starts_with("cb00753f45a35e8bb5a03d699ac65007"));
    assert!(digest("SHA-512").starts_with("ddaf35a193617abacc417349ae204131"));
    check_fails("TypeError", "digest", &["MD5".into(), bytes("abc")]);
}

/// RFC 2202 and RFC 4231, test case 2.
#[test]
fn macs_are_those_of_the_rfcs() {
    let sign = |hash: &str| {
        hex_of("hmacSign", &[hash.into(), bytes("Jefe"), bytes("what do ya want for nothing?")])
    };
    assert_eq!(sign("SHA-1"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    assert_eq!(sign("SHA-256"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert!(sign("SHA-384").starts_with("af45d2e376484031617f78d2b58a6b1b"));
    assert!(sign("SHA-512").starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
}

#[test]
fn a_changed_mac_does_not_fit() {
    let mac = call("hmacSign", &["SHA-256".into(), bytes("key"), bytes("data")]).unwrap();
    let fits = |mac: Value, data: &str| {
        call("hmacVerify", &["SHA-256".into(), bytes("key"), mac, bytes(data)]).unwrap()
    };
    assert_eq!(fits(mac.clone(), "data"), Value::Bool(true));
    assert_eq!(fits(mac, "date"), Value::Bool(false));
    assert_eq!(fits(hex("00"), "data"), Value::Bool(false));
}

/// The key of test cases 3 to 18 of "The Galois/Counter Mode of Operation" (`McGrew` and Viega),
/// of which longer keys repeat the beginning.
const GCM_KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
const GCM_PLAINTEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const GCM_ADDITIONAL: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const GCM_LONG_IV: &str = "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728\
    c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b";

fn gcm(key_bits: usize, iv: &str, tag_bits: u32, data: &str) -> [Value; 5] {
    let key = hex(&GCM_KEY[..key_bits / 4]);
    [key, hex(iv), hex(GCM_ADDITIONAL), number(tag_bits), hex(data)]
}

#[test]
fn aes_gcm_takes_every_key_and_vector() {
    let cases = [
        (128, "cafebabefacedbaddecaf888", "42831ec2", "5bc94fbc3221a5db94fae95ae7121a47"),
        (128, "cafebabefacedbad", "61353b4c", "3612d2e79e3b0785561be14aaca2fccb"),
        (128, GCM_LONG_IV, "8ce24998", "619cc5aefffe0bfa462af43c1699d050"),
        (192, "cafebabefacedbaddecaf888", "3980ca0b", "2519498e80f1478f37ba55bd6d27618c"),
        (192, GCM_LONG_IV, "d27e8868", "dcf566ff291c25bbb8568fc3d376a6d9"),
        (256, "cafebabefacedbaddecaf888", "522dc1f0", "76fc6ece0f4e1768cddf8853bb2d551b"),
        (256, "cafebabefacedbad", "c3762df1", "3a337dbf46a792c45e454913fe2ea8f2"),
    ];
    for (key_bits, iv, begin, tag) in cases {
        let sealed = hex_of("aesGcmEncrypt", &gcm(key_bits, iv, 128, GCM_PLAINTEXT));
        assert!(sealed.starts_with(begin) && sealed.ends_with(tag), "{key_bits}: {sealed}");
        let opened = hex_of("aesGcmDecrypt", &gcm(key_bits, iv, 128, &sealed));
        assert_eq!(opened, GCM_PLAINTEXT);
    }
}

#[test]
fn aes_gcm_shortens_its_tag() {
    let iv = "cafebabefacedbaddecaf888";
    let whole = hex_of("aesGcmEncrypt", &gcm(128, iv, 128, GCM_PLAINTEXT));
    for bits in [32, 64, 96, 104, 112, 120] {
        let sealed = hex_of("aesGcmEncrypt", &gcm(128, iv, bits, GCM_PLAINTEXT));
        assert_eq!(sealed, whole[..GCM_PLAINTEXT.len() + bits as usize / 4]);
        assert_eq!(hex_of("aesGcmDecrypt", &gcm(128, iv, bits, &sealed)), GCM_PLAINTEXT);
    }
    check_fails("OperationError", "aesGcmEncrypt", &gcm(128, iv, 16, GCM_PLAINTEXT));
}

#[test]
fn aes_gcm_opens_nothing_that_was_changed() {
    let iv = "cafebabefacedbaddecaf888";
    let sealed = hex_of("aesGcmEncrypt", &gcm(128, iv, 128, GCM_PLAINTEXT));
    let other = format!("{}0", &sealed[..sealed.len() - 1]);
    check_fails("OperationError", "aesGcmDecrypt", &gcm(128, iv, 128, &other));
    check_fails("OperationError", "aesGcmDecrypt", &gcm(128, iv, 128, &sealed[2..]));
    check_fails("OperationError", "aesGcmDecrypt", &gcm(256, iv, 128, &sealed));
    check_fails("OperationError", "aesGcmDecrypt", &gcm(128, "00", 128, &sealed));
    check_fails("OperationError", "aesGcmDecrypt", &gcm(128, iv, 128, "00"));
    check_fails("OperationError", "aesGcmEncrypt", &gcm(128, "", 128, ""));
}

/// RFC 5869, test cases 1, 3 and 4.
#[test]
fn hkdf_is_that_of_its_rfc() {
    let (salt, info) = ("000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9");
    let derive = |hash: &str, secret: usize, salt: &str, info: &str| {
        let secret = Value::from(vec![0x0b; secret]);
        hex_of("hkdf", &[hash.into(), secret, hex(salt), hex(info), number(42)])
    };
    assert_eq!(
        derive("SHA-256", 22, salt, info),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
    assert_eq!(
        derive("SHA-256", 22, "", ""),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
    assert_eq!(
        derive("SHA-1", 11, salt, info),
        "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896"
    );
}

#[test]
fn hkdf_ends_after_255_blocks() {
    let values = |length: u32| ["SHA-256".into(), hex("0b"), hex(""), hex(""), number(length)];
    assert_eq!(hex_of("hkdf", &values(255 * 32)).len(), 2 * 255 * 32);
    check_fails("OperationError", "hkdf", &values(255 * 32 + 1));
    check_fails("OperationError", "hkdf", &values(u32::MAX));
    assert_eq!(hex_of("hkdf", &values(0)), "");
}

fn pbkdf2_values(hash: &str, password: &str, iterations: u32, length: u32) -> [Value; 5] {
    [hash.into(), bytes(password), bytes("salt"), number(iterations), number(length)]
}

/// RFC 6070 and RFC 7914 section 11.
#[test]
fn pbkdf2_is_that_of_the_rfcs() {
    let derive = |hash: &str, password: &str, iterations, length| {
        hex_of("pbkdf2", &pbkdf2_values(hash, password, iterations, length))
    };
    assert_eq!(derive("SHA-1", "password", 1, 20), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    assert_eq!(derive("SHA-1", "password", 4096, 20), "4b007901b765489abead49d926f721d065a429c1");
    assert_eq!(
        derive("SHA-256", "passwd", 1, 64),
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
         49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
    );
    assert_eq!(derive("SHA-512", "password", 1, 0), "");
}

#[test]
fn pbkdf2_has_a_bound_that_it_names() {
    let error = call("pbkdf2", &pbkdf2_values("SHA-256", "p", 1_000_001, 32)).unwrap_err();
    assert_eq!(error.name, "OperationError");
    assert!(error.message.contains("1000000"), "{}", error.message);
    check_fails("OperationError", "pbkdf2", &pbkdf2_values("SHA-256", "p", 0, 32));
    // As many iterations as are allowed, but for five blocks.
    check_fails("OperationError", "pbkdf2", &pbkdf2_values("SHA-256", "p", 1_000_000, 129));
}

/// RFC 6979 appendix A.2.5.
const P256_PRIVATE: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const P256_PUBLIC: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
    7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const P256_SIGNATURES: [(&str, &str); 4] = [
    (
        "SHA-1",
        "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32\
         6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
    ),
    (
        "SHA-256",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        "SHA-384",
        "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719\
         4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
    ),
    (
        "SHA-512",
        "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00\
         2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    ),
];

#[test]
fn ecdsa_verifies_the_signatures_of_rfc_6979() {
    for (hash, signature) in P256_SIGNATURES {
        let verify = |signature: Value, data: &str| {
            let values = [hash.into(), hex(P256_PUBLIC), signature, bytes(data)];
            call("ecdsaVerify", &values).unwrap()
        };
        assert_eq!(verify(hex(signature), "sample"), Value::Bool(true), "{hash}");
        assert_eq!(verify(hex(signature), "simple"), Value::Bool(false), "{hash}");
        assert_eq!(verify(hex("00"), "sample"), Value::Bool(false), "{hash}");
        assert_eq!(verify(hex(&"00".repeat(64)), "sample"), Value::Bool(false), "{hash}");
        let signed = call("ecdsaSign", &[hash.into(), hex(P256_PRIVATE), bytes("sample")]);
        assert_eq!(verify(signed.unwrap(), "sample"), Value::Bool(true), "{hash}");
    }
}

#[test]
fn keys_of_p256_survive_their_forms() {
    let public = hex_of("ecdsaPublicFromPrivate", &[hex(P256_PRIVATE)]);
    assert_eq!(public, P256_PUBLIC);
    let pkcs8 = hex_of("ecdsaPrivateToPkcs8", &[hex(P256_PRIVATE)]);
    assert!(pkcs8.starts_with("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b"));
    assert_eq!(hex_of("ecdsaPrivateFromPkcs8", &[hex(&pkcs8)]), P256_PRIVATE);
    let spki = hex_of("ecdsaPublicToSpki", &[hex(P256_PUBLIC)]);
    assert!(spki.starts_with("3059301306072a8648ce3d020106082a8648ce3d030107034200"));
    assert_eq!(hex_of("ecdsaPublicFromSpki", &[hex(&spki)]), P256_PUBLIC);
    let compressed = format!("03{}", &P256_PUBLIC[2..66]);
    assert_eq!(hex_of("ecdsaPublicFromRaw", &[hex(&compressed)]), P256_PUBLIC);
    let new = call("ecdsaGenerate", &[]).unwrap();
    assert_eq!(hex_of("ecdsaPublicFromPrivate", &[new]).len(), 130);
}

#[test]
fn what_is_no_key_of_p256_is_refused() {
    let off_curve = format!("{}98", &P256_PUBLIC[..128]);
    for wrong in ["", "00", "04", &off_curve, &P256_PUBLIC[2..]] {
        check_fails("DataError", "ecdsaPublicFromRaw", &[hex(wrong)]);
    }
    for wrong in ["00".repeat(32), "ff".repeat(32), "01".to_owned()] {
        check_fails("DataError", "ecdsaPublicFromPrivate", &[hex(&wrong)]);
    }
    check_fails("DataError", "ecdsaPrivateFromPkcs8", &[hex("3000")]);
    check_fails("DataError", "ecdsaPublicFromSpki", &[hex("3000")]);
}

/// RFC 8032 section 7.1, tests 1 to 3.
const ED25519: [(&str, &str, &str, &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f\
         b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08\
         5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18\
         ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn ed25519_is_that_of_its_rfc() {
    for (private, public, data, signature) in ED25519 {
        assert_eq!(hex_of("ed25519PublicFromPrivate", &[hex(private)]), public);
        assert_eq!(hex_of("ed25519Sign", &[hex(private), hex(data)]), signature);
        let verify =
            |data: &str| call("ed25519Verify", &[hex(public), hex(signature), hex(data)]).unwrap();
        assert_eq!(verify(data), Value::Bool(true));
        assert_eq!(verify("ff"), Value::Bool(false));
        let pkcs8 = hex_of("ed25519PrivateToPkcs8", &[hex(private)]);
        assert_eq!(hex_of("ed25519PrivateFromPkcs8", &[hex(&pkcs8)]), private);
        let spki = hex_of("ed25519PublicToSpki", &[hex(public)]);
        assert_eq!(hex_of("ed25519PublicFromSpki", &[hex(&spki)]), public);
    }
    assert_eq!(hex_of("ed25519Generate", &[]).len(), 64);
}

#[test]
fn ed25519_trusts_no_point_of_small_order() {
    // The neutral element as key and as nonce, and zero: fits every message without the check.
    let neutral = format!("01{}", "00".repeat(31));
    let signature = format!("{neutral}{}", "00".repeat(32));
    let answer = call("ed25519Verify", &[hex(&neutral), hex(&signature), bytes("anything")]);
    assert_eq!(answer.unwrap(), Value::Bool(false));
}

#[test]
fn what_is_no_key_of_ed25519_is_refused() {
    check_fails("DataError", "ed25519PublicFromPrivate", &[hex("00")]);
    let p256 = hex_of("ecdsaPrivateToPkcs8", &[hex(P256_PRIVATE)]);
    check_fails("DataError", "ed25519PrivateFromPkcs8", &[hex(&p256)]);
    let p256 = hex_of("ecdsaPublicToSpki", &[hex(P256_PUBLIC)]);
    check_fails("DataError", "ed25519PublicFromSpki", &[hex(&p256)]);
    let pkcs8 = hex_of("ed25519PrivateToPkcs8", &[hex(ED25519[0].0)]);
    check_fails("DataError", "ed25519PrivateFromPkcs8", &[hex(&pkcs8[..pkcs8.len() - 2])]);
    check_fails("DataError", "ecdsaPrivateFromPkcs8", &[hex(&pkcs8)]);
}

#[test]
fn random_numbers_differ_and_have_a_bound() {
    assert_eq!(hex_of("randomBytes", &[number(0)]), "");
    let draw = || hex_of("randomBytes", &[number(32)]);
    assert_ne!(draw(), draw());
    assert_eq!(hex_of("randomBytes", &[number(65_536)]).len(), 131_072);
    check_fails("QuotaExceededError", "randomBytes", &[number(65_537)]);
}

#[test]
fn a_uuid_says_its_version_and_variant() {
    let Value::Text(text) = call("randomUuid", &[]).unwrap() else { panic!("no text") };
    let parts: Vec<&str> = text.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{text}");
}
