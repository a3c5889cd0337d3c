#!/bin/bash
# What the mote command says and does when something is wrong, and the shape of what it prints when all is well.
#   tests/models/cli_test.sh [build/mote]
# The last line is "N passed, N failed"; what this machine cannot try is named as skipped above it.
cd "$(dirname "$0")/../.." || exit 1
mote=${1:-build/mote}
[[ $mote == /* ]] || mote=$PWD/$mote
models=$PWD/tests/models
graph=$models/tflite/mlp_float32 cnn=$models/tflite/cnn_int8 program=$models/torch/mlp_traced
work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0
unset MOTE_CPU

result() { # OK WHAT DETAIL
  if [ "$1" = yes ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s: %s\n' "$2" "$3"
  fi
}

# refuses WHAT STATUS PATTERN COMMAND...: the exit status, nothing on standard output, and one message that matches.
refuses() {
  local what=$1 status=$2 pattern=$3 rc ok=yes
  shift 3
  timeout 60 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
  rc=$?
  [ $rc -eq "$status" ] || ok=no
  [ -s "$work/stdout" ] && ok=no
  [ "$(grep -c '^mote' "$work/stderr")" -eq 1 ] || ok=no
  grep -qE -- "$pattern" "$work/stderr" || ok=no
  result $ok "$what" "status $rc, wanted $status and /$pattern/: $(head -n 2 "$work/stderr" | cut -c1-300)"
}

# gives WHAT PATTERN COMMAND...: exit status 0, nothing on standard error, and standard output that matches.
gives() {
  local what=$1 pattern=$2 rc ok=yes
  shift 2
  timeout 60 "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
  rc=$?
  { [ $rc -eq 0 ] && [ ! -s "$work/stderr" ]; } || ok=no
  grep -qE -- "$pattern" "$work/stdout" || ok=no
  result $ok "$what" "status $rc, wanted /$pattern/: $(head -n 3 "$work/stdout" "$work/stderr" | cut -c1-300)"
}

json_has() { # WHAT FILE KEY...
  local what=$1 file=$2 key missing=
  shift 2
  for key in "$@"; do grep -q "\"$key\":" "$file" || missing="$missing $key"; done
  result "$([ -z "$missing" ] && echo yes || echo no)" "$what" "lacks:$missing"
}

# npy FILE DESCR SHAPE BYTES: an array of zeros.
npy() {
  local header="{'descr': '$2', 'fortran_order': False, 'shape': ($3), }"
  while [ $(((${#header} + 11) % 64)) -ne 0 ]; do header="$header "; done
  local n=$((${#header} + 1))
  printf '\x93NUMPY\x01\x00' >"$1"
  printf "\\x$(printf %02x $((n & 255)))\\x$(printf %02x $((n >> 8)))" >>"$1"
  printf '%s\n' "$header" >>"$1"
  head -c "$4" /dev/zero >>"$1"
}

# ------------------------------------------------------------------------------------------- the command line

refuses "no command" 2 'usage: mote' bash -c "'$mote' 2> >(sed 's/^usage/mote: usage/' >&2); exit \$?"
refuses "unknown command" 2 'no command "benhc"; did you mean bench' "$mote" benhc
for word in convert diff debug trim codegen; do refuses "$word" 2 'not in this version' "$mote" $word; done
refuses "unknown option" 2 'no option --thread; did you mean --threads' "$mote" run a b --thread 3
refuses "word for a number" 2 '--threads takes a whole number' "$mote" bench a --threads two
refuses "number with a tail" 2 '--seconds takes a number' "$mote" bench a --seconds 1s
refuses "negative number" 2 '--top takes a whole number' "$mote" run a b --top -1
refuses "number out of range" 2 '--threads takes a whole number' "$mote" bench a --threads 99999999999999999999
refuses "unknown precision" 2 '--precision takes one of' "$mote" bench a --precision exact
refuses "unknown record mode" 2 '--record takes one of' "$mote" run a --out x --record maybe
refuses "unknown pass" 2 'no pass "fussion"; the passes are' "$mote" bench a --no-pass fussion
refuses "unknown delegate" 2 'no delegate "gpu"' "$mote" bench a --delegate gpu
refuses "unknown CPU level" 2 'MOTE_CPU' env MOTE_CPU=avx9 "$mote" inspect "$graph/model.tflite"
refuses "value missing" 2 '--threads needs' "$mote" bench a --threads
refuses "a word too many" 2 'one word too many' "$mote" inspect a b
refuses "too few words" 2 'too few words' "$mote" inspect
refuses "bad shape" 2 '--shape takes sizes' "$mote" bench a --shape 1,x
refuses "bad mean" 2 '--mean takes' "$mote" run a b --mean 1,zwei,3
refuses "nowhere to write" 2 '--out' "$mote" run a
refuses "inspect --html" 2 'not in this version' "$mote" inspect a --html b
gives "help" 'usage: mote' "$mote" help
gives "help on a command" '--per-node' "$mote" help bench
gives "--help after a command" '--labels' "$mote" run --help
gives "version" '^mote [0-9]+\.[0-9]+\.[0-9]+$' "$mote" --version

# ------------------------------------------------------------------------------------------- files

refuses "missing model" 1 'none\.tflite.*No such file' "$mote" inspect "$work/none.tflite"
refuses "folder as a model" 1 "$work" "$mote" inspect "$work"
: >"$work/empty.tflite"
refuses "empty model" 1 'empty' "$mote" inspect "$work/empty.tflite"
printf 'hello, this is no model' >"$work/text.tflite"
refuses "text as a model" 1 'text\.tflite' "$mote" inspect "$work/text.tflite"
refuses "cut-off model" 1 'model\.tflite' "$mote" inspect "$models/tflite/truncated/model.tflite"
refuses "unknown signature" 1 'no signature "nope"' "$mote" run "$graph/model.tflite" --signature nope --out "$work/o"
refuses "unknown method" 1 'no method "nope"' "$mote" run "$program/model.pt" --method nope --out "$work/o"

run=("$mote" run "$graph/model.tflite" --out "$work/o")
refuses "missing input file" 1 'none\.npy.*No such file' "${run[@]}" --in "$work/none.npy"
refuses "input that is no .npy" 1 'not an .npy file' "${run[@]}" --in "$graph/model.tflite"
refuses "no input" 1 'input 0 .* is missing' "${run[@]}"
refuses "too many inputs" 1 'takes 1' "${run[@]}" --in "$graph/in0.npy" --in "$graph/in0.npy"
refuses "unknown input name" 1 'no input "nobody"' "${run[@]}" --in "nobody=$graph/in0.npy"
npy "$work/i32.npy" '<i4' '1, 4' 16
refuses "type of an input" 1 'int32.*float32' "${run[@]}" --in "$work/i32.npy"
npy "$work/rank.npy" '<f4' '1, 2, 2, 2, 1' 32
refuses "shape of an input" 1 'float32\[1, 2, 2, 2, 1\]' "${run[@]}" --in "$work/rank.npy"
npy "$work/short.npy" '<f4' '100, 100' 16
refuses "cut-off .npy" 1 'needs 10000 elements' "${run[@]}" --in "$work/short.npy"
npy "$work/object.npy" '|O' '1,' 8
refuses "objects in .npy" 1 'data type "\|O"' "${run[@]}" --in "$work/object.npy"
npy "$work/huge.npy" '<f4' '4294967296, 4294967296, 4294967296' 8
refuses "huge .npy" 1 'too many elements' "${run[@]}" --in "$work/huge.npy"
refuses "broken case" 1 'line 1' "$mote" run "$graph/model.tflite" --case "$work/text.tflite" --out "$work/o"

gives "run on .npy" '' bash -c "'$mote' run '$graph/model.tflite' --in '$graph/in0.npy' --out '$work/new/folder' && echo done"
result "$([ -s "$work/new/folder/out0.npy" ] && echo yes || echo no)" "out0.npy is written" "it is not there"
gives "run --json -v" 'plan_us' bash -c "'$mote' run '$graph/model.tflite' --in '$graph/in0.npy' --out '$work/o' --json -v 2>/dev/null"
json_has "keys of run" "$work/stdout" plan_us pack_us plans plan_hits vm_instructions outputs
gives "run --case" 'calls' bash -c "'$mote' run '$graph/model.tflite' --case '$graph/case.json' --out '$work/c' && cat '$work/c/result.json'"

# ------------------------------------------------------------------------------------------- writing

cat >"$work/full.sh" <<'EOF'
mount -t tmpfs -o size=4k none "$2" && head -c 8192 /dev/zero >"$2/fill" 2>/dev/null
exec "$1" run "$3/model.tflite" --in "$3/in0.npy" --out "$2"
EOF
mkdir "$work/full" "$work/locked"
if unshare -m true 2>/dev/null; then
  refuses "full disk" 1 'out0\.npy: cannot write: No space left' unshare -m bash "$work/full.sh" "$mote" "$work/full" "$graph"
else
  # A limit on the size of files fails writes in the same place.
  refuses "file size limit" 1 'out0\.npy: cannot write' bash -c "set -o pipefail; (ulimit -f 0; exec '$mote' run '$graph/model.tflite' \
    --in '$graph/in0.npy' --out '$work/full' 2>&1) | cat >&2"
  echo "skipped: full disk: mounting needs root"
fi
result "$([ -z "$(ls "$work/full")" ] && echo yes || echo no)" "nothing is left on a full disk" "$(ls "$work/full")"
chmod a-w "$work/locked"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null && setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$graph/in0.npy" -a -x "$mote" 2>/dev/null; then
  chmod a+rx "$work"
  refuses "read-only folder" 1 'Permission denied' setpriv --reuid=65534 --regid=65534 --clear-groups "$mote" run "$graph/model.tflite" --in "$graph/in0.npy" --out "$work/locked"
elif [ "$(id -u)" -ne 0 ]; then
  refuses "read-only folder" 1 'Permission denied' "$mote" run "$graph/model.tflite" --in "$graph/in0.npy" --out "$work/locked"
else
  echo "skipped: read-only folder: root may write everywhere"
fi
printf 'x' >"$work/file"
refuses "file where the folder goes" 1 'cannot make the folder' "$mote" run "$graph/model.tflite" --in "$graph/in0.npy" --out "$work/file"
if [ -e /dev/full ]; then
  "$mote" inspect "$graph/model.tflite" >/dev/full 2>"$work/stderr"
  rc=$?
  result "$([ $rc -eq 1 ] && grep -q 'standard output' "$work/stderr" && echo yes || echo no)" "full standard output" "status $rc"
fi

# ------------------------------------------------------------------------------------------- pictures

photo=examples/chelsea.jpg classifier=examples/efficientnet_lite0_int8.tflite labels=examples/imagenet_labels.txt
refuses "missing picture" 1 'none\.jpg.*No such file' "$mote" run $classifier "$work/none.jpg"
refuses "text as a picture" 1 'not a JPEG, PNG or BMP' "$mote" run $classifier "$work/text.tflite"
head -c 300 $photo >"$work/cut.jpg"
refuses "cut-off picture" 1 'JPEG' "$mote" run $classifier "$work/cut.jpg"
printf 'BM\0\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\377\377\377\177\377\377\377\177\1\0\30\0' >"$work/huge.bmp"
head -c 60 /dev/zero >>"$work/huge.bmp"
refuses "huge picture" 1 'BMP' "$mote" run $classifier "$work/huge.bmp"
refuses "picture for a model without one" 1 'picture' "$mote" run "$graph/model.tflite" $photo
refuses "missing labels" 1 'none\.txt.*No such file' "$mote" run $classifier $photo --labels "$work/none.txt"
head -n 999 $labels >"$work/labels.txt"
refuses "labels of another length" 1 '999 labels, the model has 1000 classes' "$mote" run $classifier $photo --labels "$work/labels.txt"
gives "classify" 'cat|tabby' "$mote" run $classifier $photo --labels $labels --top 3
result "$([ "$(wc -l <"$work/stdout")" -eq 3 ] && echo yes || echo no)" "--top 3" "$(wc -l <"$work/stdout") lines"

# ------------------------------------------------------------------------------------------- bench, inspect, check

for model in "$graph/model.tflite" "$program/model.pt"; do
  gives "bench ${model##*/}" 'median_us' "$mote" bench "$model" --in "${model%/*}/in0.npy" --seconds 0.01 --json
  json_has "keys of bench ${model##*/}" "$work/stdout" model threads precision runs min_us median_us p90_us cpu_us plan_us pack_us \
    load_us first_us arena_bytes weights_bytes peak_rss_kib cpu
  gives "bench --per-node ${model##*/}" '"nodes"' "$mote" bench "$model" --in "${model%/*}/in0.npy" --seconds 0.01 --json --per-node
  gives "inspect ${model##*/}" 'operators' "$mote" inspect "$model"
  gives "inspect --json ${model##*/}" 'format' "$mote" inspect "$model" --json
  json_has "keys of inspect ${model##*/}" "$work/stdout" model format methods inputs outputs operators missing compiled
done
gives "bench without inputs" 'median' "$mote" bench "$graph/model.tflite" --seconds 0
refuses "bench of a program without inputs" 1 '--in FILE.npy or --shape' "$mote" bench "$program/model.pt"
gives "check" '^[0-9]+ passed, 0 failed$' "$mote" check "$graph"
cp -r "$graph" "$work/key"
chmod -R u+w "$work/key"
sed -i 's/"inputs"/"surprise": 1, "inputs"/' "$work/key/case.json"
refuses "check without cases" 1 'no case.json' "$mote" check "$work/locked"
refuses "check of a missing folder" 1 'No such file' "$mote" check "$work/none"
"$mote" check "$work/key" >"$work/stdout" 2>&1
result "$([ $? -eq 1 ] && grep -q 'unknown key "surprise"' "$work/stdout" && [ "$(tail -n 1 "$work/stdout")" = "0 passed, 1 failed" ] && echo yes || echo no)" \
  "unknown key in a case" "$(tail -n 2 "$work/stdout")"
sed -i 's/"surprise": 1, //; s/"atol": *[0-9.e+-]*/"atol": 0/; s/"rtol": *[0-9.e+-]*/"rtol": 0/' "$work/key/case.json"
cp "$work/key/in0.npy" "$work/key/out0.npy" 2>/dev/null
"$mote" check "$work/key" >"$work/stdout" 2>&1
result "$([ $? -eq 1 ] && grep -q '^FAIL' "$work/stdout" && echo yes || echo no)" "a wrong result fails" "$(tail -n 2 "$work/stdout")"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
