//! Asks a PAM service whether a password is right: the application's side of libpam, in the one file of this crate that
//! holds unsafe code.
//!
//! libpam is opened when first needed, so that a provider with passwords of its own neither links to it nor pays for it.
//! The service must check a password and nothing else: a second factor in it would ask a question that nobody can answer,
//! and every question but the password is refused.
#![expect(
    unsafe_code,
    reason = "libpam is a C library; every call is explained where it is made"
)]

use libc::{RTLD_LOCAL, RTLD_NOW, c_char, c_int, c_void};
use samekey_shared::secrets::SecretText;
use std::ffi::{CStr, CString};
use std::ptr;

const SUCCESS: c_int = 0;
const BUFFER_ERROR: c_int = 5;
const CONVERSATION_ERROR: c_int = 19;
/// `PAM_SILENT`
const SILENT: c_int = 0x8000;
/// `PAM_RHOST`
const RHOST: c_int = 4;
/// `PAM_TTY`
const TTY: c_int = 3;
const PROMPT_ECHO_OFF: c_int = 1;
const ERROR_MESSAGE: c_int = 3;
const TEXT_INFO: c_int = 4;
/// `PAM_MAX_NUM_MSG`
const MOST_MESSAGES: usize = 32;

/// Why PAM was not asked or gave no verdict on the password.
#[derive(Debug, thiserror::Error)]
pub(super) enum SystemError {
    /// The library or one of its functions is not there.
    #[error("libpam cannot be opened; install libpam0g, or set passwords = \"store\"")]
    Library,
    /// A name or password with a NUL inside.
    #[error("a value holds a NUL")]
    Nul,
    /// PAM itself failed.
    #[error("pam_start or pam_set_item failed with code {0}; is the service's file in /etc/pam.d?")]
    Start(c_int),
}

/// `struct pam_message`
#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

/// `struct pam_response`
#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

/// `struct pam_conv`
#[repr(C)]
struct Conversation {
    call: extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int,
    data: *mut c_void,
}

type Handle = *mut c_void;
type Start =
    unsafe extern "C" fn(*const c_char, *const c_char, *const Conversation, *const c_char, *mut Handle) -> c_int;
type SetItem = unsafe extern "C" fn(Handle, c_int, *const c_void) -> c_int;
type WithFlags = unsafe extern "C" fn(Handle, c_int) -> c_int;

struct Library {
    start: Start,
    set_item: SetItem,
    authenticate: WithFlags,
    acct_mgmt: WithFlags,
    end: WithFlags,
}

impl Library {
    fn open() -> Result<Self, SystemError> {
        // SAFETY: a constant name; the library's initialisers are glibc's and libpam's own. It is never closed, since
        // modules may leave threads or handlers behind.
        let library = unsafe { libc::dlopen(c"libpam.so.0".as_ptr(), RTLD_NOW | RTLD_LOCAL) };
        if library.is_null() {
            return Err(SystemError::Library);
        }
        let function = |name: &CStr| {
            // SAFETY: `library` is a live handle and the name ends in NUL.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            if found.is_null() {
                Err(SystemError::Library)
            } else {
                Ok(found)
            }
        };
        // SAFETY: each symbol has the C signature that libpam's ABI (libpam.so.0) gives it
        // (pam_start_confdir since 1.4).
        unsafe {
            Ok(Self {
                start: std::mem::transmute::<*mut c_void, Start>(function(c"pam_start_confdir")?),
                set_item: std::mem::transmute::<*mut c_void, SetItem>(function(c"pam_set_item")?),
                authenticate: std::mem::transmute::<*mut c_void, WithFlags>(function(c"pam_authenticate")?),
                acct_mgmt: std::mem::transmute::<*mut c_void, WithFlags>(function(c"pam_acct_mgmt")?),
                end: std::mem::transmute::<*mut c_void, WithFlags>(function(c"pam_end")?),
            })
        }
    }
}

/// Answers password prompts with the password in `data`, shows nothing, and fails on any other question.
extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let Some(count) = usize::try_from(count)
        .ok()
        .filter(|count| (1..=MOST_MESSAGES).contains(count))
    else {
        return CONVERSATION_ERROR;
    };
    if messages.is_null() || responses.is_null() || data.is_null() {
        return CONVERSATION_ERROR;
    }
    // SAFETY: calloc of a small, checked number; PAM frees it and each text in it with free().
    let answers: *mut Response = unsafe { libc::calloc(count, size_of::<Response>()) }.cast();
    if answers.is_null() {
        return BUFFER_ERROR;
    }
    for index in 0..count {
        // SAFETY: Linux-PAM passes an array of `count` pointers to messages that live during this call.
        let style = unsafe { messages.add(index).read().as_ref() }.map(|message| message.style);
        let done = match style {
            Some(PROMPT_ECHO_OFF) => {
                // SAFETY: `data` is the NUL-terminated password that `check` keeps alive; `index < count` answers exist.
                let copy = unsafe { libc::strdup(data.cast::<c_char>()) };
                // SAFETY: as above; the slot was zeroed by calloc.
                unsafe { (*answers.add(index)).text = copy };
                !copy.is_null()
            }
            Some(TEXT_INFO | ERROR_MESSAGE) => true,
            _ => false,
        };
        if !done {
            discard(answers, count);
            return CONVERSATION_ERROR;
        }
    }
    // SAFETY: checked for NULL above; PAM owns the array from here on.
    unsafe { *responses = answers };
    SUCCESS
}

/// Wipes and frees answers that PAM will not take.
fn discard(answers: *mut Response, count: usize) {
    for index in 0..count {
        // SAFETY: `answers` has `count` elements, each NULL or a string of strdup; wiped up to its NUL, then freed.
        unsafe {
            let text = (*answers.add(index)).text;
            if !text.is_null() {
                libc::explicit_bzero(text.cast(), libc::strlen(text));
                libc::free(text.cast());
            }
        }
    }
    // SAFETY: comes from calloc and is used by nobody any more.
    unsafe { libc::free(answers.cast()) };
}

/// Whether the service takes this password, and the account is neither expired nor locked.
pub(super) fn check(
    service: &str,
    user: &str,
    password: &SecretText,
    rhost: Option<&str>,
) -> Result<bool, SystemError> {
    check_in(None, service, user, password, rhost)
}

/// The same with the services of another folder than `/etc/pam.d`, for tests.
fn check_in(
    folder: Option<&CStr>,
    service: &str,
    user: &str,
    password: &SecretText,
    rhost: Option<&str>,
) -> Result<bool, SystemError> {
    let library = Library::open()?;
    let nul = |_| SystemError::Nul;
    let service = CString::new(service).map_err(nul)?;
    let user = CString::new(user).map_err(nul)?;
    let rhost = CString::new(rhost.unwrap_or_default()).map_err(nul)?;
    let mut password = CString::new(password.expose().as_str())
        .map_err(nul)?
        .into_bytes_with_nul();
    let conversation = Conversation {
        call: converse,
        data: password.as_mut_ptr().cast(),
    };
    let mut handle: Handle = ptr::null_mut();
    let folder = folder.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: the strings and the conversation live until after pam_end below; no folder means the system's own.
    let started = unsafe {
        (library.start)(
            service.as_ptr(),
            user.as_ptr(),
            &raw const conversation,
            folder,
            &raw mut handle,
        )
    };
    if started != SUCCESS || handle.is_null() {
        zeroize::Zeroize::zeroize(&mut password);
        return Err(SystemError::Start(started));
    }
    // SAFETY: a live handle, item types and NUL-terminated strings as pam_set_item(3) wants them; PAM copies them.
    let (code, last) = unsafe {
        let mut code = (library.set_item)(handle, RHOST, rhost.as_ptr().cast());
        if code == SUCCESS {
            code = (library.set_item)(handle, TTY, c"samekey-provider".as_ptr().cast());
        }
        if code == SUCCESS {
            let verdict = (library.authenticate)(handle, SILENT);
            let verdict = if verdict == SUCCESS {
                (library.acct_mgmt)(handle, SILENT)
            } else {
                verdict
            };
            (Ok(verdict == SUCCESS), verdict)
        } else {
            (Err(SystemError::Start(code)), code)
        }
    };
    // SAFETY: the handle is live and not used again.
    unsafe { (library.end)(handle, last) };
    zeroize::Zeroize::zeroize(&mut password);
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    /// A service that hands the password to a script, which knows one user and one password.
    fn services() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("known");
        let text = "#!/bin/sh\nIFS= read -r typed || true\n[ \"$PAM_USER\" = ann ] && [ \"$typed\" = 'right horse' ] && [ \"$PAM_RHOST\" = 192.0.2.7 ]\n";
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let stack = format!(
            "auth required pam_exec.so quiet expose_authtok {}\naccount required pam_permit.so\n",
            script.display()
        );
        std::fs::write(folder.path().join("good"), &stack).unwrap();
        std::fs::write(folder.path().join("expired"), stack.replace("pam_permit", "pam_deny")).unwrap();
        folder
    }

    fn ask(folder: &tempfile::TempDir, service: &str, user: &str, password: &str) -> Result<bool, SystemError> {
        let path = CString::new(folder.path().as_os_str().as_bytes()).unwrap();
        check_in(Some(&path), service, user, &password.into(), Some("192.0.2.7"))
    }

    #[test]
    fn libpam_judges_the_password_and_the_account() {
        let folder = services();
        assert!(ask(&folder, "good", "ann", "right horse").unwrap());
        for (user, password) in [
            ("ann", "wrong"),
            ("bob", "right horse"),
            ("ann", ""),
            ("ann", "right horse "),
        ] {
            assert!(!ask(&folder, "good", user, password).unwrap(), "{user} {password}");
        }
        assert!(!ask(&folder, "expired", "ann", "right horse").unwrap());
    }

    #[test]
    fn what_cannot_be_asked_is_never_right() {
        let folder = services();
        assert!(!ask(&folder, "absent", "ann", "right horse").unwrap_or(false));
        assert!(matches!(ask(&folder, "good", "a\0nn", "x"), Err(SystemError::Nul)));
        assert!(matches!(ask(&folder, "good", "ann", "x\0"), Err(SystemError::Nul)));
    }
}
