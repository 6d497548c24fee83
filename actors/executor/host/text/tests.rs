use super::*;

fn call(host: &mut Host, name: &str, args: &[Value]) -> Answer {
    let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
    match function.kind {
        crate::executor::host::Kind::Now(call) => call(host, Args(args)),
        crate::executor::host::Kind::Later(_) => panic!("{name} answers later"),
    }
}

#[track_caller]
fn check(name: &str, args: &[Value], expected: impl Into<Value>) {
    assert_eq!(call(&mut Host::default(), name, args), Ok(expected.into()));
}

fn bytes(bytes: &[u8]) -> Value {
    bytes.to_vec().into()
}

#[test]
fn labels_are_those_of_the_standard() {
    check("encodingLabel", &["utf8".into()], "utf-8");
    check("encodingLabel", &[" Latin1\n".into()], "windows-1252");
    check("encodingLabel", &["unicode".into()], "utf-16le");
    check("encodingLabel", &["x-sjis".into()], "shift_jis");
    check("encodingLabel", &["utf-7".into()], Value::Null);
    check("encodingLabel", &["iso-2022-kr".into()], Value::Null);
    check("encodingLabel", &["".into()], Value::Null);
}

#[test]
fn whole_texts_are_decoded() {
    let decode = |label: &str, data: &[u8], fatal: bool, keeps_bom: bool| {
        let args = [label.into(), bytes(data), fatal.into(), keeps_bom.into()];
        call(&mut Host::default(), "decode", &args)
    };
    assert_eq!(decode("utf-8", "größe €".as_bytes(), true, false), Ok("größe €".into()));
    assert_eq!(decode("utf-8", b"\xEF\xBB\xBFa", false, false), Ok("a".into()));
    assert_eq!(decode("utf-8", b"\xEF\xBB\xBFa", false, true), Ok("\u{FEFF}a".into()));
    assert_eq!(decode("utf-8", b"\xEF\xBB\xBFa", true, false), Ok("a".into()));
    assert_eq!(decode("utf-8", b"a\xF0\x9F\x92b", false, false), Ok("a\u{FFFD}b".into()));
    assert_eq!(decode("utf-8", b"\xE0\x80\x80", false, false), Ok("\u{FFFD}".repeat(3).into()));
    let error = decode("utf-8", b"a\xFF", true, false).unwrap_err();
    assert_eq!(error.to_string(), "TypeError: the encoded data is not valid utf-8");
    assert_eq!(decode("utf-16le", b"a\0\x3D\xD8\xA9\xDC", true, false), Ok("a💩".into()));
    assert_eq!(decode("utf-16be", b"\0a\xD8\x3D", false, false), Ok("a\u{FFFD}".into()));
    assert_eq!(decode("shift_jis", b"\x82\xA0", true, false), Ok("あ".into()));
    assert_eq!(decode("windows-1252", b"\x80", true, false), Ok("€".into()));
    // A mark of another encoding is no mark.
    assert_eq!(decode("windows-1252", b"\xEF\xBB\xBF", true, false), Ok("ï»¿".into()));
    assert_eq!(decode("nonsense", b"", false, false).unwrap_err().name, "RangeError");
}

#[test]
fn texts_come_in_chunks() {
    let mut host = Host::default();
    let open = ["euc-jp".into(), true.into(), false.into()];
    let handle = call(&mut host, "decoderOpen", &open).unwrap();
    let mut next = |data: &[u8], is_last: bool| {
        call(&mut host, "decoderDecode", &[handle.clone(), bytes(data), is_last.into()])
    };
    assert_eq!(next(b"a\xA4", false), Ok("a".into()));
    assert_eq!(next(b"\xA2b", false), Ok("あb".into()));
    assert_eq!(next(b"", true), Ok("".into()));
    assert_eq!(next(b"", true).unwrap_err().message, "the decoder is closed");
    assert!(host.text.decoders.is_empty());
}

#[test]
fn an_error_closes_a_decoder() {
    let mut host = Host::default();
    let open = ["euc-jp".into(), true.into(), false.into()];
    let handle = call(&mut host, "decoderOpen", &open).unwrap();
    let cut = [handle, bytes(b"\xA4"), true.into()];
    assert_eq!(call(&mut host, "decoderDecode", &cut).unwrap_err().name, "TypeError");
    assert!(host.text.decoders.is_empty());
}

#[test]
fn open_decoders_are_bounded() {
    let mut host = Host::default();
    for _ in 0..DECODERS_MAX {
        call(&mut host, "decoderOpen", &["gbk".into()]).unwrap();
    }
    assert_eq!(call(&mut host, "decoderOpen", &["gbk".into()]).unwrap_err().name, "RangeError");
    call(&mut host, "decoderClose", &[3.0.into()]).unwrap();
    call(&mut host, "decoderOpen", &["gbk".into()]).unwrap();
}

#[test]
fn base64_is_forgiving() {
    check("base64Encode", &[bytes(b"")], "");
    check("base64Encode", &[bytes(b"\xFF\xEF")], "/+8=");
    let decoded = |text: &str| forgiving_base64(text);
    assert_eq!(decoded(""), Some(vec![]));
    assert_eq!(decoded("YQ=="), Some(b"a".to_vec()));
    assert_eq!(decoded("YQ"), Some(b"a".to_vec()));
    // The four bits that are left over are dropped.
    assert_eq!(decoded("YR"), Some(b"a".to_vec()));
    assert_eq!(decoded("YWI="), Some(b"ab".to_vec()));
    assert_eq!(decoded(" Y\tW\nJ\x0C\rj "), Some(b"abc".to_vec()));
    for wrong in ["=", "Y", "YQ=", "YQ===", "YQ==YQ==", "Y=Q=", "YQ-_", "ab\u{A0}c", "ä", "===="] {
        assert_eq!(decoded(wrong), None, "{wrong}");
    }
}
