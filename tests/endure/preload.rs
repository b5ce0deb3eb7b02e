//! What stands between the server and its system? Small libraries in C, compiled here and preloaded.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a library into this folder.
pub fn compiled(source: &str, name: &str, folder: &Path) -> PathBuf {
    let (text, library) = (folder.join(name).with_extension("c"), folder.join(name));
    std::fs::write(&text, source).expect("the source is written");
    let compiled = Command::new("cc")
        .args([
            "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o",
        ])
        .args([&library, &text])
        .output()
        .expect("there is a C compiler: SQLite was built with it");
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{name}: {said}");
    library
}
