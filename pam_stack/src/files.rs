//! Where the files come from: the machine, a folder that stands for its root, or memory.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Larger than any file of PAM's.
const MOST_BYTES: u64 = 256 * 1024;
/// Links that one path may go through, as in the kernel.
const MOST_LINKS: usize = 40;
/// Where distributions keep modules; `{arch}` is the machine's.
const MODULES: [&str; 8] = [
    "/lib/{arch}-linux-gnu/security",
    "/usr/lib/{arch}-linux-gnu/security",
    "/lib64/security",
    "/usr/lib64/security",
    "/lib/security",
    "/usr/lib/security",
    "/usr/local/lib/security",
    "/usr/local/lib/{arch}-linux-gnu/security",
];

/// What libpam would find.
pub trait Files {
    /// The content of the file at this absolute path; nothing where it cannot be read or is too large.
    fn read(&self, path: &Path) -> Option<Vec<u8>>;
    /// Whether there is a folder.
    fn is_folder(&self, path: &Path) -> bool;
    /// Whether the module of this name or path can be loaded; true where nothing is known of modules.
    fn has_module(&self, name: &str) -> bool;
}

/// A folder that stands for the root of a machine; `/` for this one. Links stay inside.
#[derive(Debug, Clone)]
pub struct Root(PathBuf);

impl Root {
    /// The files below this folder.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Where the file at this path of the machine really lies, every link followed inside the root.
    pub fn place(&self, path: &Path) -> Option<PathBuf> {
        let (mut found, mut links) = (PathBuf::new(), 0);
        let mut open: Vec<String> = parts(path)?;
        open.reverse();
        while let Some(part) = open.pop() {
            if part == ".." {
                found.pop();
                continue;
            }
            let next = found.join(&part);
            match std::fs::read_link(self.0.join(&next)) {
                Err(_) => found = next,
                Ok(target) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return None;
                    }
                    if target.is_absolute() {
                        found.clear();
                    }
                    open.extend(parts(&target)?.into_iter().rev());
                }
            }
        }
        Some(self.0.join(found))
    }
}

/// The parts of a path between its slashes.
fn parts(path: &Path) -> Option<Vec<String>> {
    let word = |part: Component<'_>| match part {
        Component::Normal(part) => Some(part.to_str().map(str::to_owned)),
        Component::ParentDir => Some(Some("..".to_owned())),
        _ => None,
    };
    path.components().filter_map(word).collect()
}

impl Files for Root {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let place = self.place(path)?;
        let found = std::fs::metadata(&place).ok()?;
        // C opens a folder and reads nothing from it.
        if found.is_dir() {
            return Some(Vec::new());
        }
        // A pipe would keep us waiting.
        if !found.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(place).ok()?;
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= MOST_BYTES).then_some(bytes)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.place(path).is_some_and(|place| place.is_dir())
    }

    fn has_module(&self, name: &str) -> bool {
        let name = name.replace("$ISA", ".");
        let is_file = |path: &Path| self.place(path).is_some_and(|place| place.is_file());
        if name.starts_with('/') {
            return is_file(Path::new(&name));
        }
        let folders = MODULES.map(|folder| PathBuf::from(folder.replace("{arch}", std::env::consts::ARCH)));
        let mut there = folders.iter().filter(|folder| self.is_folder(folder)).peekable();
        there.peek().is_none() || there.any(|folder| is_file(&folder.join(&name)))
    }
}

/// Files in memory, by their absolute paths.
#[derive(Debug, Clone, Default)]
pub struct InMemory {
    /// The files.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// Modules that are missing.
    pub missing: Vec<String>,
}

impl InMemory {
    /// The files of `/etc/pam.d`, by name.
    pub fn pam_d<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let path = |name: &str| Path::new("/etc/pam.d").join(name);
        let files = files
            .into_iter()
            .map(|(name, text)| (path(name), text.as_bytes().to_vec()));
        Self {
            files: files.collect(),
            missing: Vec::new(),
        }
    }
}

impl Files for InMemory {
    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file.starts_with(path) && file != path)
    }

    fn has_module(&self, name: &str) -> bool {
        !self.missing.iter().any(|missing| missing == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_stay_inside_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("etc/pam.d")).unwrap();
        std::fs::create_dir_all(root.join("etc/authselect")).unwrap();
        std::fs::write(root.join("etc/authselect/system-auth"), "inside").unwrap();
        symlink("/etc/authselect/system-auth", root.join("etc/pam.d/system-auth")).unwrap();
        symlink(
            "../../../../../../etc/authselect/system-auth",
            root.join("etc/pam.d/up"),
        )
        .unwrap();
        symlink("round", root.join("etc/pam.d/round")).unwrap();
        let files = Root::new(root);
        for name in ["system-auth", "up"] {
            let path = Path::new("/etc/pam.d").join(name);
            assert_eq!(files.read(&path).as_deref(), Some(b"inside".as_slice()), "{name}");
        }
        assert_eq!(files.read(Path::new("/etc/pam.d/round")), None);
        assert_eq!(files.read(Path::new("/etc/pam.d")), Some(Vec::new()));
        assert!(files.is_folder(Path::new("/etc/pam.d")));
        assert!(files.has_module("pam_x.so"), "nothing is known of modules here");
        std::fs::create_dir_all(root.join("lib/security")).unwrap();
        assert!(!files.has_module("pam_x.so"));
        std::fs::write(root.join("lib/security/pam_x.so"), "").unwrap();
        assert!(files.has_module("pam_x.so") && files.has_module("/lib/security/$ISA/pam_x.so"));
    }
}
