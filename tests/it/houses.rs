//! The four houses (houses.md) and other dialects that no SDK speaks (protocol.md §9), played by the
//! peers of `../support/houses` through the real program: what is recorded tells the same as what
//! stands in `captures/`.
//!
//! `WIRETAPE_TAPES=1 cargo test --test it houses` makes their tapes anew.

use std::thread;

use crate::{
    captures::told::told,
    support::{
        houses::{SCENES, Scene},
        stories::records_in,
        tapes::{keep, recorded, with_pauses},
    },
};

/// Programs that run at the same time.
const AT_ONCE: usize = 4;

#[test]
fn each_scene_is_recorded_as_its_tape_says() {
    for some in SCENES.chunks(AT_ONCE) {
        thread::scope(|scope| some.iter().for_each(|scene| drop(scope.spawn(|| record(scene)))));
    }
}

fn record(scene: &Scene) {
    let server = (scene.serve)();
    let named = scene.name.map(|name| ["--name", name]);
    let options = named.as_ref().map_or(&[][..], |named| &named[..]);
    let tape = recorded(&server.url(), options, |recorder| (scene.play)(recorder.reverse()));
    let tape = with_pauses(&tape, scene.pauses);
    let kept = keep(scene.tape, &tape);
    assert_eq!(told(&records_in(&tape)), told(&records_in(&kept)), "{}", scene.tape);
}
