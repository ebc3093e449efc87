"""Every repository outside the workspace.

The labels are those of the libraries' own Bazel builds, so that a machine with a network can put
hermetic sources in their place here without touching another BUILD file.
"""

load("//third_party:cargo.bzl", "system_rust")
load("//third_party:pkg_config.bzl", "pkg_config_repository", "source_repository")

def _bazel_rules():
    # Bazel 4 needs these even offline. Debian's rules_cc is too new for Debian's Bazel.
    native.local_repository(name = "rules_cc", path = "third_party/bazel/rules_cc")
    native.local_repository(name = "remote_coverage_tools", path = "third_party/bazel/remote_coverage_tools")
    native.local_repository(name = "rules_java", path = "/usr/share/bazel/rules/java")
    native.local_repository(name = "rules_proto", path = "/usr/share/bazel/rules/proto")
    native.local_repository(name = "platforms", path = "/usr/share/bazel/platforms")
    native.local_repository(name = "bazel_skylib", path = "/usr/share/bazel/tools/skylib")

def _abseil():
    pkg_config_repository(
        name = "com_google_absl",
        apt = ["libabsl-dev"],
        libraries = {
            "absl/base:core_headers": ["absl_core_headers"],
            "absl/cleanup:cleanup": ["absl_cleanup"],
            "absl/container:flat_hash_map": ["absl_flat_hash_map"],
            "absl/container:flat_hash_set": ["absl_flat_hash_set"],
            "absl/container:inlined_vector": ["absl_inlined_vector"],
            "absl/functional:any_invocable": ["absl_any_invocable"],
            "absl/functional:function_ref": ["absl_function_ref"],
            "absl/random:random": ["absl_random_random"],
            "absl/status:status": ["absl_status"],
            "absl/status:statusor": ["absl_statusor"],
            "absl/strings:str_format": ["absl_str_format"],
            "absl/strings:strings": ["absl_strings"],
            "absl/synchronization:synchronization": ["absl_synchronization"],
            "absl/time:time": ["absl_time"],
            "absl/types:span": ["absl_span"],
        },
    )

def assay_repositories():
    """Declares all repositories. Bazel fetches one only if the build needs it."""
    _bazel_rules()
    _abseil()
    system_rust(
        name = "system_rust",
        crates = {
            "hyper": "librust-hyper-dev",
            "tokio": "librust-tokio-dev",
            "serde_json": "librust-serde-json-dev",
            "serde": "librust-serde-dev",
            "flate2": "librust-flate2-dev",
            "libz-sys": "librust-libz-sys-dev",
            "libc": "librust-libc-dev",
        },
    )
    source_repository(
        name = "com_google_protobuf",
        apt = ["protobuf-compiler", "libprotobuf-dev"],
        build_file = "//third_party:protobuf.BUILD",
        links = {"bin/protoc": "/usr/bin/protoc", "include/google/protobuf": "/usr/include/google/protobuf"},
    )
    source_repository(
        name = "com_github_grpc_grpc_plugin",
        apt = ["protobuf-compiler-grpc"],
        build_file = "//third_party:grpc_plugin.BUILD",
        links = {"grpc_cpp_plugin": "/usr/bin/grpc_cpp_plugin"},
    )
    pkg_config_repository(
        name = "elfutils",
        apt = ["libdw-dev", "libelf-dev"],
        libraries = {":dw": ["libdw", "libelf"]},
    )
    source_repository(
        name = "libiberty",
        apt = ["libiberty-dev"],
        build_file = "//third_party:libiberty.BUILD",
        links = {"include/libiberty": "/usr/include/libiberty"},
    )
    source_repository(
        name = "llhttp",
        apt = ["node-llhttp"],
        build_file = "//third_party:llhttp.BUILD",
        links = {"src": "/usr/share/llhttp", "include": "/usr/share/include/llhttp"},
    )
    for name, apt, libraries in [
        ("com_github_google_benchmark", "libbenchmark-dev", {":benchmark": ["benchmark"]}),
        ("com_github_grpc_grpc", "libgrpc++-dev", {":grpc++": ["grpc++"]}),
        ("com_googlesource_code_re2", "libre2-dev", {":re2": ["re2"]}),
        ("com_google_googletest", "libgtest-dev", {":gtest": ["gtest"], ":gtest_main": ["gtest_main"]}),
        ("com_google_googlemock", "libgmock-dev", {":gmock": ["gmock"]}),
        ("cli11", "libcli11-dev", {":cli11": ["CLI11"]}),
        ("curl", "libcurl4-openssl-dev", {":curl": ["libcurl"]}),
        ("libnghttp2", "libnghttp2-dev", {":nghttp2": ["libnghttp2"]}),
        ("liburing", "liburing-dev", {":uring": ["liburing"]}),
        ("nlohmann_json", "nlohmann-json3-dev", {":json": ["nlohmann_json"]}),
        ("openssl", "libssl-dev", {":crypto": ["libcrypto"], ":ssl": ["libssl"]}),
        ("simdjson", "libsimdjson-dev", {":simdjson": ["simdjson"]}),
        ("sqlite3", "libsqlite3-dev", {":sqlite3": ["sqlite3"]}),
        ("zlib", "zlib1g-dev", {":zlib": ["zlib"]}),
    ]:
        pkg_config_repository(name = name, apt = [apt], libraries = libraries)

    # Debian's shared libraries are stripped; the archives keep the names of internal functions for profiles.
    for name, apt in [("jansson", "libjansson-dev"), ("libmicrohttpd", "libmicrohttpd-dev")]:
        library = apt[len("lib"):-len("-dev")]
        pkg_config_repository(
            name = name,
            apt = [apt],
            archives = [library],
            libraries = {":" + name: [name]},
        )
