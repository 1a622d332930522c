//! How the module is linked, wherever it is built: it stays where it was loaded once, and needs no library that the
//! program around it does not have (docs/decisions, 0016).

use std::{env, fs, io};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to a build script by its environment"
)]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return Ok(());
    }
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // The standard library asks for libgcc_s by name: here that name leads to the same unwinder as a static archive.
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(format!("{out}/libgcc_s.so"), "INPUT(-lgcc_eh)\n")?;
    println!("cargo:rustc-link-search=native={out}");
    Ok(())
}
