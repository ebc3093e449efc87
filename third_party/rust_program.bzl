"""rust_program: a cargo_binary if the system has Rust and the crates, else an empty set of files.

Apart from cargo.bzl, which WORKSPACE loads before @system_rust is there.
"""

load("@system_rust//:versions.bzl", "MISSING", "VERSIONS")
load(":cargo.bzl", "cargo_binary")

def rust_program(name):
    """Builds the program of this package, of the same name, from Cargo.toml and src/.

    Args:
      name: of the target, the program and its file.
    """
    if MISSING:
        native.filegroup(name = name)
    else:
        cargo_binary(
            name = name,
            srcs = ["Cargo.toml"] + native.glob(["src/**/*.rs"]),
            binary = name,
            versions = VERSIONS,
        )
