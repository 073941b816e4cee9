use std::io::Read as _;

use proptest::prelude::*;

use super::*;

/// An encoder of one coding.
fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" | "x-gzip" => {
            let mut e = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            e.write_all(plain).expect("memory");
            out = e.finish().expect("memory");
        }
        "zlib" => {
            let mut e = flate2::write::ZlibEncoder::new(out, flate2::Compression::default());
            e.write_all(plain).expect("memory");
            out = e.finish().expect("memory");
        }
        "raw" => {
            let mut e = flate2::write::DeflateEncoder::new(out, flate2::Compression::default());
            e.write_all(plain).expect("memory");
            out = e.finish().expect("memory");
        }
        "br" => {
            let mut e = brotli::CompressorWriter::new(&mut out, 4096, 5, 22);
            e.write_all(plain).expect("memory");
        }
        "zstd" => out = zstd::encode_all(plain, 0).expect("memory"),
        _ => out = plain.to_vec(),
    }
    out
}

fn decode(header: &str, wire: &[u8], step: usize) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::new(header)?;
    let mut out = Vec::new();
    for part in wire.chunks(step.max(1)) {
        decoder.push(part, &mut out)?;
    }
    Ok(out)
}

const CODINGS: [(&str, &str); 7] = [
    ("gzip", "gzip"),
    ("X-GZIP", "x-gzip"),
    ("deflate", "zlib"),
    ("deflate", "raw"),
    ("br", "br"),
    ("zstd", "zstd"),
    ("identity", "identity"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_coding_and_split_gives_the_body(
        plain in prop::collection::vec(any::<u8>(), 0..2_000), step in 1usize..500
    ) {
        for (header, coding) in CODINGS {
            prop_assert_eq!(decode(header, &encode(coding, &plain), step).expect(coding), plain.clone());
        }
    }

    #[test]
    fn noise_is_an_error_or_bytes_and_never_a_panic(
        noise in prop::collection::vec(any::<u8>(), 0..500), step in 1usize..50
    ) {
        for (header, _) in CODINGS {
            let _ = decode(header, &noise, step);
        }
    }
}

#[test]
fn stacked_codings_are_undone_from_the_last() {
    let wire = encode("br", &encode("gzip", b"hello"));
    assert_eq!(decode("gzip, br", &wire, 3).expect("both"), b"hello");
    assert!(matches!(decode("gzip, gzip, gzip, gzip, gzip", b"", 1), Err(DecodeError::Unknown(_))));
    assert_eq!(
        Decoder::new("aws-chunked").expect_err("unknown"),
        DecodeError::Unknown("aws-chunked".into())
    );
}

#[test]
fn each_flushed_event_is_there_at_once() {
    let events = ["data: one\n\n", "data: two\n\n"];
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut zs = zstd::Encoder::new(Vec::new(), 0).expect("an encoder");
    let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    let mut decoders = ["gzip", "zstd", "br"].map(|coding| Decoder::new(coding).expect("known"));
    for event in events {
        gz.write_all(event.as_bytes()).and_then(|()| gz.flush()).expect("memory");
        zs.write_all(event.as_bytes()).and_then(|()| zs.flush()).expect("memory");
        br.write_all(event.as_bytes()).and_then(|()| br.flush()).expect("memory");
        let wires = [
            std::mem::take(gz.get_mut()),
            std::mem::take(zs.get_mut()),
            std::mem::take(br.get_mut()),
        ];
        for (decoder, wire) in decoders.iter_mut().zip(wires) {
            let mut out = Vec::new();
            decoder.push(&wire, &mut out).expect("valid");
            assert_eq!(String::from_utf8_lossy(&out), event);
        }
    }
}

#[test]
fn a_bomb_costs_no_more_than_the_cap() {
    let bomb = zstd::encode_all(io::repeat(0).take(CHUNK_CAP as u64 + 1), 1).expect("memory");
    let mut out = Vec::new();
    let mut decoder = Decoder::new("zstd").expect("known");
    assert_eq!(decoder.push(&bomb, &mut out), Err(DecodeError::TooLarge));
    assert_eq!(out.len(), CHUNK_CAP);
}

#[test]
fn what_came_before_the_damage_is_there() {
    let mut wire = encode("gzip", b"hello");
    wire.extend_from_slice(b"not gzip at all");
    let mut out = Vec::new();
    let error = Decoder::new("gzip").expect("known").push(&wire, &mut out);
    assert!(matches!(error, Err(DecodeError::Broken { coding: "gzip", .. })), "{error:?}");
    assert_eq!(out, b"hello");
}
