//! `/dev/hidrawN` as a FUSE file: read, write, poll and the hidraw requests, as Linux's own driver answers them.

use crate::Frame;
use crate::garble::Garble;
use crate::hand::{Hand, Port};
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, IoctlFlags, LockOwner,
    OpenFlags, PollEvents, PollFlags, PollNotifier, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyIoctl,
    ReplyOpen, ReplyPoll, ReplyWrite, Request, WriteFlags,
};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// The name of the one file in the mounted folder.
pub const FILE: &str = "hidraw";
/// Its inode number; the folder's is 1.
const INODE: u64 = 2;
/// How long the kernel may believe what it was told of the file.
const BELIEVE: Duration = Duration::from_secs(1);
/// Bus USB, and the identity that all software keys share: pid.codes' number for tests.
pub const VENDOR: u16 = 0x1209;
/// See [`VENDOR`].
pub const PRODUCT: u16 = 0xf1d0;
/// The report descriptor of a FIDO device: usage page 0xF1D0, 64 bytes in and out, no report numbers (CTAP 2.1, 11.2.8.1).
pub const DESCRIPTOR: &[u8] = &[
    0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81,
    0x02, 0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0,
];

/// One open file.
#[derive(Default)]
struct Opened {
    inbox: VecDeque<Frame>,
    reader: Option<Reader>,
    poll: Option<PollNotifier>,
    gone: bool,
}

/// Somebody who waits in `read`.
struct Reader {
    thread: u32,
    reply: ReplyData,
}

/// The open files of a key.
#[derive(Default)]
pub struct Wire {
    opened: Mutex<BTreeMap<u64, Opened>>,
    mute: AtomicBool,
    garble: Mutex<Option<Garble>>,
}

impl Wire {
    fn opened(&self) -> MutexGuard<'_, BTreeMap<u64, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether frames get lost from now on.
    pub fn mute(&self, mute: bool) {
        self.mute.store(mute, Ordering::SeqCst);
    }

    /// What goes wrong with frames from now on.
    pub fn garble(&self, garble: Option<Garble>) {
        *self.garble.lock().unwrap_or_else(PoisonError::into_inner) = garble;
    }

    /// Hands a frame to everybody who has the file open, as the driver does.
    pub fn deliver(&self, mut frame: Frame) {
        if self.mute.load(Ordering::SeqCst) {
            return;
        }
        if let Some(garble) = self.garble.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            garble.spoil(&mut frame);
        }
        for file in self.opened().values_mut().filter(|file| !file.gone) {
            match file.reader.take() {
                Some(reader) => reader.reply.data(&frame),
                None => file.inbox.push_back(frame),
            }
            file.wake();
        }
    }

    /// Whoever holds the file gets errors from now on, even when the key is put in again.
    pub fn hang_up(&self) {
        for file in self.opened().values_mut() {
            file.gone = true;
            if let Some(reader) = file.reader.take() {
                reader.reply.error(Errno::EIO);
            }
            file.wake();
        }
    }

    /// Lets go of readers that were killed: the kernel waits for our answer before it lets them die.
    pub fn release_the_dead(&self) {
        for file in self.opened().values_mut() {
            if let Some(reader) = file.reader.take_if(|reader| is_killed(reader.thread)) {
                reader.reply.error(Errno::EINTR);
            }
        }
    }
}

impl Opened {
    fn wake(&mut self) {
        if let Some(poll) = self.poll.take() {
            // Whoever polled is gone: nothing to tell.
            let _ = poll.notify();
        }
    }
}

/// Whether a thread has a SIGKILL waiting, or is no more.
fn is_killed(thread: u32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{thread}/status")) else {
        return true;
    };
    status
        .lines()
        .filter_map(|line| line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:")))
        .filter_map(|set| u64::from_str_radix(set.trim(), 16).ok())
        .any(|set| set & (1 << (libc::SIGKILL - 1)) != 0)
}

/// The folder with the one file.
pub struct Folder {
    wire: Arc<Wire>,
    hand: Arc<Hand>,
    number: u32,
    group: Option<u32>,
    next: Mutex<u64>,
}

impl Folder {
    /// The file of the key with this number; for its group alone, or for everybody.
    pub fn new(wire: Arc<Wire>, hand: Arc<Hand>, number: u32, group: Option<u32>) -> Self {
        Self {
            wire,
            hand,
            number,
            group,
            next: Mutex::new(0),
        }
    }

    /// Takes a report that was written.
    fn take(&self, handle: FileHandle, data: &[u8]) -> Result<(), Errno> {
        if self.wire.opened().get(&handle.0).is_none_or(|file| file.gone) {
            return Err(Errno::ENODEV);
        }
        // The report's number comes first, 0 for a device that has none.
        let report = if data.len() > 64 { &data[1..] } else { data };
        let mut frame = [0; 64];
        let length = report.len().min(frame.len());
        frame[..length].copy_from_slice(&report[..length]);
        self.hand.receive(frame);
        Ok(())
    }

    fn attributes(&self, inode: u64) -> FileAttr {
        let (kind, perm) = match (inode, self.group) {
            (1, _) => (FileType::Directory, 0o755),
            (_, Some(_)) => (FileType::RegularFile, 0o660),
            (_, None) => (FileType::RegularFile, 0o666),
        };
        FileAttr {
            ino: INodeNo(inode),
            size: 0,
            blocks: 0,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: self.group.unwrap_or(0),
            rdev: 0,
            blksize: 64,
            flags: 0,
        }
    }
}

impl Filesystem for Folder {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if parent == INodeNo::ROOT && name == FILE {
            reply.entry(&BELIEVE, &self.attributes(INODE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&BELIEVE, &self.attributes(inode.0));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        if self.hand.state(|state| state.port) == Port::Empty {
            return reply.error(Errno::ENODEV);
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        self.wire.opened().insert(*next, Opened::default());
        reply.opened(
            FileHandle(*next),
            FopenFlags::FOPEN_DIRECT_IO | FopenFlags::FOPEN_NONSEEKABLE,
        );
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.wire.opened().remove(&handle.0);
        reply.ok();
    }

    fn read(
        &self,
        request: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: u64,
        size: u32,
        flags: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut opened = self.wire.opened();
        let Some(file) = opened.get_mut(&handle.0) else {
            return reply.error(Errno::EBADF);
        };
        let most = usize::try_from(size).unwrap_or(usize::MAX);
        if let Some(frame) = file.inbox.pop_front() {
            reply.data(&frame[..most.min(frame.len())]);
        } else if file.gone {
            reply.error(Errno::EIO);
        } else if flags.0 & libc::O_NONBLOCK != 0 {
            reply.error(Errno::EAGAIN);
        } else {
            file.reader = Some(Reader {
                thread: request.pid(),
                reply,
            });
        }
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.take(handle, data) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(error) => reply.error(error),
        }
    }

    fn poll(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        notifier: PollNotifier,
        _: PollEvents,
        _: PollFlags,
        reply: ReplyPoll,
    ) {
        let mut opened = self.wire.opened();
        let Some(file) = opened.get_mut(&handle.0) else {
            return reply.error(Errno::EBADF);
        };
        let mut events = PollEvents::empty();
        if file.gone {
            events |= PollEvents::POLLERR | PollEvents::POLLHUP;
        } else {
            events |= PollEvents::POLLOUT | PollEvents::POLLWRNORM;
        }
        if !file.inbox.is_empty() {
            events |= PollEvents::POLLIN | PollEvents::POLLRDNORM;
        } else if !file.gone {
            file.poll = Some(notifier);
        }
        reply.poll(events);
    }

    /// The requests of linux/hidraw.h that libraries make, and one of `preload/`; the kernel sees to the sizes.
    fn ioctl(
        &self,
        _: &Request,
        _: INodeNo,
        handle: FileHandle,
        _: IoctlFlags,
        command: u32,
        data: &[u8],
        size: u32,
        reply: ReplyIoctl,
    ) {
        let length = u32::try_from(DESCRIPTOR.len()).unwrap_or(0).to_ne_bytes();
        let identity = [&3u32.to_ne_bytes()[..], &VENDOR.to_ne_bytes(), &PRODUCT.to_ne_bytes()].concat();
        let (mut answer, is_text) = match ((command >> 8) & 0xff, command & 0xff) {
            (0x48, 1) => (length.to_vec(), false),
            (0x48, 2) => ([&length[..], DESCRIPTOR].concat(), false),
            (0x48, 3) => (identity, false),
            (0x48, 4) => (b"Samekey soft key\0".to_vec(), true),
            (0x48, 5) => (format!("soft-key-{}/input0\0", self.number).into_bytes(), true),
            (0x48, 8) => (format!("{}\0", self.number).into_bytes(), true),
            (0x48, 0x7f) => {
                return match self.take(handle, data) {
                    Ok(()) => reply.ioctl(0, &[]),
                    Err(error) => reply.error(error),
                };
            }
            _ => return reply.error(Errno::EINVAL),
        };
        answer.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let result = if is_text { answer.len() } else { 0 };
        reply.ioctl(i32::try_from(result).unwrap_or(0), &answer);
    }
}
