//! The mailbox under many threads: no letter is lost, doubled or out of its thread's order, whenever the world goes.
#![forbid(unsafe_code)]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

use reload_core::{InProcess, LibrarySource, Mailbox, ObjectId, ReloadSession, World, event_table, game_class};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

event_table! {
    pub table Post {
        Number { thread: usize, number: u32 },
    }
}

const THREADS: usize = 8;
/// Of each thread. A sanitizer makes everything slower.
const LETTERS: u32 = 1_000;

#[game_class(path = "post::Clerk")]
#[derive(Default)]
pub struct Clerk {
    /// The next number of each thread.
    next: [u32; THREADS],
    mistakes: u32,
}

#[game_class]
impl Clerk {
    fn event_number(&mut self, event: &Number) {
        self.mistakes += u32::from(self.next[event.thread] != event.number);
        self.next[event.thread] = event.number + 1;
    }
}

fn office() -> (World, ReloadSession, ObjectId) {
    let mut world = World::new();
    let library = InProcess::new().table::<Post>().class::<Clerk>();
    let session = ReloadSession::open(LibrarySource::in_process("post", library), &mut world).expect("it runs");
    let clerk = world.spawn_named("post::Clerk").expect("a class");
    (world, session, clerk)
}

/// Threads that send, each through its own clone.
fn senders<R: Send + 'static>(
    mailbox: &Mailbox,
    send: impl Fn(usize, &Mailbox) -> R + Clone + Send + 'static,
) -> Vec<thread::JoinHandle<R>> {
    (0..THREADS)
        .map(|number| {
            let (mailbox, send) = (mailbox.clone(), send.clone());
            thread::spawn(move || send(number, &mailbox))
        })
        .collect()
}

#[test]
fn every_letter_is_opened_once_and_in_the_order_of_its_thread() {
    let (mut world, _session, clerk) = office();
    let threads = senders(&world.mailbox(), move |thread, mailbox| {
        for number in 0..LETTERS {
            let event = Number { thread, number };
            // Both ways in.
            let sent = if number % 2 == 0 { mailbox.launch(event) } else { mailbox.launch_to(clerk, event) };
            sent.expect("the world is there");
        }
    });
    let (mut opened, all) = (0, THREADS * LETTERS as usize);
    while opened < all {
        opened += world.receive();
        thread::yield_now();
    }
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!((opened, world.receive()), (all, 0));
    let clerk = world.get::<Clerk>(clerk).expect("alive");
    assert_eq!((clerk.next, clerk.mistakes), ([LETTERS; THREADS], 0));
}

/// What a letter carries: counted when it goes.
struct Stamp(Arc<AtomicUsize>);

impl Drop for Stamp {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(!self.0.load(Ordering::Relaxed).is_multiple_of(97), "some stamps do not want to go");
    }
}

#[test]
fn a_world_that_goes_while_letters_come_drops_them_and_says_so() {
    for round in 0..8 {
        let (mut world, _session, _clerk) = office();
        let (dropped, opened) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (stamps, list) = (Arc::clone(&dropped), Arc::clone(&opened));
        let threads = senders(&world.mailbox(), move |thread, mailbox| {
            let mut sent = 0;
            // Faster than they are opened, hence a limit.
            while sent < LETTERS as usize {
                let (stamp, list, number) = (Stamp(Arc::clone(&stamps)), Arc::clone(&list), sent);
                let letter = move |_: &mut World| {
                    list.lock().expect("not poisoned").push((thread, number));
                    drop(stamp);
                };
                if mailbox.run(letter).is_err() {
                    return (sent, 1);
                }
                sent += 1;
            }
            (sent, 0)
        });
        for _ in 0..round {
            world.receive();
            thread::yield_now();
        }
        drop(world);
        let sent: Vec<(usize, usize)> = threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        let opened = opened.lock().expect("not poisoned");
        for (thread, (sent, _)) in sent.iter().enumerate() {
            let mine: Vec<usize> =
                opened.iter().filter(|(other, _)| *other == thread).map(|(_, number)| *number).collect();
            assert_eq!(mine, (0..mine.len()).collect::<Vec<_>>(), "from the first on, without a gap");
            assert!(mine.len() <= *sent);
        }
        // Every letter, opened, kept or refused, has ended by now.
        let letters: usize = sent.iter().map(|(sent, refused)| sent + refused).sum();
        assert_eq!(dropped.load(Ordering::Relaxed), letters);
    }
}
