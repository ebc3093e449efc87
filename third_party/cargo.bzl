"""cargo_binary: a Rust program, built by the system's cargo from the crates that its packages install.

A machine without them still builds everything else: @system_rust says what is missing, and a program
that needs it is then an empty set of files.
"""

_REGISTRY = "/usr/share/cargo/registry"
_PROGRAMS = {"/usr/bin/cargo": "cargo", "/usr/bin/rustc": "rustc"}

def _installed(ctx, crate):
    for folder in ctx.path(_REGISTRY).readdir() if ctx.path(_REGISTRY).exists else []:
        name, _, version = folder.basename.rpartition("-")
        if name == crate and version[:1].isdigit():
            return version
    return None

def _system_rust_impl(ctx):
    missing, versions = [], []
    for program, package in _PROGRAMS.items():
        if not ctx.path(program).exists:
            missing.append(package)
    for crate, package in ctx.attr.crates.items():
        version = _installed(ctx, crate)
        if version:
            versions.append(crate + " " + version)
        else:
            missing.append(package)
    if not missing:
        rustc = ctx.execute(["/usr/bin/rustc", "--version"]).stdout.strip()
        versions.append(" ".join(rustc.split(" ")[:2]))

    # The names of all folders, so that an upgrade of any crate triggers a rebuild.
    ctx.file("crates.txt", "\n".join(sorted([
        folder.basename
        for folder in (ctx.path(_REGISTRY).readdir() if ctx.path(_REGISTRY).exists else [])
    ])) + "\n")
    ctx.file("versions.bzl", "MISSING = {}\nVERSIONS = {}\n".format(repr(missing), repr(", ".join(versions))))
    ctx.file("BUILD", 'exports_files(["crates.txt"], visibility = ["//visibility:public"])\n')

system_rust = repository_rule(
    implementation = _system_rust_impl,
    doc = "The versions of the requested crates that are installed (VERSIONS), and the packages of those that are not (MISSING).",
    attrs = {"crates": attr.string_dict(doc = "Maps each crate to its Debian package.")},
    local = True,
)

_BUILD = """
set -eu
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/source"
printf '[source.crates-io]\\nreplace-with = "system"\\n[source.system]\\ndirectory = "{registry}"\\n' >"$work/home/config.toml"
for file in {sources}; do
  mkdir -p "$work/source/$(dirname "${{file#{package}/}}")"
  cp -L "$file" "$work/source/${{file#{package}/}}"
done
cd "$work/source"
export PATH=/usr/bin:/bin CARGO_HOME="$work/home" TARGET_VERSIONS='{versions}'
export RUSTFLAGS="-C force-frame-pointers=yes --remap-path-prefix=$work/source={package}"
if ! /usr/bin/cargo build --release --offline --bin {binary} >"$work/log" 2>&1; then
  cat "$work/log" >&2
  exit 1
fi
cp "target/release/{binary}" "$root/{output}"
"""

def _cargo_binary_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.run_shell(
        command = _BUILD.format(
            registry = _REGISTRY,
            sources = " ".join([file.path for file in ctx.files.srcs]),
            package = ctx.label.package,
            versions = ctx.attr.versions,
            binary = ctx.attr.binary,
            output = output.path,
        ),
        inputs = ctx.files.srcs + [ctx.file._crates],
        outputs = [output],
        mnemonic = "Cargo",
        progress_message = "Building %s with cargo" % ctx.label,
    )
    return [DefaultInfo(executable = output, files = depset([output]))]

cargo_binary = rule(
    implementation = _cargo_binary_impl,
    doc = "A program of a Cargo package, in release mode. Built offline from the installed crates only.",
    attrs = {
        "srcs": attr.label_list(doc = "Cargo.toml and the sources.", allow_files = True),
        "binary": attr.string(doc = "Its name in Cargo.toml.", mandatory = True),
        "versions": attr.string(doc = "The versions of the crates, which the program reads as TARGET_VERSIONS."),
        "_crates": attr.label(default = "@system_rust//:crates.txt", allow_single_file = True),
    },
    executable = True,
)
