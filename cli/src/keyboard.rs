//! The terminal's settings while something secret is typed: no echo, keys one by one; restored when dropped.
#![expect(unsafe_code, reason = "termios and the window size have no safe interface in std")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A terminal that neither echoes nor turns Ctrl-C into a signal, until this is dropped.
///
/// Ctrl-C arrives as a byte instead, so that the process cannot die between the change and its undoing.
pub struct Hushed<'a> {
    terminal: BorrowedFd<'a>,
    before: libc::termios,
}

impl<'a> Hushed<'a> {
    /// Hushes this terminal. What was typed ahead is thrown away.
    pub fn new(terminal: BorrowedFd<'a>) -> io::Result<Self> {
        let mut before = std::mem::MaybeUninit::<libc::termios>::uninit();
        // SAFETY: the descriptor is open for the borrow's life, and the pointer is to room for one termios.
        if unsafe { libc::tcgetattr(terminal.as_raw_fd(), before.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: tcgetattr answered 0, so it has filled the structure.
        let before = unsafe { before.assume_init() };
        let mut quiet = before;
        quiet.c_lflag &= !(libc::ECHO | libc::ECHONL | libc::ICANON | libc::ISIG | libc::IEXTEN);
        quiet.c_cc[libc::VMIN] = 1;
        quiet.c_cc[libc::VTIME] = 0;
        // SAFETY: the descriptor is open and `quiet` is a whole termios.
        if unsafe { libc::tcsetattr(terminal.as_raw_fd(), libc::TCSAFLUSH, &raw const quiet) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { terminal, before })
    }
}

impl Drop for Hushed<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `new`. A terminal that went away cannot be restored and needs not.
        unsafe { libc::tcsetattr(self.terminal.as_raw_fd(), libc::TCSADRAIN, &raw const self.before) };
    }
}

/// Columns and lines of this terminal; 80x24 when it does not tell.
pub fn size(terminal: BorrowedFd<'_>) -> (usize, usize) {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the descriptor is open and the pointer is to a whole winsize, which the call fills.
    let told = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) } == 0;
    if told && size.ws_col > 0 && size.ws_row > 0 {
        (usize::from(size.ws_col), usize::from(size.ws_row))
    } else {
        (80, 24)
    }
}
