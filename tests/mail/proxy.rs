//! A line to a real server that fails on cue: it is cut before or after a word of the client reaches
//! the server, or within the answer to it, or the answer is kept until it may go on. Nothing here
//! waits for a time: each cue is a word on the line.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// What happens to one connection, once the client says the word.
#[derive(Clone, Copy, Debug)]
pub enum Cue {
    /// Nothing.
    Through,
    /// The server never hears it.
    CutBefore(&'static str),
    /// The server hears it; the client never hears the answer.
    CutAfter(&'static str),
    /// So many octets of the answer arrive.
    CutWithin(&'static str, usize),
    /// The answer waits until it may go on.
    Stall(&'static str),
}

impl Cue {
    fn word(self) -> Option<&'static str> {
        match self {
            Cue::Through => None,
            Cue::CutBefore(word)
            | Cue::CutAfter(word)
            | Cue::CutWithin(word, _)
            | Cue::Stall(word) => Some(word),
        }
    }
}

#[derive(Default)]
struct State {
    cues: VecDeque<Cue>,
    /// Cues that have come true.
    fired: usize,
    /// What was stalled may go on.
    released: bool,
}

/// The proxy; its connections end with their clients.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Proxy {
    /// In front of a server on this machine; one cue for each connection, then none.
    pub fn before(server: u16, cues: &[Cue]) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = State { cues: cues.iter().copied().collect(), ..State::default() };
        let proxy = Proxy { port, state: Arc::new((Mutex::new(state), Condvar::new())) };
        let shared = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let cue = shared.state.0.lock().unwrap().cues.pop_front().unwrap_or(Cue::Through);
                shared.clone().join(client, server, cue);
            }
        });
        proxy
    }

    /// How many cues have come true.
    pub fn fired(&self) -> usize {
        self.state.0.lock().unwrap().fired
    }

    /// What was stalled goes on, and nothing stalls again.
    pub fn release(&self) {
        self.state.0.lock().unwrap().released = true;
        self.state.1.notify_all();
    }

    fn fire(&self) {
        self.state.0.lock().unwrap().fired += 1;
    }

    fn join(self, client: TcpStream, server: TcpStream, cue: Cue) {
        // The client has said the word: what the server says now is the answer.
        let said = Arc::new(Mutex::new(false));
        let both = |stream: &TcpStream| stream.try_clone().expect("a stream");
        let (from, to) = (both(&client), both(&server));
        let (proxy, heard) = (self.clone(), Arc::clone(&said));
        std::thread::spawn(move || proxy.to_server(from, to, cue, &heard));
        std::thread::spawn(move || self.to_client(server, client, cue, &said));
    }

    fn to_server(&self, mut from: TcpStream, mut to: TcpStream, cue: Cue, said: &Mutex<bool>) {
        let mut octets = [0; 4_096];
        let mut tail = String::new();
        while let Ok(read @ 1..) = from.read(&mut octets) {
            let new = &octets[..read];
            if let Some(word) = cue.word().filter(|_| !*said.lock().unwrap()) {
                tail.push_str(&String::from_utf8_lossy(new));
                if tail.contains(word) {
                    *said.lock().unwrap() = true;
                    self.fire();
                    if matches!(cue, Cue::CutBefore(_)) {
                        break;
                    }
                }
                let kept = tail.len().saturating_sub(word.len());
                tail = tail.get(kept..).unwrap_or_default().to_owned();
            }
            if to.write_all(new).is_err() {
                break;
            }
        }
        end(&from, &to);
    }

    fn to_client(&self, mut from: TcpStream, mut to: TcpStream, cue: Cue, said: &Mutex<bool>) {
        let mut octets = [0; 4_096];
        let mut budget = match cue {
            Cue::CutWithin(_, octets) => octets,
            _ => 0,
        };
        while let Ok(read @ 1..) = from.read(&mut octets) {
            let mut new = &octets[..read];
            if *said.lock().unwrap() {
                match cue {
                    Cue::CutAfter(_) | Cue::CutWithin(..) => {
                        new = &new[..read.min(budget)];
                        budget -= new.len();
                    }
                    Cue::Stall(_) => {
                        let state = self.state.0.lock().unwrap();
                        drop(self.state.1.wait_while(state, |state| !state.released).unwrap());
                    }
                    Cue::Through | Cue::CutBefore(_) => {}
                }
            }
            if to.write_all(new).is_err() || new.len() < read {
                break;
            }
        }
        end(&from, &to);
    }
}

fn end(one: &TcpStream, other: &TcpStream) {
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}
