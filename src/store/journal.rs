//! A second copy of what cannot be had again: every PDU the network gave us and every submit, in
//! files beside the database that are only ever appended to.
//!
//! Records go in before the commit that needs them. That of a text that came is synced beside it: nobody
//! hears of the text before both are on the disk. That of a submit is synced within [`LATER`], with what
//! else came by then. [`read`] gives them back after the database is gone. A record is its length, its
//! CRC-32C and its octets, so that a torn or damaged place is seen and costs that place only.
//! Deliberately absent: what a PDU says.
//!
//! Files go after [`KEPT`], but no single look at a clock may say so: a machine without a battery
//! comes up in any year (fault 73). See [`outlived`].
//!
//! Begin with [`Record`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant};

use crate::types::{Millis, UnixTime};

/// The folder's name inside the data folder.
pub const FOLDER_NAME: &str = "journal";

/// What was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A TPDU that the network handed over: a text or a report.
    Received,
    /// A TPDU that is about to be handed to a modem.
    Submitting,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was noted.
    pub entry: Entry,
    /// When.
    pub at: UnixTime,
    /// The card of the line, if it told.
    pub iccid: Option<String>,
    /// The subscription.
    pub imsi: Option<String>,
    /// The octets, without the service centre's address.
    pub tpdu: Vec<u8>,
}

/// The journal as it lies there.
#[derive(Debug, Default)]
pub struct Contents {
    /// Every sound record, oldest first.
    pub records: Vec<Record>,
    /// Places that could not be read: file and offset. A torn end is not among them.
    pub damaged: Vec<(PathBuf, usize)>,
    /// Files that end in the middle of a record, as a power cut leaves them.
    pub torn: Vec<PathBuf>,
}

/// The open journal.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    /// The file being written to.
    file: Option<Current>,
    /// The last one.
    sync_took: Duration,
    later: Arc<Later>,
}

/// A sync that takes longer is worth a thread beside the commit; on a fast disk, waking one takes
/// longer than the sync.
const SLOW: Duration = Duration::from_millis(2);

/// A sync that has begun.
#[derive(Debug)]
pub(super) enum Syncing {
    /// It will be done where its end is waited for.
    Here(Arc<File>),
    Beside(JoinHandle<Synced>),
}

/// What became of a sync, and how long it took.
type Synced = (io::Result<()>, Duration);

fn sync(file: &File) -> Synced {
    let began = Instant::now();
    (file.sync_data(), began.elapsed())
}

/// After so long the record of a submit is on the disk: one flush of a card for all submits of that
/// time. A power cut that takes it takes nothing but a second copy.
const LATER: Duration = Duration::from_millis(100);

/// The sync nobody waits for.
#[derive(Debug, Default)]
struct Later {
    /// What it is for. None when everything is synced or being synced.
    file: Mutex<Option<Arc<File>>>,
    failed: AtomicBool,
}

impl Later {
    /// Sees to it that what was written to `file` is synced.
    fn put(self: &Arc<Self>, file: &Arc<File>) {
        match self.set(Some(file.clone())) {
            Some(before) if !Arc::ptr_eq(&before, file) => self.sync(&before),
            Some(_) => {}
            None => {
                let later = self.clone();
                Handle::current().spawn(async move {
                    tokio::time::sleep(LATER).await;
                    drop(tokio::task::spawn_blocking(move || later.sync_now()));
                });
            }
        }
    }

    fn set(&self, file: Option<Arc<File>>) -> Option<Arc<File>> {
        std::mem::replace(&mut *self.file.lock().unwrap_or_else(PoisonError::into_inner), file)
    }

    fn sync_now(&self) {
        if let Some(file) = self.set(None) {
            self.sync(&file);
        }
    }

    fn sync(&self, file: &File) {
        if let (Err(error), _) = sync(file) {
            not_journalled(&error);
            self.failed.store(true, Ordering::Release);
        }
    }
}

/// It must not stop reception: the database is the truth.
pub(super) fn not_journalled(error: &io::Error) {
    tracing::error!("the journal beside the database cannot be written: {error}");
}

/// The file being written to.
#[derive(Debug)]
struct Current {
    file: Arc<File>,
    /// Where the records end.
    length: u64,
    /// Where the file ends: zeros are laid out before the records, so that the sync of a record
    /// finds nothing changed but its own octets. A file that grows costs a card twice the writes.
    laid_out: u64,
    /// When its first record was noted.
    began: UnixTime,
}

/// A file is ended at this length.
const LONGEST_FILE: u64 = 4 * 1024 * 1024;
/// And when it began so long ago.
const LONGEST_TIME: Millis = DAY;
/// So many zeros at a time: some hundred records.
const LAID_OUT: usize = 64 * 1024;
/// Kept so long.
const KEPT: Millis = Millis(30 * DAY.0);
/// The most that the time from one file to the next counts.
const LONGEST_STEP: Millis = Millis(7 * DAY.0);
/// A step this long is a clock that was set, and counts for nothing.
const JUMP: Millis = Millis(60 * DAY.0);
const DAY: Millis = Millis::from_secs(24 * 3_600);
/// What a file begins with, so that file(1) and we know it for ours.
const MAGIC: &[u8; 8] = b"simgate\x01";
/// No TPDU is near this; a length beyond it is damage.
const LONGEST_RECORD: usize = 4_096;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

impl Record {
    /// Length, checksum, octets.
    fn frame(&self, into: &mut Vec<u8>) {
        let mut body = vec![match self.entry {
            Entry::Received => 1,
            Entry::Submitting => 2,
        }];
        body.extend(self.at.0.to_le_bytes());
        for word in [&self.iccid, &self.imsi] {
            let word = word.as_deref().unwrap_or_default().as_bytes();
            let length = word.len().min(255);
            body.push(u8::try_from(length).unwrap_or(u8::MAX));
            body.extend(&word[..length]);
        }
        body.extend(&self.tpdu);
        into.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        into.extend(CRC.checksum(&body).to_le_bytes());
        into.extend(body);
    }

    fn parse(body: &[u8]) -> Option<Record> {
        let (kind, rest) = body.split_first()?;
        let entry = match kind {
            1 => Entry::Received,
            2 => Entry::Submitting,
            _ => return None,
        };
        let (at, mut rest) = rest.split_first_chunk::<8>()?;
        let mut word = || {
            let (length, after) = rest.split_first()?;
            let (word, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            String::from_utf8(word.to_vec()).ok()
        };
        let (iccid, imsi) = (word()?, word()?);
        let some = |word: String| Some(word).filter(|word| !word.is_empty());
        Some(Record {
            entry,
            at: UnixTime(i64::from_le_bytes(*at)),
            iccid: some(iccid),
            imsi: some(imsi),
            tpdu: rest.to_vec(),
        })
    }
}

impl Journal {
    /// The journal in `folder`, which need not exist yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, file: None, sync_took: Duration::ZERO, later: Arc::default() }
    }

    /// Appends. When a text that came is among the records, a sync has begun, whose end is for
    /// [`Journal::end`].
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<Option<Syncing>> {
        let Some(first) = records.first() else { return Ok(None) };
        let mut octets = Vec::new();
        records.iter().for_each(|record| record.frame(&mut octets));
        if self.later.failed.swap(false, Ordering::AcqRel) {
            // Less than was written may lie at the end of the file.
            self.file = None;
        }
        if self.file.as_ref().is_none_or(|current| current.is_full(first.at)) {
            self.file = Some(self.next_file(first.at)?);
        }
        let Some(current) = &mut self.file else { return Ok(None) };
        let file = current.file.clone();
        if let Err(error) = current.append(&octets) {
            self.file = None;
            return Err(error);
        }
        if records.iter().all(|record| record.entry == Entry::Submitting) {
            self.later.put(&file);
            return Ok(None);
        }
        Ok(Some(match self.sync_took < SLOW {
            true => Syncing::Here(file),
            false => Syncing::Beside(tokio::task::spawn_blocking(move || sync(&file))),
        }))
    }

    /// Waits until what was appended is on the disk, on a blocking thread.
    pub(super) fn end(&mut self, syncing: Syncing) -> io::Result<()> {
        let (synced, took) = match syncing {
            Syncing::Here(file) => sync(&file),
            Syncing::Beside(task) => {
                let ended = Handle::current().block_on(task);
                ended.unwrap_or_else(|error| (Err(io::Error::other(error)), self.sync_took))
            }
        };
        self.sync_took = took;
        if synced.is_err() {
            // Less than was written may lie at the end of the file: the next record goes into another.
            self.file = None;
        }
        synced
    }

    /// Syncs what was to be synced later.
    pub(super) fn close(&self) {
        self.later.sync_now();
    }

    /// A fresh file; what is older than the time kept goes. Names only count: they begin with the
    /// first record's time, and go on from there whatever the clock says.
    fn next_file(&self, at: UnixTime) -> io::Result<Current> {
        fs::create_dir_all(&self.folder)?;
        let files = files(&self.folder)?;
        let began: Vec<_> = files.iter().map(|(_, path)| began(path)).collect();
        for (_, path) in files.iter().take(outlived(&began, at)) {
            fs::remove_file(path)?;
        }
        let number = files.last().map_or(at.0, |(last, _)| at.0.max(last + 1));
        let path = self.folder.join(format!("{number:020}.log"));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut current = Current { file: Arc::new(file), length: 0, laid_out: 0, began: at };
        current.append(MAGIC)?;
        // The name itself must survive a power cut.
        File::open(&self.folder)?.sync_all()?;
        Ok(current)
    }

    /// Takes out every record of these TPDUs: their owner wants to be forgotten.
    pub(super) fn forget(&mut self, tpdus: &[Vec<u8>]) -> io::Result<()> {
        self.file = None;
        for (_, path) in files(&self.folder).unwrap_or_default() {
            let mut contents = Contents::default();
            contents.take(&path, &fs::read(&path)?);
            if !contents.records.iter().any(|record| tpdus.contains(&record.tpdu)) {
                continue;
            }
            let mut octets = MAGIC.to_vec();
            let kept = contents.records.iter().filter(|record| !tpdus.contains(&record.tpdu));
            kept.for_each(|record| record.frame(&mut octets));
            let fresh = path.with_extension("new");
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            file.write_all(&octets)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl Current {
    /// Writes octets at the end of the records.
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let end = self.length + octets.len() as u64;
        if end > self.laid_out {
            // Where there is no room for zeros there may be room for the record.
            let fresh = self.laid_out.max(end);
            if self.file.write_all_at(&[0; LAID_OUT], fresh).is_ok() {
                self.laid_out = fresh + LAID_OUT as u64;
            }
        }
        self.file.write_all_at(octets, self.length)?;
        self.length = end;
        Ok(())
    }

    fn is_full(&self, at: UnixTime) -> bool {
        self.length >= LONGEST_FILE || at.since(self.began) >= LONGEST_TIME
    }
}

/// How many of the oldest files have outlived their time, given when the first record of each was
/// noted, oldest first, and the time now.
///
/// A file ends where the next one begins. Its age is the time that was *seen* to pass since: from
/// file to file, at most [`LONGEST_STEP`] at a time, nothing backwards and nothing of a [`JUMP`]. So
/// a clock that begins in 1970 at every start and is set right minutes later forgets nothing, and a
/// journal from such a time still grows old once the clock is right. The last files always stay.
fn outlived(began: &[Option<UnixTime>], now: UnixTime) -> usize {
    let times = began.iter().copied().chain([Some(now)]).collect::<Vec<_>>();
    let mut age = Millis(0);
    // From the youngest to the oldest: what comes after a file is what it is old by.
    for (place, pair) in times.windows(2).enumerate().rev() {
        if age >= KEPT {
            return place + 1;
        }
        let step = match pair {
            [Some(before), Some(after)] if after.since(*before) < JUMP => {
                after.since(*before).min(LONGEST_STEP)
            }
            _ => Millis(0),
        };
        age = age + step;
    }
    0
}

/// When the first record of a file was noted; `None` where it cannot be read.
fn began(path: &Path) -> Option<UnixTime> {
    let mut octets = Vec::new();
    let longest = MAGIC.len() + 8 + LONGEST_RECORD;
    File::open(path).ok()?.take(longest as u64).read_to_end(&mut octets).ok()?;
    record_at(&octets, MAGIC.len()).map(|(record, _)| record.at)
}

/// Reads the journal of a data folder. None is an empty one.
pub fn read(data: &Path) -> io::Result<Contents> {
    let folder = data.join(FOLDER_NAME);
    let mut contents = Contents::default();
    if folder.is_dir() {
        for (_, path) in files(&folder)? {
            contents.take(&path, &fs::read(&path)?);
        }
    }
    Ok(contents)
}

/// The journal's files by their numbers, oldest first.
fn files(folder: &Path) -> io::Result<Vec<(i64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let log = path.extension().is_some_and(|extension| extension == "log");
        let began = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        files.extend(began.filter(|_| log).map(|began: i64| (began, path)));
    }
    files.sort();
    Ok(files)
}

impl Contents {
    /// One file. After a damaged place the next sound record is looked for, octet by octet.
    fn take(&mut self, path: &Path, octets: &[u8]) {
        let mut at = if octets.starts_with(MAGIC) { MAGIC.len() } else { 0 };
        let mut damaged = at == 0 && !octets.is_empty();
        if damaged {
            self.damaged.push((path.to_owned(), 0));
        }
        // Zeros at the end are room for records that did not come.
        let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        while at < end {
            match record_at(octets, at) {
                Some((record, end)) => {
                    self.records.push(record);
                    (at, damaged) = (end, false);
                }
                None => {
                    if !damaged {
                        self.damaged.push((path.to_owned(), at));
                    }
                    (at, damaged) = (at + 1, true);
                }
            }
        }
        // Damage up to the end is a record that was not finished.
        if damaged && self.damaged.last().is_some_and(|(last, at)| last == path && *at > 0) {
            self.damaged.pop();
            self.torn.push(path.to_owned());
        }
    }
}

fn record_at(octets: &[u8], at: usize) -> Option<(Record, usize)> {
    let (length, rest) = octets.get(at..)?.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let body = rest.get(..length).filter(|_| length <= LONGEST_RECORD)?;
    let sound = CRC.checksum(body) == u32::from_le_bytes(*sum);
    let record = if sound { Record::parse(body) } else { None };
    record.map(|record| (record, at + 8 + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = Record> {
        let word = prop::option::of("[0-9]{1,20}");
        let tpdu = prop::collection::vec(any::<u8>(), 0..180);
        (any::<bool>(), any::<i64>(), word.clone(), word, tpdu).prop_map(
            |(received, at, iccid, imsi, tpdu)| Record {
                entry: if received { Entry::Received } else { Entry::Submitting },
                at: UnixTime(at),
                iccid,
                imsi,
                tpdu,
            },
        )
    }

    fn file_of(records: &[Record]) -> Vec<u8> {
        let mut octets = MAGIC.to_vec();
        records.iter().for_each(|record| record.frame(&mut octets));
        octets
    }

    fn taken(octets: &[u8]) -> Contents {
        let mut contents = Contents::default();
        contents.take(Path::new("x.log"), octets);
        contents
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(records in prop::collection::vec(record(), 0..8)) {
            let read = taken(&file_of(&records));
            prop_assert_eq!(read.records, records);
            prop_assert!(read.damaged.is_empty() && read.torn.is_empty());
        }

        /// Fault 66: a power cut in the middle of a record costs that record only.
        #[test]
        fn a_torn_end_costs_one_record(
            records in prop::collection::vec(record(), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let octets = file_of(&records);
            let cut = MAGIC.len() + cut.index(octets.len() - MAGIC.len());
            let read = taken(&octets[..cut]);
            prop_assert!(records.starts_with(&read.records));
            prop_assert!(read.damaged.is_empty());
            prop_assert!(file_of(&records[..read.records.len()]).len() <= cut);
        }

        /// Fault 72: a damaged octet costs one record; those around it are read.
        #[test]
        fn a_damaged_octet_costs_one_record(
            records in prop::collection::vec(record(), 2..6),
            place in any::<prop::sample::Index>(),
            other in 1..=255_u8,
        ) {
            let mut octets = file_of(&records);
            let place = MAGIC.len() + place.index(octets.len() - MAGIC.len());
            octets[place] ^= other;
            let read = taken(&octets);
            prop_assert_eq!(read.records.len(), records.len() - 1);
            prop_assert!(read.records.iter().all(|record| records.contains(record)));
            prop_assert_eq!(read.damaged.len() + read.torn.len(), 1);
        }

        #[test]
        fn anything_can_be_read(octets in prop::collection::vec(any::<u8>(), 0..600)) {
            taken(&octets);
        }
    }

    #[test]
    fn room_that_is_laid_out_is_no_damage_and_one_write_fills_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::new(dir.path().join(FOLDER_NAME));
        let size = || {
            let files = files(&dir.path().join(FOLDER_NAME)).expect("files");
            fs::metadata(&files[0].1).expect("a file").len()
        };
        let mut sizes = std::collections::BTreeSet::new();
        // Longer than what is laid out at once, with octets that look like room.
        let count = 2 * LAID_OUT / 200;
        for n in 0..count {
            journal.append(&[note(1 + n as i64, &[0; 160])]).expect("written");
            sizes.insert(size());
        }
        assert!(sizes.len() < 5, "the file grows with every record: {sizes:?}");
        let contents = super::read(dir.path()).expect("readable");
        assert_eq!(contents.records.len(), count);
        assert!(contents.damaged.is_empty() && contents.torn.is_empty());
    }

    /// One sync for the submits of a moment, and no sync of a text that came waits for it.
    #[tokio::test(start_paused = true)]
    async fn submits_are_synced_together_a_moment_later() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::new(dir.path().join(FOLDER_NAME));
        let submit = |at| Record { entry: Entry::Submitting, ..note(at, b"s") };
        let waits = |journal: &Journal| journal.later.file.lock().expect("sound").is_some();
        for at in 0..3 {
            assert!(journal.append(&[submit(at)]).expect("written").is_none());
        }
        assert!(waits(&journal));
        let syncing = journal.append(&[submit(3), note(4, b"r")]).expect("written");
        journal.end(syncing.expect("begun")).expect("synced");
        tokio::time::sleep(LATER * 2).await;
        assert!(!waits(&journal), "it was synced when its time had come");
        journal.append(&[submit(5)]).expect("written");
        journal.close();
        assert!(!waits(&journal));
        assert_eq!(super::read(dir.path()).expect("readable").records.len(), 6);
    }

    /// Fault 66: a sync that failed later is no reason to trust the end of that file.
    #[tokio::test(start_paused = true)]
    async fn after_a_sync_that_failed_the_next_record_goes_into_another_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::new(dir.path().join(FOLDER_NAME));
        journal.append(&[note(1, b"a")]).expect("written");
        // No file that can be synced.
        let (_, pipe) = std::io::pipe().expect("a pipe");
        journal.later.put(&Arc::new(File::from(std::os::fd::OwnedFd::from(pipe))));
        tokio::time::sleep(LATER * 2).await;
        journal.append(&[note(2, b"b")]).expect("written");
        assert_eq!(files(&dir.path().join(FOLDER_NAME)).expect("files").len(), 2);
        assert_eq!(super::read(dir.path()).expect("readable").records.len(), 2);
    }

    fn note(at: i64, tpdu: &[u8]) -> Record {
        Record {
            entry: Entry::Received,
            at: UnixTime(at),
            iccid: Some("8944".to_owned()),
            imsi: None,
            tpdu: tpdu.to_vec(),
        }
    }

    #[test]
    fn a_journal_is_rotated_and_forgets_what_is_old_and_what_it_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::new(dir.path().join(FOLDER_NAME));
        let day = DAY.0.cast_signed();
        for at in [0, 3, 9, 16, 23, 30, 40] {
            journal.append(&[note(at * day, b"a"), note(at * day, b"b")]).expect("written");
        }
        let read = || super::read(dir.path()).expect("readable").records;
        let times = || read().iter().map(|record| record.at.0 / day).collect::<Vec<_>>();
        // 34 days were seen to pass since the first file ended, 28 since the second one did.
        assert_eq!(times(), [3, 3, 9, 9, 16, 16, 23, 23, 30, 30, 40, 40]);
        journal.append(&[note(41 * day, b"c")]).expect("written");
        assert_eq!(times()[0], 3, "it ended on day 9, which 29 days were seen to follow");
        journal.append(&[note(42 * day, b"c")]).expect("written");
        assert_eq!(times()[0], 9);
        journal.forget(&[b"a".to_vec()]).expect("rewritten");
        assert!(read().iter().all(|record| record.tpdu != b"a"));
        journal.append(&[note(42 * day, b"d")]).expect("written");
        assert_eq!(read().len(), 8);
    }

    /// Fault 73: a clock that jumps by years, and at a later start again, forgets nothing; when it
    /// is right again the journal still grows old.
    #[test]
    fn a_clock_that_jumps_far_ahead_forgets_no_record() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = Journal::new(dir.path().join(FOLDER_NAME));
        let day = DAY.0.cast_signed();
        let read = || super::read(dir.path()).expect("readable").records.len();
        let years = 55 * 365 * day;
        let hour = day / 24;
        // A machine without a battery, started once an hour: in 1970 until its clock is set.
        let starts = (0..40).flat_map(|start| [start, years + start * hour]);
        for (n, at) in starts.chain([0, day, years, years + day, 3 * day]).enumerate() {
            // Each start begins a file of its own.
            journal.file = None;
            journal.append(&[note(at + day, b"a")]).expect("written");
            assert_eq!(read(), n + 1);
        }
        for at in 6..60 {
            journal.append(&[note((at + 1) * day, b"b")]).expect("written");
        }
        assert_eq!(read(), 31, "thirty days and today");
    }
}
