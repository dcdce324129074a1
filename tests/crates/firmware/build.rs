//! Links the firmware for its board.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let core = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap();
    println!("cargo:rustc-link-search={folder}/memory/{core}");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=memory");
}
