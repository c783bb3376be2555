//! A mailbox on a server that does what it is told, also the worst: a line that is cut at a word or
//! within a mail, a password refused, no answer at all. Lines are in memory, so a story about them runs
//! under virtual time. How real servers speak is in `tests/mail`.

use std::sync::{Arc, Mutex};

use simgate::io::account::Account;
use simgate::io::imap::{Dial, Dialling, Wire};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, split};
use tokio::sync::Notify;

/// What the server does to one connection.
#[derive(Clone, Debug, Default)]
pub struct Habit {
    /// No greeting, ever.
    pub silent: bool,
    /// No user is believed.
    pub refuses: bool,
    /// The server has no IDLE.
    pub polled: bool,
    /// The line ends where a command with this word would be answered.
    pub cut_at: Option<&'static str>,
    /// The line ends within a mail, after so many octets of it.
    pub cut_within: Option<usize>,
    /// The line ends after the first line of the answer to a command with this word.
    pub cut_between: Option<&'static str>,
    /// A command with this word is answered, and taken back at the end of the answer.
    pub takes_back: Option<&'static str>,
}

#[derive(Debug)]
struct Held {
    mails: Vec<(u32, Vec<u8>)>,
    next: u32,
    validity: u32,
    /// For the next connections, one each; then always the last.
    habits: Vec<Habit>,
    connections: u32,
    said: Vec<String>,
}

/// The server, and what lies in its mailbox.
#[derive(Clone, Debug)]
pub struct Server {
    held: Arc<Mutex<Held>>,
    news: Arc<Notify>,
}

impl Server {
    /// An empty mailbox; its connections go as told, the last word for all that follow.
    pub fn new(habits: Vec<Habit>) -> Server {
        let held = Held {
            mails: Vec::new(),
            next: 1,
            validity: 1,
            habits,
            connections: 0,
            said: Vec::new(),
        };
        Server { held: Arc::new(Mutex::new(held)), news: Arc::default() }
    }

    /// A mail arrives.
    pub fn arrives(&self, mail: &str) {
        let mut held = self.held.lock().unwrap();
        let uid = held.next;
        held.next += 1;
        held.mails.push((uid, mail.as_bytes().to_vec()));
        self.news.notify_waiters();
    }

    /// The server numbers its mails anew, the newest first, as after a loss of its index.
    pub fn numbers_anew(&self) {
        let mut held = self.held.lock().unwrap();
        held.validity += 1;
        held.mails.reverse();
        for (at, (uid, _)) in (1_u32..).zip(&mut held.mails) {
            *uid = at;
        }
    }

    /// How often somebody has connected.
    pub fn connections(&self) -> u32 {
        self.held.lock().unwrap().connections
    }

    /// How often a command with this word was given.
    pub fn heard(&self, word: &str) -> usize {
        self.held.lock().unwrap().said.iter().filter(|said| said.contains(word)).count()
    }
}

impl Dial for Server {
    fn dial<'a>(&'a self, _: &'a Account) -> Dialling<'a> {
        let (near, far) = tokio::io::duplex(64 * 1_024);
        let habit = {
            let mut held = self.held.lock().unwrap();
            held.connections += 1;
            match held.habits.len() {
                0 => Habit::default(),
                1 => held.habits[0].clone(),
                _ => held.habits.remove(0),
            }
        };
        tokio::spawn(serve(self.clone(), far, habit));
        let near: Box<dyn Wire> = Box::new(near);
        Box::pin(std::future::ready(Ok(near)))
    }
}

/// One connection, until either side ends it.
async fn serve(server: Server, line: DuplexStream, habit: Habit) -> std::io::Result<()> {
    let (read, mut out) = split(line);
    let mut lines = BufReader::new(read).lines();
    if habit.silent {
        std::future::pending::<()>().await;
    }
    out.write_all(b"* OK ready\r\n").await?;
    // Which mail comes next, as far as the client can know.
    let mut told = 0;
    while let Some(line) = lines.next_line().await? {
        server.held.lock().unwrap().said.push(line.clone());
        if habit.cut_at.is_some_and(|word| line.contains(word)) {
            return Ok(());
        }
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        // Created before anything is said: news between the two is not lost.
        let rung = server.news.notified();
        let mut answer = server.answer(command, &habit);
        if let Some(most) = habit.cut_within.filter(|_| command.contains("BODY.PEEK")) {
            answer.truncate(most);
            out.write_all(&answer).await?;
            return Ok(());
        }
        let said = |word: Option<&str>| word.is_some_and(|word| line.contains(word));
        if said(habit.cut_between) {
            let end = answer.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
            answer.truncate(end);
            out.write_all(&answer).await?;
            return Ok(());
        }
        if said(habit.takes_back) {
            answer.clear();
        }
        out.write_all(&answer).await?;
        let next = server.held.lock().unwrap().next;
        if command.contains(":*") || command.contains("SEARCH") {
            told = next;
        }
        if command == "IDLE" {
            let news = async {
                if next == told {
                    rung.await;
                }
            };
            let done = tokio::select! {
                () = news => {
                    out.write_all(b"* 1 EXISTS\r\n").await?;
                    lines.next_line().await?
                }
                done = lines.next_line() => done?,
            };
            if done.is_none() || habit.cut_at == Some("DONE") {
                return Ok(());
            }
        }
        let verdict = match () {
            () if command.starts_with("LOGIN") && habit.refuses => {
                "NO [AUTHENTICATIONFAILED] not you"
            }
            () if said(habit.takes_back) => "NO [UNAVAILABLE] not now",
            () => "OK done",
        };
        out.write_all(format!("{tag} {verdict}\r\n").as_bytes()).await?;
    }
    Ok(())
}

impl Server {
    /// The lines before the verdict.
    fn answer(&self, command: &str, habit: &Habit) -> Vec<u8> {
        let held = self.held.lock().unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        let mut said = String::new();
        match words.as_slice() {
            ["CAPABILITY"] => {
                let idle = if habit.polled { "" } else { " IDLE" };
                said = format!("* CAPABILITY IMAP4rev1{idle}\r\n");
            }
            ["SELECT", ..] => {
                said = format!(
                    "* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {}] x\r\n",
                    held.mails.len(),
                    held.validity,
                    held.next
                );
            }
            ["UID", "SEARCH", ..] => {
                let uids: Vec<String> = held.mails.iter().map(|(uid, _)| uid.to_string()).collect();
                said = format!("* SEARCH {}\r\n", uids.join(" "));
            }
            ["UID", "FETCH", set, query @ ..] => {
                let whole = query.join(" ").contains("BODY.PEEK[]");
                let mut octets = Vec::new();
                for (at, (uid, mail)) in (1..).zip(&held.mails) {
                    if !within(set, *uid, held.mails.iter().map(|(uid, _)| *uid).max()) {
                        continue;
                    }
                    let size = mail.len();
                    if whole {
                        let head = format!("* {at} FETCH (UID {uid} BODY[] {{{size}}}\r\n");
                        octets.extend(head.bytes());
                        octets.extend(mail);
                        octets.extend(b")\r\n");
                    } else {
                        let row = format!("* {at} FETCH (UID {uid} RFC822.SIZE {size})\r\n");
                        octets.extend(row.bytes());
                    }
                }
                return octets;
            }
            ["IDLE"] => said = "+ idling\r\n".to_owned(),
            _ => {}
        }
        said.into_bytes()
    }
}

/// Whether a UID is in a set such as `4:*` or `1,2,7`; `*` is the newest, whatever stands before it.
fn within(set: &str, uid: u32, newest: Option<u32>) -> bool {
    set.split(',').any(|part| match part.split_once(':') {
        Some((from, "*")) => from.parse().is_ok_and(|from: u32| uid >= from) || newest == Some(uid),
        _ => part.parse() == Ok(uid),
    })
}
