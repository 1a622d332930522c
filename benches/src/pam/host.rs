//! The application's side of libpam, with a scripted person: what sshd or sudo is to a module.
//!
//! Services are read from a folder of the caller's (`pam_start_confdir`), so nothing of the machine's own PAM set-up
//! is touched, and no privilege is needed.
#![expect(unsafe_code, reason = "libpam is a C library; this file is its only caller")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;

/// What libpam answered: `PAM_SUCCESS` and its like, by number (`security/_pam_types.h`).
pub type Code = c_int;

/// `PAM_SUCCESS`.
pub const SUCCESS: Code = 0;

const CONVERSATION_FAILED: Code = 19;

/// How a message is meant (`pam_conv(3)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Asks, without showing what is typed.
    Hidden,
    /// Asks, showing what is typed.
    Shown,
    /// An error message.
    Error,
    /// A message.
    Info,
}

/// The person: gets each message, answers those that ask. `None` hangs up.
pub type Person<'p> = dyn FnMut(Style, &str) -> Option<String> + 'p;

/// One PAM transaction, ended when dropped.
pub struct Transaction<'p> {
    handle: *mut c_void,
    last: Code,
    // Boxed twice: libpam keeps a thin pointer to the inner box until the end.
    _person: Box<Box<Person<'p>>>,
}

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    unused: c_int,
}

#[repr(C)]
struct Conversation {
    call: extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
}

impl<'p> Transaction<'p> {
    /// Begins a login of `user` at `service`, which is a file of that name in `folder`.
    pub fn start(folder: &Path, service: &str, user: &str, person: Box<Person<'p>>) -> Result<Self, Code> {
        let (folder, service, user) = (c(&folder.to_string_lossy()), c(service), c(user));
        let mut person = Box::new(person);
        let conversation = Conversation {
            call: converse,
            data: std::ptr::from_mut(person.as_mut()).cast(),
        };
        let mut handle = std::ptr::null_mut();
        // SAFETY: the strings and `conversation` live through the call, which copies them; `person` lives in a box
        // as long as the handle does.
        let code = unsafe {
            pam_start_confdir(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                folder.as_ptr(),
                &raw mut handle,
            )
        };
        if code != SUCCESS {
            return Err(code);
        }
        Ok(Self {
            handle,
            last: SUCCESS,
            _person: person,
        })
    }

    /// `pam_authenticate`.
    pub fn authenticate(&mut self) -> Code {
        // SAFETY: the handle is one that libpam gave and has not ended.
        self.last = unsafe { pam_authenticate(self.handle, 0) };
        self.last
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is live and used by nobody afterwards.
        unsafe { pam_end(self.handle, self.last) };
    }
}

/// A text of the caller's own as C wants it; one with a zero in it becomes empty.
fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// What libpam calls for each message. Answers are freed by the module that asked.
extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    person: *mut c_void,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: libpam's contract: `person` is what `start` gave, `messages` are `count` pointers to messages, and
    // `responses` is where an array from malloc goes. calloc leaves it zeroed, which is valid for `Response`.
    unsafe {
        let person: &mut Box<Person<'_>> = &mut *person.cast();
        let answers: *mut Response = libc::calloc(count.max(1), size_of::<Response>()).cast();
        if answers.is_null() {
            return CONVERSATION_FAILED;
        }
        *responses = answers;
        for at in 0..count {
            let message = &**messages.add(at);
            let style = match message.style {
                1 => Style::Hidden,
                2 => Style::Shown,
                3 => Style::Error,
                _ => Style::Info,
            };
            let said = person(style, &CStr::from_ptr(message.text).to_string_lossy());
            match (style, said) {
                (Style::Hidden | Style::Shown, Some(text)) => {
                    (*answers.add(at)).text = libc::strdup(c(&text).as_ptr());
                }
                (Style::Hidden | Style::Shown, None) => return CONVERSATION_FAILED,
                _ => {}
            }
        }
    }
    SUCCESS
}
