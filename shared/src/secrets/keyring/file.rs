//! The keyring's file: its form, and writing it so that no crash and no second writer loses a key.

use super::{KeyId, KeyringError};
use crate::clock::UnixTime;
use crate::config::safe_file::{self, Privacy};
use crate::entropy::Entropy;
use crate::secrets::{Secret, SecretBytes};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FORMAT: &str = "samekey keyring";
const VERSION: u32 = 1;
/// Some 9 000 keys: more rotations than any realm sees.
const MOST_BYTES: u64 = 1 << 20;

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Document {
    format: String,
    version: u32,
    active: KeyId,
    base: KeyText,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    id: KeyId,
    made_at: UnixTime,
    key: KeyText,
}

/// 32 secret bytes, written in base64.
#[derive(Clone)]
struct KeyText(Secret<[u8; 32]>);

impl KeyText {
    fn draw(entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut())?;
        Ok(Self(Secret::new(*bytes)))
    }
}

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&Zeroizing::new(BASE64.encode(self.0.expose())))
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Secret::<String>::deserialize(from)?;
        let bytes = BASE64
            .decode(text.expose().as_bytes())
            .map(SecretBytes::new)
            .map_err(|_| D::Error::custom("a key is no base64"))?;
        let bytes: [u8; 32] = bytes
            .expose()
            .as_slice()
            .try_into()
            .map_err(|_| D::Error::custom("a key is not 32 bytes long"))?;
        Ok(Self(Secret::new(bytes)))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).unwrap_or_default();
        bytes
            .try_into()
            .map(KeyId)
            .map_err(|_| D::Error::custom("a key id is not 8 hex digits"))
    }
}

impl Document {
    pub(super) fn generate(entropy: &dyn Entropy, now: UnixTime) -> Result<Self, KeyringError> {
        let mut document = Self {
            format: FORMAT.into(),
            version: VERSION,
            active: KeyId([0; 4]),
            base: KeyText::draw(entropy)?,
            keys: Vec::new(),
        };
        document.add_key(entropy, now)?;
        Ok(document)
    }

    pub(super) fn add_key(&mut self, entropy: &dyn Entropy, now: UnixTime) -> Result<(), KeyringError> {
        let id = loop {
            let mut id = [0; 4];
            entropy.fill(&mut id)?;
            if self.keys.iter().all(|entry| entry.id != KeyId(id)) {
                break KeyId(id);
            }
        };
        let key = KeyText::draw(entropy)?;
        self.keys.push(Entry { id, made_at: now, key });
        self.active = id;
        Ok(())
    }

    pub(super) fn drop_keys(&mut self, unused: &BTreeSet<KeyId>) -> Result<(), KeyringError> {
        if unused.contains(&self.active) {
            return Err(KeyringError::Active(self.active));
        }
        self.keys.retain(|entry| !unused.contains(&entry.id));
        Ok(())
    }

    pub(super) fn active(&self) -> KeyId {
        self.active
    }

    pub(super) fn into_base(self) -> Secret<[u8; 32]> {
        self.base.0
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (KeyId, &Secret<[u8; 32]>)> {
        self.keys.iter().map(|entry| (entry.id, &entry.key.0))
    }
}

/// Reads and parses the file; what is wrong is told without quoting any of it.
pub(super) fn read(path: &Path) -> Result<Document, KeyringError> {
    let damaged = |what: String| KeyringError::Damaged {
        path: path.to_owned(),
        what,
    };
    let bytes = SecretBytes::new(safe_file::read(path, Privacy::Secret, MOST_BYTES)?);
    let document: Document = serde_json::from_slice(bytes.expose())
        .map_err(|error| damaged(format!("at line {}, column {}", error.line(), error.column())))?;
    if document.format != FORMAT {
        return Err(damaged("it is no keyring".into()));
    }
    if document.version != VERSION {
        return Err(damaged(format!(
            "it has version {}, this program knows {VERSION}",
            document.version
        )));
    }
    Ok(document)
}

/// Writes a file that must not exist yet.
pub(super) fn create(path: &Path, document: &Document) -> Result<(), KeyringError> {
    let unwritable = |why| unwritable(path, why);
    let _only_writer = lock_folder(path)?;
    if path.symlink_metadata().is_ok() {
        return Err(KeyringError::Exists(path.to_owned()));
    }
    let (new, file) = write_beside(path, document)?;
    drop(file);
    std::fs::rename(new, path).map_err(unwritable)?;
    sync_folder(path)
}

/// Reads, changes and replaces the file. Owner and mode stay. One writer at a time: two rotations at once would
/// otherwise lose a key, and with it every row sealed by it.
pub(super) fn change(
    path: &Path,
    edit: impl FnOnce(&mut Document) -> Result<(), KeyringError>,
) -> Result<(), KeyringError> {
    let unwritable = |why| unwritable(path, why);
    let _only_writer = lock_folder(path)?;
    let mut document = read(path)?;
    edit(&mut document)?;
    let before = std::fs::metadata(path).map_err(unwritable)?;
    let (new, file) = write_beside(path, &document)?;
    fchown(&file, Some(before.uid()), Some(before.gid())).map_err(unwritable)?;
    file.set_permissions(std::fs::Permissions::from_mode(before.mode() & 0o7777))
        .map_err(unwritable)?;
    file.sync_all().map_err(unwritable)?;
    std::fs::rename(new, path).map_err(unwritable)?;
    sync_folder(path)
}

/// Writes `<name>.new` with mode 0600 and syncs it. The folder is locked, so a file of that name is a crash's remains.
fn write_beside(path: &Path, document: &Document) -> Result<(PathBuf, File), KeyringError> {
    let unwritable = |why| unwritable(path, why);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    match std::fs::remove_file(&new) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(why)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC)
        .open(&new)
        .map_err(unwritable)?;
    let text = serde_json::to_vec_pretty(document).map(SecretBytes::new);
    let text = text.map_err(|error| unwritable(std::io::Error::other(error)))?;
    file.write_all(text.expose())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(unwritable)?;
    Ok((new, file))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn lock_folder(path: &Path) -> Result<File, KeyringError> {
    let folder = File::open(folder(path)).map_err(|why| unwritable(path, why))?;
    folder.lock().map_err(|why| unwritable(path, why))?;
    Ok(folder)
}

/// A rename is on disk only when its folder is.
fn sync_folder(path: &Path) -> Result<(), KeyringError> {
    File::open(folder(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|why| unwritable(path, why))
}

fn unwritable(path: &Path, why: std::io::Error) -> KeyringError {
    KeyringError::Unwritable {
        path: path.to_owned(),
        why,
    }
}
