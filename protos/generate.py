"""Make protos/gen and protos/released.binpb from protos/tierwise: `python -m protos.generate`, or only `--check` them.

Descriptors that break those which were released before are not written: a break is released with `--break`, knowingly.
"""

import argparse
import filecmp
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from protovalidate._gen.buf.validate import validate_pb

HERE = Path(__file__).resolve().parent
TOOLS = Path(sys.executable).parent
SITE = Path(sysconfig.get_path("purelib"))
CONFIG = HERE / "buf.yaml"
GENERATED = HERE / "gen"
RELEASED = HERE / "released.binpb"
"""What callers of other languages read, and what later messages may not break: always today's."""
PACKAGES = ("tierwise", "buf")
DETAILS = "google/rpc/error_details.proto"
"""What every error carries, and no message of ours names."""
# googleapis-common-protos ships this file under a name that differs from the one it registers.
OPERATIONS = f"-Igoogle/longrunning/operations.proto={SITE}/google/longrunning/operations_proto.proto"


def main() -> int:
    """Generate, or check what was generated; the exit status says whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing: fresh? linted? compatible?")
    parser.add_argument("--break", dest="breaks", action="store_true", help="release what breaks callers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tierwise-protos-") as folder:
        fresh, image, bare = (Path(folder) / name for name in ("gen", "image.binpb", "released.binpb"))
        generate(fresh)
        write_image(image)
        write_image(bare, source_info=False)
        if options.check:
            return 1 if stale(fresh, bare) or not_linted(image) or broken(image) else 0
        replace(fresh)
        if not_linted(image) or (not options.breaks and broken(image)):
            return 1
        shutil.copy(bare, RELEASED)
        return 0


def generate(folder: Path) -> None:
    """Messages, stubs and their types for our files; messages and types for protovalidate's, which no wheel has."""
    folder.mkdir()
    out = [f"--python_out={folder}", f"--mypy_out=quiet:{folder}"]
    compile_protos([*out, *sources()])
    compile_protos([*out, "buf/validate/validate.proto"])
    services = [source for source in sources() if source.endswith("_service.proto")]
    compile_protos([f"--grpc_python_out={folder}", f"--mypy_grpc_out=quiet:{folder}", *services])
    # `buf` is not ours alone: without a file that says it is whole here, others may have more of it elsewhere.
    for package in ("tierwise", "tierwise/v1"):
        (folder / package / "__init__.py").write_text('"""Generated: see protos/generate.py."""\n')
    # Without it the types beside the messages count for nothing where the client is installed (PEP 561).
    (folder / "tierwise/py.typed").touch()


def write_image(path: Path, *, source_info: bool = True) -> None:
    """Every descriptor with its imports: what buf reads."""
    comments = ["--include_source_info"] if source_info else []
    compile_protos([f"--descriptor_set_out={path}", "--include_imports", *comments, *sources(), DETAILS])


def compile_protos(arguments: list[str]) -> None:
    """Run protoc; it prints what is wrong. Raises SystemExit."""
    with tempfile.TemporaryDirectory(prefix="tierwise-protos-") as folder:
        validate = Path(folder) / "validate.binpb"
        validate.write_bytes(validate_descriptors().SerializeToString(deterministic=True))
        paths = [f"-I{HERE}", OPERATIONS, f"-I{SITE}"]
        plugins = [f"--plugin={name}={TOOLS / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
        command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={validate}"]
        if subprocess.run([*command, *paths, *plugins, *arguments], check=False).returncode != 0:
            raise SystemExit(1)


def validate_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """buf/validate/validate.proto as the installed protovalidate holds it, with what it imports."""
    imported = (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2)
    files = [descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb) for module in imported]
    own = descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    return descriptor_pb2.FileDescriptorSet(file=[*files, own])


def sources() -> list[str]:
    """Our files, relative to the include root."""
    return sorted(str(path.relative_to(HERE)) for path in (HERE / "tierwise").rglob("*.proto"))


def replace(fresh: Path) -> None:
    """Put generated code in place of what was there."""
    for package in PACKAGES:
        shutil.rmtree(GENERATED / package, ignore_errors=True)
        shutil.copytree(fresh / package, GENERATED / package)


def stale(fresh: Path, bare: Path) -> bool:
    """Whether what is committed differs from what the sources make; says where."""
    made, kept = files(fresh), files(GENERATED)
    differing = {
        f"gen/{name}"
        for name in made | kept
        if name not in made & kept or not filecmp.cmp(fresh / name, GENERATED / name, shallow=False)
    }
    if own_descriptors(bare) != own_descriptors(RELEASED):
        differing.add(RELEASED.name)
    for name in sorted(differing):
        sys.stderr.write(f"protos/{name} is stale: run `make protos` and commit\n")
    return bool(differing)


def own_descriptors(image: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """Of our files: those of others are as they are installed."""
    whole = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())
    return [file for file in whole.file if file.name.startswith("tierwise/")]


def files(folder: Path) -> set[str]:
    """Generated files below a folder."""
    found = (path for pattern in ("*.py*", "py.typed") for path in folder.rglob(pattern))
    return {str(path.relative_to(folder)) for path in found if path.is_file() and "__pycache__" not in path.parts}


def not_linted(image: Path) -> bool:
    """Whether buf finds fault; it prints where."""
    formatted = run_buf("format", HERE, "--path", HERE / "tierwise", "--diff", "--exit-code")
    return run_buf("lint", image, "--config", CONFIG) != 0 or formatted != 0


def broken(image: Path) -> bool:
    """Whether callers of the released messages would break; buf prints where."""
    return run_buf("breaking", image, "--against", RELEASED, "--config", CONFIG) != 0


def run_buf(*arguments: str | Path) -> int:
    """The exit status of buf, which speaks on its own."""
    return subprocess.run([TOOLS / "buf", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
