//! An application of libpam's, played by the test: services in a folder of its own, a scripted person, the real module.
#![expect(unsafe_code, reason = "the application's side of libpam is a C interface")]

use std::collections::VecDeque;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};
use std::ptr;

/// `PAM_SUCCESS`.
pub const SUCCESS: i32 = 0;
/// `PAM_PERM_DENIED`.
pub const PERM_DENIED: i32 = 6;
/// `PAM_AUTH_ERR`.
pub const AUTH_ERR: i32 = 7;
/// `PAM_AUTHINFO_UNAVAIL`.
pub const AUTHINFO_UNAVAIL: i32 = 9;
/// `PAM_MAXTRIES`.
pub const MAXTRIES: i32 = 11;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

#[repr(C)]
struct Conversation {
    call: extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int,
    person: *mut c_void,
}

#[repr(C)]
struct Handle {
    _opaque: [u8; 0],
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        handle: *mut *mut Handle,
    ) -> c_int;
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut Handle,
    ) -> c_int;
    fn pam_end(handle: *mut Handle, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut Handle, item: c_int, value: *const c_void) -> c_int;
    fn pam_putenv(handle: *mut Handle, assignment: *const c_char) -> c_int;
    fn pam_getenvlist(handle: *mut Handle) -> *mut *mut c_char;
    fn pam_authenticate(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_chauthtok(handle: *mut Handle, flags: c_int) -> c_int;
}

/// Items that an application may set.
#[derive(Debug, Clone, Copy)]
pub enum Item {
    /// `PAM_USER`.
    User = 2,
    /// `PAM_TTY`.
    Tty = 3,
    /// `PAM_RHOST`.
    RHost = 4,
    /// `PAM_RUSER`.
    RUser = 8,
}

/// `PAM_FAIL_DELAY`: a function instead of libpam's sleep.
const FAIL_DELAY: c_int = 10;

/// The phases of PAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// `pam_authenticate`.
    Authenticate,
    /// `pam_acct_mgmt`.
    Account,
    /// `pam_setcred`, establishing.
    Credentials,
    /// `pam_open_session`.
    Session,
    /// `pam_chauthtok`.
    Password,
}

/// What the application's conversation function does when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Answers with these bytes.
    Type(Vec<u8>),
    /// Succeeds with a response that has no text.
    Nothing,
    /// Succeeds without any response.
    NoResponse,
    /// Returns this code.
    Code(i32),
}

impl Reply {
    /// Answers with this text.
    pub fn text(text: &str) -> Self {
        Self::Type(text.as_bytes().to_vec())
    }
}

/// Something that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// 1 hidden prompt, 2 visible prompt, 3 error, 4 information.
    pub style: i32,
    /// The text.
    pub text: String,
}

/// A person with a script. Once it is used up, prompts fail as if the person had gone.
#[derive(Debug, Default)]
struct Person {
    replies: VecDeque<Reply>,
    /// Whether information is answered without any response, which is legal.
    sloppy: bool,
    shown: Vec<Shown>,
    delays: Vec<u32>,
    asked: Option<Box<AskedFor>>,
}

/// Gives the answer when it is needed, knowing the prompt.
struct AskedFor(Box<dyn FnMut(&str) -> Reply>);

impl std::fmt::Debug for AskedFor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AskedFor")
    }
}

/// A folder of services, or the machine's own.
#[derive(Debug, Clone)]
pub struct PamHost {
    folder: Option<PathBuf>,
}

impl PamHost {
    /// Services are files in this folder.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_owned()),
        }
    }

    /// Services are looked for where every application looks. Only in a box may a test write there.
    pub fn of_the_machine() -> Self {
        Self { folder: None }
    }

    /// Writes a service.
    pub fn service(&self, name: &str, lines: &str) {
        let folder = self.folder.as_ref().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(name), lines).unwrap();
    }

    /// Opens a handle for this user of this service.
    pub fn login(&self, service: &str, user: &str, replies: Vec<Reply>) -> Login {
        self.attempt(service, user, replies).unwrap()
    }

    /// The same; the code with which libpam refuses to begin.
    pub fn attempt(&self, service: &str, user: &str, replies: Vec<Reply>) -> Result<Login, i32> {
        let mut person = Box::new(Person {
            replies: replies.into(),
            ..Person::default()
        });
        let conversation = Box::new(Conversation {
            call: converse,
            person: ptr::from_mut(person.as_mut()).cast(),
        });
        let mut handle = ptr::null_mut();
        let [service, user] = [service, user].map(|text| CString::new(text).unwrap());
        let folder = self
            .folder
            .as_ref()
            .map(|folder| CString::new(folder.to_str().unwrap()).unwrap());
        // SAFETY: all strings end with a zero; conversation and person live in boxes that `Login` keeps.
        let code = unsafe {
            let (service, user) = (service.as_ptr(), user.as_ptr());
            match &folder {
                Some(folder) => pam_start_confdir(
                    service,
                    user,
                    &raw const *conversation,
                    folder.as_ptr(),
                    &raw mut handle,
                ),
                None => pam_start(service, user, &raw const *conversation, &raw mut handle),
            }
        };
        if code != SUCCESS {
            return Err(code);
        }
        let login = Login {
            handle,
            _conversation: conversation,
            person,
            last: SUCCESS,
        };
        let delay: extern "C" fn(c_int, c_uint, *mut c_void) = delayed;
        // SAFETY: the item is a function pointer of just this type.
        let code = unsafe { pam_set_item(login.handle, FAIL_DELAY, delay as *const c_void) };
        assert_eq!(code, SUCCESS, "PAM_FAIL_DELAY");
        Ok(login)
    }
}

/// One PAM handle.
#[derive(Debug)]
pub struct Login {
    handle: *mut Handle,
    _conversation: Box<Conversation>,
    person: Box<Person>,
    last: c_int,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle")
    }
}

impl std::fmt::Debug for Conversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Conversation")
    }
}

impl Login {
    /// Sets an item to these bytes.
    pub fn item(&mut self, item: Item, value: &[u8]) -> &mut Self {
        let value = CString::new(value).unwrap();
        // SAFETY: the handle is live; libpam copies the text.
        let code = unsafe { pam_set_item(self.handle, item as c_int, value.as_ptr().cast()) };
        assert_eq!(code, SUCCESS, "{item:?}");
        self
    }

    /// Sets a variable of the PAM environment, `NAME=value`.
    pub fn variable(&mut self, assignment: &[u8]) -> &mut Self {
        let assignment = CString::new(assignment).unwrap();
        // SAFETY: the handle is live; libpam copies the text.
        let code = unsafe { pam_putenv(self.handle, assignment.as_ptr()) };
        assert_eq!(code, SUCCESS);
        self
    }

    /// The PAM environment, which sshd exports to the person's shell.
    pub fn variables(&mut self) -> Vec<String> {
        // SAFETY: libpam gives an array of texts that ends with a null pointer, both to be freed by us.
        unsafe {
            let list = pam_getenvlist(self.handle);
            let mut found = Vec::new();
            let mut at = list;
            while !(*at).is_null() {
                found.push(CStr::from_ptr(*at).to_string_lossy().into_owned());
                libc::free((*at).cast());
                at = at.add(1);
            }
            libc::free(list.cast());
            found
        }
    }

    /// Answers information with no response at all.
    pub fn sloppy(&mut self) -> &mut Self {
        self.person.sloppy = true;
        self
    }

    /// More replies.
    pub fn will(&mut self, replies: Vec<Reply>) -> &mut Self {
        self.person.replies.extend(replies);
        self
    }

    /// Answers every prompt by this function, once the script is used up.
    pub fn answers(&mut self, by: impl FnMut(&str) -> Reply + 'static) -> &mut Self {
        self.person.asked = Some(Box::new(AskedFor(Box::new(by))));
        self
    }

    /// Runs a phase with these flags.
    pub fn run_with(&mut self, phase: Phase, flags: c_int) -> i32 {
        // SAFETY: the handle is live, and so are the boxes that its conversation points to.
        self.last = unsafe {
            match phase {
                Phase::Authenticate => pam_authenticate(self.handle, flags),
                Phase::Account => pam_acct_mgmt(self.handle, flags),
                Phase::Credentials => pam_setcred(self.handle, flags | 2),
                Phase::Session => pam_open_session(self.handle, flags),
                Phase::Password => pam_chauthtok(self.handle, flags),
            }
        };
        self.last
    }

    /// Runs a phase.
    pub fn run(&mut self, phase: Phase) -> i32 {
        self.run_with(phase, 0)
    }

    /// `pam_authenticate`.
    pub fn authenticate(&mut self) -> i32 {
        self.run(Phase::Authenticate)
    }

    /// `pam_acct_mgmt`.
    pub fn account(&mut self) -> i32 {
        self.run(Phase::Account)
    }

    /// Everything shown so far.
    pub fn shown(&self) -> &[Shown] {
        &self.person.shown
    }

    /// All texts shown so far, one after the other.
    pub fn transcript(&self) -> String {
        let texts: Vec<&str> = self
            .person
            .shown
            .iter()
            .flat_map(|shown| [shown.text.as_str(), "\n"])
            .collect();
        texts.concat()
    }

    /// The delays that libpam was to make after failures, in microseconds (it varies what modules ask for).
    pub fn delays(&self) -> &[u32] {
        &self.person.delays
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        // SAFETY: the handle is live and used for the last time.
        unsafe { pam_end(self.handle, self.last) };
    }
}

/// The conversation function.
extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    person: *mut c_void,
) -> c_int {
    const CONV_ERR: c_int = 19;
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: libpam passes the person of this login, `count` messages, and a place for the responses; what it is given
    // is made by malloc, as it will be freed by free.
    unsafe {
        let person = &mut *person.cast::<Person>();
        let answers = libc::calloc(count.max(1), std::mem::size_of::<Response>()).cast::<Response>();
        for index in 0..count {
            let message = &**messages.add(index);
            let text = CStr::from_ptr(message.text).to_string_lossy().into_owned();
            person.shown.push(Shown {
                style: message.style,
                text: text.clone(),
            });
            if message.style > 2 {
                if person.sloppy {
                    libc::free(answers.cast());
                    *responses = ptr::null_mut();
                    return SUCCESS;
                }
                continue;
            }
            let reply = match (person.replies.pop_front(), &mut person.asked) {
                (Some(reply), _) => reply,
                (None, Some(asked)) => (asked.0)(&text),
                (None, None) => Reply::Code(CONV_ERR),
            };
            match reply {
                Reply::Type(bytes) => (*answers.add(index)).text = copied(&bytes),
                Reply::Nothing => {}
                Reply::NoResponse => {
                    libc::free(answers.cast());
                    *responses = ptr::null_mut();
                    return SUCCESS;
                }
                Reply::Code(code) => {
                    libc::free(answers.cast());
                    return code;
                }
            }
        }
        *responses = answers;
    }
    SUCCESS
}

/// A copy made by malloc, ending with a zero.
unsafe fn copied(bytes: &[u8]) -> *mut c_char {
    // SAFETY: the copy has room for the bytes and the zero that calloc has put at its end.
    unsafe {
        let copy = libc::calloc(bytes.len() + 1, 1).cast::<u8>();
        ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
        copy.cast()
    }
}

/// Called by libpam instead of sleeping.
extern "C" fn delayed(_code: c_int, microseconds: c_uint, person: *mut c_void) {
    // SAFETY: libpam passes the conversation's own pointer, the person of this login.
    unsafe { (*person.cast::<Person>()).delays.push(microseconds) };
}
