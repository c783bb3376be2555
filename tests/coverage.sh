#!/usr/bin/env bash
# How many lines of src/sms and src/at the corpora of the fuzz targets reach, per file and together.
# The targets are built with coverage instead of fuzzing and read each file of their corpus once.
# `tests/coverage.sh missed` shows the lines that nothing reached. Needs the component llvm-tools.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(dirname "$(find "$(rustc --print sysroot)" -name llvm-cov)")
out=$(realpath -m "${CARGO_TARGET_DIR:-target}")/coverage
mkdir -p "$out" && rm -f "$out"/*.profraw
export LLVM_PROFILE_FILE="$out/%p-%m.profraw"
# Build programs are instrumented as well; what they leave is of no interest.
RUSTFLAGS="-C instrument-coverage" \
  cargo build --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir "$out"
rm -f "$out"/*.profraw

objects=()
for corpus in fuzz/corpus/*/; do
  target=$(basename "$corpus")
  "$out/debug/$target" "$corpus"* >"$out/$target.log" 2>&1 || { tail -30 "$out/$target.log"; exit 1; }
  objects+=(-object "$out/debug/$target")
done
"$tools/llvm-profdata" merge --sparse "$out"/*.profraw -o "$out/all.profdata"
rm -f "$out"/*.profraw

"$tools/llvm-cov" export -format=lcov "${objects[@]}" -instr-profile "$out/all.profdata" 2>/dev/null |
  awk -F '[:,]' -v root="$PWD/fuzz/../" -v missed="${1:-}" '
    function share(hit, all) { return sprintf("%6.2f %% %5d of %5d", 100 * hit / all, hit, all) }
    /^SF:/ { file = substr($2, length(root) + 1); wanted = index($2, root) && file ~ /^src\/(sms|at)\// }
    !wanted { next }
    /^DA:/ { total++; here++; if ($3 > 0) { reached++; seen++ } else if (missed) print file ":" $2 }
    /^end_of_record/ { if (here && !missed) print share(seen, here), file; here = seen = 0 }
    END { if (!missed) print share(reached, total), "all" }'
