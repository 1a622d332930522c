//! The key's place in a throw-away machine: its node in `/dev` and its folders in `/sys`, as a kernel would make them.
//!
//! Everything is mounted privately in the box of one test and ends with it, however the test ends.

use crate::hidraw::{DESCRIPTOR, PRODUCT, VENDOR};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount};
use samekey_demo::machine;
use std::fs;
use std::io::{Error, Result};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where virtual devices are.
const DEVICES: &str = "/sys/devices/virtual/misc";
/// Where libraries look for keys.
const CLASS: &str = "/sys/class/hidraw";
/// The library of `preload/`, where every program of the machine can load it.
const PRELOADED: &str = "/usr/local/lib/soft-key-preload.so";

/// Makes the machine ready for keys: hides what hidraw devices it really has, and preloads our library. Once is enough.
///
/// # Errors
/// Outside a box, where this would change the machine; and without the right to mount.
pub fn prepare(preload: &Path) -> Result<()> {
    if !machine::is_inside() {
        return Err(Error::other(
            "a soft key only lives inside a box: start this through demo/box.sh",
        ));
    }
    if Path::new(PRELOADED).exists() {
        return Ok(());
    }
    for folder in [DEVICES, if Path::new(CLASS).exists() { CLASS } else { "/sys/class" }] {
        mount("soft-key", folder, "tmpfs", MountFlags::empty(), c"mode=755")?;
    }
    fs::create_dir_all(CLASS)?;
    fs::copy(preload, PRELOADED)?;
    fs::write("/etc/ld.so.preload", format!("{PRELOADED}\n"))
}

/// The node of a key.
pub fn node(number: u32) -> PathBuf {
    PathBuf::from(format!("/dev/hidraw{number}"))
}

/// Shows the key `number`, whose frames go through `file`.
///
/// # Errors
/// Where the machine was not prepared, or has such a key already.
pub fn show(number: u32, file: &Path) -> Result<()> {
    let identity = format!("0003:{VENDOR:04X}:{PRODUCT:04X}.{number:04X}");
    let device = PathBuf::from(format!("{DEVICES}/uhid/{identity}"));
    let raw = device.join(format!("hidraw/hidraw{number}"));
    fs::create_dir_all(&raw)?;
    let uevent = format!(
        "DRIVER=hid-generic\nHID_ID=0003:{VENDOR:08X}:{PRODUCT:08X}\nHID_NAME=Samekey soft key\n\
        HID_PHYS=soft-key-{number}/input0\nHID_UNIQ={number}\nMODALIAS=hid:b0003g0001v{VENDOR:08X}p{PRODUCT:08X}\n"
    );
    fs::write(device.join("uevent"), uevent)?;
    fs::write(device.join("report_descriptor"), DESCRIPTOR)?;
    symlink("../../../../../bus/hid", device.join("subsystem"))?;
    let uevent = format!("MAJOR=245\nMINOR={number}\nDEVNAME=hidraw{number}\n");
    fs::write(raw.join("uevent"), uevent)?;
    fs::write(raw.join("dev"), format!("245:{number}\n"))?;
    symlink(format!("../../../{identity}"), raw.join("device"))?;
    symlink("../../../../../../../class/hidraw", raw.join("subsystem"))?;
    let node = node(number);
    fs::write(&node, "")?;
    mount_bind(file, &node)?;
    let listed = format!("../../devices/virtual/misc/uhid/{identity}/hidraw/hidraw{number}");
    symlink(listed, format!("{CLASS}/hidraw{number}"))
}

/// Takes the key `number` away again.
///
/// # Errors
/// Where it is not shown.
pub fn hide(number: u32) -> Result<()> {
    fs::remove_file(format!("{CLASS}/hidraw{number}"))?;
    fs::remove_dir_all(format!("{DEVICES}/uhid/0003:{VENDOR:04X}:{PRODUCT:04X}.{number:04X}"))?;
    let node = node(number);
    unmount(&node, UnmountFlags::DETACH)?;
    fs::remove_file(node)
}
