//! Where letters go in a test: a folder that is emptied, or a mail server that does as it is told.

use crate::scene::{ISSUER, Scene};
use samekey_provider::mail::{MailConfig, MailSection, once};
use samekey_shared::config::{Owner, strict};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

impl Scene {
    /// Sends what is due into the folder, and takes it out.
    pub fn letters(&self) -> Vec<String> {
        let section: MailSection = self.test.config.section(Owner::Mail).unwrap();
        while self.send_one(&section.clone().check().unwrap()) {}
        let folder = self.test.folder().join("letters");
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|one| one.unwrap().path())
            .collect();
        found.sort();
        found
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                std::fs::remove_file(path).unwrap();
                readable(&text)
            })
            .collect()
    }

    /// Tries one letter that is due.
    pub fn send_one(&self, config: &MailConfig) -> bool {
        once(&self.test.realm, config, &ISSUER.parse().unwrap()).unwrap()
    }

    /// The only letter that is due.
    pub fn letter(&self) -> String {
        let mut letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }
}

/// Quoted-printable undone (RFC 2045, 6.7).
fn readable(text: &str) -> String {
    let whole = text.replace("=\r\n", "");
    let mut parts = whole.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        if let Some(byte) = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            bytes.extend(&part.as_bytes()[2..]);
        } else {
            bytes.push(b'=');
            bytes.extend(part.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What follows this text in a letter, up to the end of the line.
pub fn after(letter: &str, text: &str) -> String {
    let start = letter.find(text).unwrap_or_else(|| panic!("no {text:?} in {letter}")) + text.len();
    letter[start..].lines().next().unwrap().trim().to_owned()
}

/// The path of the link that begins so.
pub fn link(letter: &str, path: &str) -> String {
    let whole = format!("{ISSUER}{path}?link=");
    let secret: String = after(letter, &whole).chars().take(43).collect();
    format!("{path}?link={secret}")
}

/// What a mail server does with one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes the letter.
    Take,
    /// `451`: not now.
    Later,
    /// `550`: never.
    Never,
    /// `530`: not without signing in.
    Closed,
    /// Takes the letter and hangs up before it says so.
    HangUp,
    /// Says nothing at all.
    Silence,
}

/// A mail server that meets one connection after the other in these manners, and takes all that come later.
pub struct PostOffice {
    pub port: u16,
    pub taken: Arc<Mutex<Vec<String>>>,
}

impl PostOffice {
    pub fn open(manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (box_, mut manners) = (taken.clone(), Vec::from(manners).into_iter());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manner, box_) = (manners.next().unwrap_or(Manner::Take), box_.clone());
                // Whoever hangs up early has had their say.
                std::thread::spawn(move || serve(&stream, manner, &box_).is_ok());
            }
        });
        Self { port, taken }
    }

    pub fn config(&self) -> MailConfig {
        config(self.port)
    }
}

/// A server on this port of this machine.
pub fn config(port: u16) -> MailConfig {
    let section: MailSection = strict::parse(&format!(
        "transport = \"smtp\"\nfrom = \"Samekey <no-reply@example.org>\"\nserver = \"127.0.0.1\"\nport = {port}\n\
         security = \"none\"\n"
    ))
    .unwrap();
    section.check().unwrap()
}

fn serve(stream: &TcpStream, manner: Manner, taken: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    if manner == Manner::Silence {
        return lines.read_line(&mut line).map(drop);
    }
    let mut say = stream;
    say.write_all(b"220 post.example\r\n")?;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => b"250 post.example\r\n",
            "MAIL" if manner == Manner::Closed => b"530 5.7.0 sign in first\r\n",
            "RCPT" if manner == Manner::Later => b"451 4.7.1 try again later\r\n",
            "RCPT" if manner == Manner::Never => b"550 5.1.1 nobody of that name\r\n",
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        say.write_all(answer)?;
        if answer.starts_with(b"354") {
            let mut text = String::new();
            loop {
                line.clear();
                lines.read_line(&mut line)?;
                if line == ".\r\n" {
                    break;
                }
                text.push_str(&line);
            }
            taken
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(text);
            if manner == Manner::HangUp {
                return Ok(());
            }
            say.write_all(b"250 taken\r\n")?;
        }
    }
}
