"""Turns libraries installed by the system into Bazel targets, by asking pkg-config."""

_TARGET = """
cc_library(
    name = "{name}",
    hdrs = {hdrs},
    includes = {includes},
    defines = {defines},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
"""

def _pkg_config(ctx, option, packages):
    result = ctx.execute(["pkg-config", option] + packages)
    if result.return_code != 0:
        fail(("\n\n@{name} needs the packages {apt}, and pkg-config does not find {packages}.\n" +
              "To install them: apt-get install {apt}   (./bazelw does this automatically)\n{err}").format(
            name = ctx.name,
            apt = " ".join(ctx.attr.apt),
            packages = " ".join(packages),
            err = result.stderr,
        ))
    return [word for word in result.stdout.strip().replace("\n", " ").split(" ") if word]

def _pkg_config_repository_impl(ctx):
    build_files = {}
    for label, packages in ctx.attr.libraries.items():
        package, _, name = label.partition(":")
        includes, defines, hdrs = [], [], []
        for flag in _pkg_config(ctx, "--cflags", packages):
            if flag.startswith("-D"):
                defines.append(flag[2:])
            elif flag.startswith("-I") and flag[2:].rstrip("/") not in ["/usr/include", ""]:
                # Bazel needs headers inside the repository, so link to the folder.
                folder = "include/" + flag[2:].strip("/").replace("/", "_")
                link = (package + "/" if package else "") + folder
                if not ctx.path(link).exists:
                    ctx.symlink(flag[2:], link)
                includes.append(folder)
                hdrs.append(folder + "/**")
        libs = _pkg_config(ctx, "--libs", packages)
        for archive in ctx.attr.archives:
            libs = ["-l:lib{}.a".format(archive) if lib == "-l" + archive else lib for lib in libs]
        if ctx.attr.archives:
            needed = _pkg_config(ctx, "--print-requires-private", packages)
            libs = libs + (_pkg_config(ctx, "--libs", needed) if needed else [])
        build_files[package] = build_files.get(package, "") + _TARGET.format(
            name = name,
            hdrs = "glob({})".format(repr(hdrs)) if hdrs else "[]",
            includes = repr(includes),
            defines = repr(defines),
            linkopts = repr(libs),
        )
    for package, content in build_files.items():
        ctx.file((package + "/" if package else "") + "BUILD", content)

pkg_config_repository = repository_rule(
    implementation = _pkg_config_repository_impl,
    doc = "A repository of cc_library targets for libraries that pkg-config finds.",
    attrs = {
        "libraries": attr.string_list_dict(
            doc = "'package:target' (as the library's own Bazel build calls it) to pkg-config names.",
        ),
        "archives": attr.string_list(
            doc = "Libraries, by their names after -l, that are linked as lib*.a; their dependencies are linked as shared libraries.",
        ),
        "apt": attr.string_list(doc = "The Debian packages of the libraries, for the error message if one is missing."),
    },
    local = True,
    environ = ["PKG_CONFIG_PATH"],
)

def _source_repository_impl(ctx):
    for link, path in ctx.attr.links.items():
        if not ctx.path(path).exists:
            fail("\n\n@{name} needs {path}: apt-get install {apt}   (./bazelw does this automatically)".format(
                name = ctx.name,
                path = path,
                apt = " ".join(ctx.attr.apt),
            ))
        ctx.symlink(path, link)
    ctx.symlink(ctx.attr.build_file, "BUILD")

source_repository = repository_rule(
    implementation = _source_repository_impl,
    doc = "A repository of links to files and folders that a system package installs.",
    attrs = {
        "links": attr.string_dict(doc = "Path in the repository to absolute path."),
        "build_file": attr.label(),
        "apt": attr.string_list(),
    },
    local = True,
)
