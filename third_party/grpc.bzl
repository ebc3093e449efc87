"""cc_grpc_library: the C++ classes of the services in a proto_library."""

def _grpc_sources_impl(ctx):
    info = ctx.attr.proto[ProtoInfo]
    headers, sources = [], []
    for proto in info.direct_sources:
        stem = proto.basename[:-len(".proto")]
        headers.append(ctx.actions.declare_file(stem + ".grpc.pb.h"))
        sources.append(ctx.actions.declare_file(stem + ".grpc.pb.cc"))
    args = ctx.actions.args()
    args.add("--plugin=protoc-gen-grpc=" + ctx.file._plugin.path)
    args.add("--grpc_out=" + "".join(["additional_header_includes=%s:" % ctx.attr.include] if ctx.attr.include else []) +
             ctx.bin_dir.path)
    args.add_all(info.transitive_proto_path, format_each = "-I%s")
    args.add_all(info.direct_sources)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = depset(info.direct_sources + [ctx.file._plugin], transitive = [info.transitive_sources]),
        outputs = headers + sources,
        mnemonic = "GrpcCpp",
        progress_message = "Generating gRPC classes of %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(headers = depset(headers), sources = depset(sources)),
    ]

_grpc_sources = rule(
    implementation = _grpc_sources_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "include": attr.string(),
        "_protoc": attr.label(default = "@com_google_protobuf//:protoc", executable = True, cfg = "exec"),
        "_plugin": attr.label(default = "@com_github_grpc_grpc_plugin//:grpc_cpp_plugin", allow_single_file = True),
    },
)

def cc_grpc_library(name, proto, deps, include = "", **kwargs):
    """The service classes of `proto`.

    Args:
      name: of the cc_library.
      proto: the proto_library with the services.
      deps: the cc_proto_library of `proto`.
      include: a header that the generated one includes before gRPC's own; empty for none. One of `deps` has it.
      **kwargs: passed to cc_library.
    """
    _grpc_sources(name = name + "_sources", proto = proto, include = include)
    native.filegroup(name = name + "_headers", srcs = [name + "_sources"], output_group = "headers")
    native.filegroup(name = name + "_bodies", srcs = [name + "_sources"], output_group = "sources")
    native.cc_library(
        name = name,
        srcs = [name + "_bodies"],
        hdrs = [name + "_headers"],
        deps = deps + ["@com_github_grpc_grpc//:grpc++"],
        **kwargs
    )
