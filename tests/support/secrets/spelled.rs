//! Secrets as they may be written, and bodies as they may be packed.

use std::io::Write;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::Value;

pub(super) fn encoded(plain: &[u8], coding: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => {
            let mut e = flate2::write::GzEncoder::new(&mut out, flate2::Compression::default());
            e.write_all(plain).expect("memory");
            e.finish().expect("memory");
        }
        "deflate" => {
            let mut e = flate2::write::ZlibEncoder::new(&mut out, flate2::Compression::default());
            e.write_all(plain).expect("memory");
            e.finish().expect("memory");
        }
        "br" => {
            let mut e = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
            e.write_all(plain).expect("memory");
        }
        _ => out = zstd::encode_all(plain, 0).expect("memory"),
    }
    out
}

pub(super) fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(super) fn all_percent(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |all, byte| {
        let digits = if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        all + "%" + &digits
    })
}

/// A secret in every spelling that is looked for: as it is, escaped, percent-encoded in either
/// case, and the part of it that any base64 around it would show.
pub(crate) fn spellings(secret: &str) -> Vec<String> {
    let json = |text: &str| {
        let quoted = Value::from(text).to_string();
        quoted.trim_matches('"').to_owned()
    };
    let mut all = vec![
        secret.to_owned(),
        json(secret),
        json(&json(secret)),
        percent(secret),
        percent(secret).to_lowercase(),
    ];
    all.extend([all_percent(secret, true), all_percent(secret, false)]);
    for before in 0..3 {
        let padded = [&vec![b'x'; before][..], secret.as_bytes()].concat();
        for text in [BASE64_STANDARD_NO_PAD.encode(&padded), BASE64_URL_SAFE_NO_PAD.encode(&padded)]
        {
            all.push(text[4..text.len() / 4 * 4 - 4].to_owned());
        }
    }
    all
}
