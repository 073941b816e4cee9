//! Work handed on from thread to thread, in order: a queue that is bounded in pieces and in bytes.
//!
//! Where calls follow on one another, what is not the call itself is done beside it: the tape is
//! read ahead of them, and answers are judged behind them. A thread is woken for many pieces at once
//! where it may be, for waking costs as much as a piece does.

use std::{
    collections::VecDeque,
    io,
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::tasks;

/// How much may wait. Whoever has more waits until all of it is taken; as much again may be in the
/// hands of whoever takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Pieces.
    pub(super) pieces: usize,
    /// Bytes of what was recorded or came, in them. A piece that is larger waits alone.
    pub(super) bytes: usize,
    /// So many wake whoever takes,
    pub(super) at_once: usize,
    /// or some that wait so long.
    pub(super) at_most: Option<Duration>,
}

/// Nobody takes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody takes it any more")]
pub(super) struct Gone;

#[derive(Debug)]
struct Shared<T> {
    bounds: Bounds,
    queue: Mutex<Queue<T>>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug)]
struct Queue<T> {
    waiting: VecDeque<T>,
    bytes: usize,
    /// Nothing more comes.
    over: bool,
    /// What waits is wanted now.
    hurried: bool,
    /// Nobody takes any more.
    gone: bool,
    /// Each side sleeps.
    taker_sleeps: bool,
    giver_sleeps: bool,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_taker(&self, queue: &mut Queue<T>) {
        if std::mem::take(&mut queue.taker_sleeps) {
            self.filled.notify_one();
        }
    }
}

/// Hands over.
#[derive(Debug)]
pub(super) struct Giver<T>(Arc<Shared<T>>);

/// Takes.
#[derive(Debug)]
pub(super) struct Taker<T> {
    shared: Arc<Shared<T>>,
    taken: VecDeque<T>,
}

fn pipe<T>(bounds: Bounds) -> (Giver<T>, Taker<T>) {
    let queue = Queue {
        waiting: VecDeque::new(),
        bytes: 0,
        over: false,
        hurried: false,
        gone: false,
        taker_sleeps: false,
        giver_sleeps: false,
    };
    let (filled, emptied) = (Condvar::new(), Condvar::new());
    let shared = Arc::new(Shared { bounds, queue: Mutex::new(queue), filled, emptied });
    (Giver(Arc::clone(&shared)), Taker { shared, taken: VecDeque::new() })
}

impl<T> Giver<T> {
    /// Hands over a piece of so many bytes; waits while too much waits.
    pub(super) fn give(&self, piece: T, bytes: usize) -> Result<(), Gone> {
        let Bounds { pieces, bytes: cap, at_once, .. } = self.0.bounds;
        let mut queue = self.0.lock();
        while !queue.gone
            && !queue.waiting.is_empty()
            && (queue.waiting.len() >= pieces || queue.bytes.saturating_add(bytes) > cap)
        {
            queue.giver_sleeps = true;
            self.0.wake_taker(&mut queue);
            queue = self.0.emptied.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.gone {
            return Err(Gone);
        }
        queue.waiting.push_back(piece);
        queue.bytes = queue.bytes.saturating_add(bytes);
        if queue.hurried || queue.waiting.len() >= at_once {
            self.0.wake_taker(&mut queue);
        }
        Ok(())
    }

    /// What waits is to be taken now, however little it is.
    pub(super) fn hurry(&self) {
        let mut queue = self.0.lock();
        queue.hurried = true;
        self.0.wake_taker(&mut queue);
    }
}

impl<T> Taker<T> {
    /// The next piece; none at the end.
    pub(super) fn take(&mut self) -> Option<T> {
        if self.taken.is_empty() {
            self.refill();
        }
        self.taken.pop_front()
    }

    /// Takes all that waits; sleeps until it is worth it.
    fn refill(&mut self) {
        let Bounds { at_once, at_most, .. } = self.shared.bounds;
        let filled = &self.shared.filled;
        let mut queue = self.shared.lock();
        let is_worth_it = |queue: &Queue<T>| {
            let enough = queue.hurried || queue.giver_sleeps || queue.waiting.len() >= at_once;
            queue.over || enough && !queue.waiting.is_empty()
        };
        while !is_worth_it(&queue) {
            queue.taker_sleeps = true;
            let Some(at_most) = at_most else {
                queue = filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let slept = filled.wait_timeout(queue, at_most);
            let (woken, slept) = slept.unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            if slept.timed_out() && !queue.waiting.is_empty() {
                break;
            }
        }
        (queue.hurried, queue.taker_sleeps) = (false, false);
        std::mem::swap(&mut self.taken, &mut queue.waiting);
        queue.bytes = 0;
        if std::mem::take(&mut queue.giver_sleeps) {
            self.shared.emptied.notify_one();
        }
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.over = true;
        self.0.wake_taker(&mut queue);
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.gone = true;
        queue.waiting.clear();
        self.shared.emptied.notify_one();
    }
}

/// Has a thread of this name make what the caller takes meanwhile. Gives what both came to.
///
/// # Errors
///
/// The system's, when it gives no more threads.
pub(super) fn beside<T: Send, M: Send, R>(
    name: &str,
    bounds: Bounds,
    make: impl FnOnce(Giver<T>) -> M + Send,
    take: impl FnOnce(Taker<T>) -> R,
) -> io::Result<(M, R)> {
    let (giver, taker) = pipe(bounds);
    thread::scope(|scope| {
        let making = tasks::scoped(scope, name, || make(giver))?;
        let took = take(taker);
        match making.join() {
            Ok(ended) => Ok((ended, took)),
            Err(panic) => resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Bounds = Bounds { pieces: 4, bytes: 100, at_once: 3, at_most: None };

    #[test]
    fn all_comes_over_in_its_order_whoever_is_the_slower() {
        for (slow_giver, slow_taker) in [(false, false), (true, false), (false, true)] {
            let slow = |is: bool| is.then(|| thread::sleep(Duration::from_micros(200)));
            let make = |giver: Giver<usize>| {
                for piece in 0..500 {
                    slow(slow_giver);
                    // One in a hundred is larger than all that may wait.
                    let bytes = if piece % 100 == 7 { 1_000 } else { piece % 60 };
                    giver.give(piece, bytes)?;
                }
                Ok::<_, Gone>(500)
            };
            let take = |mut taker: Taker<usize>| {
                let mut took = Vec::new();
                while let Some(piece) = taker.take() {
                    slow(slow_taker);
                    assert!(taker.taken.len() <= FEW.pieces, "no more is handed over at once");
                    took.push(piece);
                }
                took
            };
            let (ended, took) = beside("pieces", FEW, make, take).expect("a thread");
            assert_eq!(ended, Ok(500));
            assert_eq!(took, (0..500).collect::<Vec<_>>());
        }
    }

    #[test]
    fn whoever_hands_over_is_told_when_nobody_takes_any_more() {
        let make = |giver: Giver<u8>| (0..).find_map(|_| giver.give(0, 1).err());
        let take = |mut taker: Taker<u8>| taker.take();
        assert_eq!(beside("pieces", FEW, make, take).expect("a thread"), (Some(Gone), Some(0)));
    }

    #[test]
    fn a_little_is_taken_when_it_has_waited_or_is_wanted() {
        let soon = Bounds { at_most: Some(Duration::from_millis(1)), ..FEW };
        for (bounds, hurries) in [(soon, false), (FEW, true)] {
            let (giver, mut taker) = pipe(bounds);
            giver.give("a", 1).expect("there is room");
            if hurries {
                giver.hurry();
            }
            assert_eq!(taker.take(), Some("a"));
            // Where nothing waits it is the next one that is wanted; nothing at all is only the end.
            giver.hurry();
            thread::scope(|scope| {
                let next = scope.spawn(|| taker.take());
                giver.give("b", 1).expect("there is room");
                assert_eq!(next.join().expect("it ends"), Some("b"));
            });
            drop(giver);
            assert_eq!(taker.take(), None);
        }
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        let (giver, mut taker) = pipe(FEW);
        giver.give("a", 60).expect("there is room");
        thread::scope(|scope| {
            let late = scope.spawn(|| giver.give("b", 60));
            // It sleeps, so it hands over what waits although that is less than wakes.
            assert_eq!(taker.take(), Some("a"));
            assert_eq!(late.join().expect("it ends"), Ok(()));
        });
        drop(giver);
        assert_eq!((taker.take(), taker.take()), (Some("b"), None));
    }
}
