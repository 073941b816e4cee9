use std::fs;

use proptest::{collection::vec, prelude::*};

use super::{format::HEADER_LEN, *};
use crate::{
    capture::{Fact, Timestamp, arbitrary},
    store::Scan,
};

fn note(n: u64, length: usize) -> Vec<Record> {
    let text = "x".repeat(length);
    vec![Record { exchange: None, n: 0, at: Timestamp(n), fact: Fact::Note { text } }]
}

fn read_all(segments: &Segments) -> (Vec<(Position, Vec<Record>)>, Scan) {
    let mut entries = Vec::new();
    let mut visit = |at, records| {
        entries.push((at, records));
        Ok(())
    };
    let start = Position { segment: 0, offset: 0 };
    let scan = segments.reader().scan(start, &mut visit).unwrap();
    (entries, scan)
}

/// A folder with `count` entries in one segment, and where each begins.
fn written(dir: &Path, count: u64) -> Vec<Position> {
    let (mut segments, _) = Segments::open(dir).unwrap();
    let at = (0..count).map(|n| segments.append(&note(n, 20)).unwrap()).collect();
    segments.sync().unwrap();
    at
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_appended_is_read_at_once_and_after_reopening(
        entries in vec(vec(arbitrary::record(), 1..4), 1..12),
        sync_at in 0_usize..12,
    ) {
        let home = tempfile::tempdir().unwrap();
        let (mut segments, recovery) = Segments::open(home.path()).unwrap();
        prop_assert_eq!(recovery, Recovery::default());
        let mut expected = Vec::new();
        for (i, records) in entries.into_iter().enumerate() {
            let at = segments.append(&records).unwrap();
            prop_assert_eq!(&segments.reader().read(at).unwrap(), &records);
            expected.push((at, records));
            if i == sync_at {
                segments.sync().unwrap();
            }
        }
        prop_assert_eq!(&read_all(&segments).0, &expected);
        drop(segments);
        let (segments, recovery) = Segments::open(home.path()).unwrap();
        prop_assert_eq!(recovery, Recovery::default());
        let (read, scan) = read_all(&segments);
        prop_assert_eq!(read, expected);
        prop_assert_eq!(scan.end, Some(Position { segment: 2, offset: HEADER_LEN }));
    }
}

#[test]
fn a_journal_cut_anywhere_keeps_every_whole_entry() {
    let home = tempfile::tempdir().unwrap();
    let places = written(home.path(), 6);
    let file = files::path(home.path(), 1);
    let whole = fs::read(&file).unwrap();
    let boundaries: Vec<usize> = places.iter().map(|at| at.offset as usize).collect();
    let last = *boundaries.last().unwrap();
    for cut in (0..=HEADER_LEN as usize).chain(boundaries.iter().copied()).chain(last..whole.len())
    {
        let home = tempfile::tempdir().unwrap();
        fs::write(files::path(home.path(), 1), &whole[..cut]).unwrap();
        let (mut segments, recovery) = Segments::open(home.path()).unwrap();
        let kept = boundaries.iter().filter(|at| **at < cut && (**at != last)).count();
        assert_eq!(read_all(&segments).0.len(), kept, "cut at {cut}");
        let clean = cut == HEADER_LEN as usize || boundaries.contains(&cut);
        assert_eq!(recovery.cut.is_none(), clean, "cut at {cut}");
        if let Some(found) = recovery.cut {
            assert_eq!(found.offset + found.bytes, cut as u64);
        }
        assert_eq!(recovery.damage, Vec::<String>::new());
        let at = segments.append(&note(99, 5)).unwrap();
        segments.sync().unwrap();
        drop(segments);
        let (segments, recovery) = Segments::open(home.path()).unwrap();
        assert_eq!(recovery, Recovery::default(), "cut at {cut}");
        let (entries, scan) = read_all(&segments);
        assert_eq!(entries.len(), kept + 1, "cut at {cut}");
        assert_eq!(entries.last().unwrap().0, at);
        assert!(scan.damage.is_empty());
    }
}

#[test]
fn a_flipped_bit_is_damage_and_never_a_record() {
    let home = tempfile::tempdir().unwrap();
    let places = written(home.path(), 3);
    let whole = fs::read(files::path(home.path(), 1)).unwrap();
    for flip in 0..whole.len() {
        let home = tempfile::tempdir().unwrap();
        let mut bytes = whole.clone();
        bytes[flip] ^= 0x10;
        fs::write(files::path(home.path(), 1), &bytes).unwrap();
        // A segment after it, so that it is no tail to be cut.
        fs::write(files::path(home.path(), 2), format::Header::current(2).encode()).unwrap();
        let opened = Segments::open(home.path());
        if (8..12).contains(&flip) {
            assert!(matches!(opened, Err(StoreError::Newer { .. })), "version, byte {flip}");
            continue;
        }
        let (segments, _) = opened.unwrap();
        let (entries, scan) = read_all(&segments);
        assert_eq!(scan.damage.len(), 1, "byte {flip}: {:?}", scan.damage);
        let intact = places.iter().filter(|at| (at.offset as usize) <= flip).count();
        assert_eq!(entries.len(), intact.saturating_sub(1), "byte {flip}");
        assert_eq!(fs::read(files::path(home.path(), 1)).unwrap(), bytes, "it is left as it is");
    }
}

#[test]
fn a_tail_of_zeros_is_cut() {
    let home = tempfile::tempdir().unwrap();
    written(home.path(), 2);
    let file = files::path(home.path(), 1);
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length + 4096).unwrap();
    let (segments, recovery) = Segments::open(home.path()).unwrap();
    let cut = recovery.cut.unwrap();
    assert_eq!((cut.offset, cut.bytes), (length, 4096));
    assert!(cut.to_string().contains("00000001.seg"));
    assert_eq!(read_all(&segments).0.len(), 2);
}

#[test]
fn a_newer_segment_is_refused_and_nothing_is_changed() {
    let home = tempfile::tempdir().unwrap();
    written(home.path(), 2);
    let newer = format::Header { format: 2, ..format::Header::current(2) };
    fs::write(files::path(home.path(), 2), newer.encode()).unwrap();
    let first = files::path(home.path(), 1);
    let mut torn = fs::read(&first).unwrap();
    torn.extend([1, 2, 3]);
    fs::write(&first, &torn).unwrap();
    let refused = Segments::open(home.path()).err().unwrap();
    assert!(matches!(refused, StoreError::Newer { found: 2, .. }), "{refused}");
    assert_eq!(fs::read(&first).unwrap(), torn);
}

#[test]
fn segments_roll_and_the_buffer_does_not_hide_anything() {
    let home = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(home.path()).unwrap();
    let sizes = [30 << 20, 10, 30 << 20, 30 << 20, 10, 70 << 20, 10];
    let mut places = Vec::new();
    for (n, size) in (0..).zip(sizes) {
        places.push(segments.append(&note(n, size)).unwrap());
    }
    let numbers: Vec<u32> = places.iter().map(|at| at.segment).collect();
    assert_eq!(numbers, [1, 1, 1, 2, 2, 3, 4]);
    let (entries, scan) = read_all(&segments);
    assert_eq!(entries.iter().map(|(at, _)| *at).collect::<Vec<_>>(), places);
    assert!(scan.damage.is_empty());
    let reached = segments.syncer().sync().unwrap();
    assert_eq!(Some(reached), scan.end);
    assert!(segments.reaches(reached) && segments.reaches(places[3]));
    assert!(!segments.reaches(Position { offset: reached.offset + 1, ..reached }));
    let mut seen = 0;
    let mut visit = |_, _| {
        seen += 1;
        Ok(())
    };
    segments.reader().scan(places[4], &mut visit).unwrap();
    assert_eq!(seen, 3);
    assert!(matches!(segments.append(&note(0, 81 << 20)), Err(StoreError::TooLarge { .. })));
    assert_eq!(segments.end(), reached);
}

#[test]
fn entries_that_end_where_no_block_does_are_read_whole() {
    let home = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(home.path()).unwrap();
    // The last one begins a segment: the one before is then read past the system's cache.
    let lengths = (0..60_usize).map(|n| n * 37_013 % 100_000).chain([600_000, 5, 64 << 20]);
    let expected: Vec<_> = (0..)
        .zip(lengths)
        .map(|(n, length)| {
            let letters = "abcdefghijklmnopqrstuvwxyz".repeat(length / 26 + 2);
            let text = letters[length % 26..][..length].to_owned();
            let fact = Fact::Note { text };
            let records = vec![Record { exchange: None, n: 0, at: Timestamp(n), fact }];
            (segments.append(&records).unwrap(), records)
        })
        .collect();
    segments.sync().unwrap();
    assert!(read_all(&segments).0 == expected);
}

#[test]
fn positions_that_are_none_are_errors() {
    let home = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(home.path()).unwrap();
    let at = segments.append(&note(1, 50)).unwrap();
    let reader = segments.reader();
    for flushed in [false, true] {
        if flushed {
            segments.sync().unwrap();
        }
        for (segment, offset) in [(1, at.offset + 3), (1, 5000), (1, 0), (9, 16), (0, 0)] {
            assert!(reader.read(Position { segment, offset }).is_err(), "{segment}:{offset}");
        }
        assert_eq!(reader.read(at).unwrap(), note(1, 50));
    }
}

#[test]
fn what_is_purged_is_gone_and_the_rest_moves() {
    let home = tempfile::tempdir().unwrap();
    let (mut segments, _) = Segments::open(home.path()).unwrap();
    let places: Vec<_> = (0..10).map(|n| segments.append(&note(n, 100)).unwrap()).collect();
    let retention = segments.retention();
    let done = retention.rewrite(1, &mut |record| record.at.0 % 2 == 0).unwrap();
    assert!(done.freed > 400);
    let reader = segments.reader();
    for ((old, new), (n, place)) in done.moved.iter().zip((0_u64..).zip(&places)) {
        assert_eq!((old, new.is_some()), (place, n % 2 == 0));
        if let Some(new) = new {
            assert_eq!(reader.read(*new).unwrap(), note(n, 100));
        }
    }
    let after = segments.append(&note(10, 1)).unwrap();
    assert_eq!(after, Position { segment: 2, offset: HEADER_LEN });
    assert_eq!(read_all(&segments).0.len(), 6);
    retention.rewrite(1, &mut |_| false).unwrap();
    assert_eq!(retention.segments().iter().map(|s| s.number).collect::<Vec<_>>(), [2]);
    retention.unlink(2).unwrap();
    retention.unlink(2).unwrap();
    drop(segments);
    // Numbers are not given out twice: a catalog's watermark would stand above them.
    let (mut segments, recovery) = Segments::open(home.path()).unwrap();
    assert_eq!(recovery, Recovery::default());
    assert_eq!(segments.append(&note(0, 1)).unwrap().segment, 3);
}

#[test]
fn an_interrupted_rewrite_is_forgotten() {
    let home = tempfile::tempdir().unwrap();
    written(home.path(), 2);
    let leftover = files::rewrite_path(home.path(), 1);
    fs::write(&leftover, b"half").unwrap();
    let (segments, _) = Segments::open(home.path()).unwrap();
    assert!(!leftover.exists());
    assert_eq!(read_all(&segments).0.len(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("captures");
    written(&dir, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&files::path(&dir, 1))), (0o700, 0o600));
}

/// On a real full disk: a small tmpfs, which only root can mount.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_and_recording_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
        .arg(home.path())
        .output();
    if !mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: no tmpfs can be mounted here");
        return;
    }
    let outcome = std::panic::catch_unwind(|| full_disk(home.path()));
    let unmounted = std::process::Command::new("umount").arg("-l").arg(home.path()).status();
    assert!(unmounted.unwrap().success());
    outcome.unwrap();
}

#[cfg(target_os = "linux")]
fn full_disk(home: &Path) {
    let dir = home.join("captures");
    let ballast = home.join("ballast");
    fs::write(&ballast, vec![1; 1 << 20]).unwrap();
    let (mut segments, _) = Segments::open(&dir).unwrap();
    let mut kept = Vec::new();
    let mut n = 0;
    let error = loop {
        match segments.append(&note(n, 10_000)) {
            Ok(at) => kept.push((at, note(n, 10_000))),
            Err(error) => break error,
        }
        n += 1;
        assert!(n < 1_000, "the disk is never full");
    };
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    assert!(segments.sync().is_err() && segments.syncer().sync().is_err());
    assert_eq!(read_all(&segments).0, kept, "what was acknowledged is readable");
    assert!(free_space(&dir).unwrap() < 300_000);
    fs::remove_file(&ballast).unwrap();
    for n in 0..30 {
        kept.push((segments.append(&note(n, 20_000)).unwrap(), note(n, 20_000)));
    }
    segments.sync().unwrap();
    assert_eq!(read_all(&segments).0, kept);
    drop(segments);
    let (segments, recovery) = Segments::open(&dir).unwrap();
    assert_eq!(recovery, Recovery::default());
    assert_eq!(read_all(&segments).0, kept);
}
