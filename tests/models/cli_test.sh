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

refuses "no command" 2 'usage: mote' bash -c "set -o pipefail; '$mote' 2>&1 | sed 's/^usage/mote: usage/' >&2"
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
refuses "two means" 2 '--mean takes one number or three' "$mote" run a b --mean 1,2
refuses "four means" 2 '--mean takes one number or three' "$mote" run a b --mean 1,2,3,4
refuses "deviation of nothing" 2 '--std takes numbers above 0' "$mote" run a b --std 1,0,1
refuses "bad size" 2 '--size takes HEIGHTxWIDTH' "$mote" run a b --size 12
refuses "size of nothing" 2 '--size takes HEIGHTxWIDTH' "$mote" run a b --size 0x4
refuses "unknown layout" 2 '--layout takes one of' "$mote" run a b --layout nwhc
refuses "size without a picture" 2 'are for pictures' "$mote" run a --out x --size 3x3
refuses "layout without a picture" 2 'are for pictures' "$mote" run a --out x --layout nchw
refuses "empty folder name" 2 '--out takes a folder' "$mote" run a --out ''
refuses "picture and case" 2 'brings its own inputs' "$mote" run a b --case c --out x
refuses "picture and inputs" 2 'not both' "$mote" run a b --in c
for bad in 0 257 -1 0x2 '1 ' ''; do refuses "threads '$bad'" 2 '--threads takes a whole number' "$mote" bench a --threads "$bad"; done
for bad in -1 nan inf 1e99 '' 1,5; do refuses "seconds '$bad'" 2 '--seconds takes a number' "$mote" bench a --seconds "$bad"; done
for bad in 0 x ''; do refuses "top '$bad'" 2 '--top takes a whole number' "$mote" run a b --top "$bad"; done
for bad in '' 1,-2 1,,2 1.5 1,1,1,1,1,1,1,1,1 99999999999999999999; do
  refuses "shape '$bad'" 2 '--shape takes sizes' "$mote" bench a --shape "$bad"
done
refuses "jobs of nothing" 2 '--jobs takes a whole number' "$mote" check --jobs 0 a
refuses "flag with a value" 2 'takes no value' "$mote" run a --out x --json=yes
for word in run check bench inspect; do refuses "unknown option of $word" 2 "mote $word: no option --nope" "$mote" $word a --nope; done
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

npy "$work/half.npy" '<f2' '3, 20' 120
refuses "half floats for floats" 1 'holds float16.*takes float32' "${run[@]}" --in "$work/half.npy"
npy "$work/long.npy" '<f16' '3, 20' 960
refuses "long doubles in .npy" 1 'data type "<f16" is not supported' "${run[@]}" --in "$work/long.npy"
npy "$work/date.npy" '<M8[D]' '3,' 24
refuses "dates in .npy" 1 'data type "<M8\[D\]"' "${run[@]}" --in "$work/date.npy"
npy "$work/negative.npy" '<f4' '3, -20' 240
refuses "negative size in .npy" 1 'not a size' "${run[@]}" --in "$work/negative.npy"
head -c 30 "$graph/in0.npy" >"$work/header.npy"
refuses "cut-off header of .npy" 1 'header is cut off' "${run[@]}" --in "$work/header.npy"
refuses "folder as an input" 1 'is a folder' "${run[@]}" --in "$work"
refuses "input given twice" 1 'given twice' "${run[@]}" --in "x=$graph/in0.npy" --in "x=$graph/in0.npy"

# Other orders of memory (its shape is what counts: 12 rows) and of bytes.
sed "s/'fortran_order': False, 'shape': (3, 12)/'fortran_order': True,  'shape': (12, 3)/" "$program/in0.npy" >"$work/columns.npy"
refuses "columns first" 1 '12x3 and 12x20' "$mote" run "$program/model.pt" --out "$work/o" --in "$work/columns.npy"
{ head -c 128 "$graph/in0.npy" | sed "s/<f4/>f4/"; tail -c 240 "$graph/in0.npy" | xxd -p -c 4 | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/' | xxd -r -p; } >"$work/swapped.npy" 2>/dev/null
if [ "$(wc -c <"$work/swapped.npy")" -eq 368 ]; then
  "$mote" run "$graph/model.tflite" --in "$graph/in0.npy" --out "$work/plain"
  "$mote" run "$graph/model.tflite" --in "$work/swapped.npy" --out "$work/swapped"
  result "$(cmp -s "$work/plain/out0.npy" "$work/swapped/out0.npy" && echo yes || echo no)" "big endian .npy is read right" "outputs differ"
else
  echo "skipped: big endian .npy: xxd is missing"
fi

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
mkdir -p "$work/taken/out0.npy" "$work/taken/result.json"
refuses "folder where a file goes" 1 'out0\.npy: cannot write: Is a directory' "$mote" run "$graph/model.tflite" --in "$graph/in0.npy" --out "$work/taken"
refuses "folder where the report goes" 1 'result\.json: cannot write: Is a directory' "$mote" run "$graph/model.tflite" \
  --case "$graph/case.json" --out "$work/taken"

# cannot_print WHAT SHELL_WORDS COMMAND...: standard output that takes nothing is an error, said once.
cannot_print() {
  local what=$1 where=$2 rc
  shift 2
  timeout 60 bash -c "set -o pipefail; { sleep 0.2; \"\$@\"; } $where" - "$@" 2>"$work/stderr" </dev/null
  rc=$?
  result "$([ $rc -eq 1 ] && [ "$(grep -c '^mote: cannot write to standard output' "$work/stderr")" -eq 1 ] && echo yes || echo no)" \
    "$what" "status $rc: $(head -n 2 "$work/stderr")"
}
for word in "inspect $graph/model.tflite" "inspect $graph/model.tflite --json" "check $graph" help --version \
  "bench $graph/model.tflite --seconds 0 --json" "run $graph/model.tflite --in $graph/in0.npy --out $work/o --json"; do
  # shellcheck disable=SC2086
  if [ -e /dev/full ]; then cannot_print "full standard output, ${word%% *}" '>/dev/full' "$mote" $word; fi
  # shellcheck disable=SC2086
  cannot_print "closed standard output, ${word%% *}" '>&-' "$mote" $word
  # shellcheck disable=SC2086
  cannot_print "closed pipe, ${word%% *}" '| true' "$mote" $word
done
gives "closed standard input" 'done' bash -c "'$mote' run '$graph/model.tflite' --in '$graph/in0.npy' --out '$work/o' <&- && echo done"

# ------------------------------------------------------------------------------------------- pictures

photo=examples/chelsea.jpg classifier=examples/efficientnet_lite0_int8.tflite labels=examples/imagenet_labels.txt
refuses "missing picture" 1 'none\.jpg.*No such file' "$mote" run $classifier "$work/none.jpg"
refuses "text as a picture" 1 'not a JPEG, PNG or BMP' "$mote" run $classifier "$work/text.tflite"
head -c 300 $photo >"$work/cut.jpg"
refuses "cut-off picture" 1 'JPEG' "$mote" run $classifier "$work/cut.jpg"
head -c $(($(wc -c <$photo) / 2)) $photo >"$work/half.jpg"
refuses "half a picture" 1 'half\.jpg: JPEG: Premature end' "$mote" run $classifier "$work/half.jpg"
refuses "empty picture" 1 'not a JPEG, PNG or BMP' "$mote" run $classifier "$work/empty.tflite"
refuses "folder as a picture" 1 'is a folder' "$mote" run $classifier "$work"
refuses "device as a picture" 1 'not an ordinary file' "$mote" run $classifier /dev/zero

# png NAME SIZE: the signature, and a header that claims SIZE (eight bytes, escaped) without a right checksum.
png() { printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR%b\x08\x02\0\0\0\0\0\0\0' "$2" >"$1"; }
png "$work/crc.png" '\0\0\0\x08\0\0\0\x08'
refuses "broken PNG" 1 'crc\.png: PNG' "$mote" run $classifier "$work/crc.png"
printf '\x89PNG\r\n\x1a\n' >"$work/cut.png"
refuses "cut-off PNG" 1 'cut\.png: PNG' "$mote" run $classifier "$work/cut.png"
printf '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x02\0\0\0\xbb\x7e\x58\x27\0\0\0\0IDAT' >"$work/huge.png"
refuses "huge PNG" 1 'huge\.png: ' "$mote" run $classifier "$work/huge.png"
printf 'BM\0\0\0\0\0\0\0\0\66\0\0\0\50\0\0\0\377\377\377\177\377\377\377\177\1\0\30\0' >"$work/huge.bmp"
head -c 60 /dev/zero >>"$work/huge.bmp"
refuses "huge picture" 1 'BMP' "$mote" run $classifier "$work/huge.bmp"
refuses "picture for a model without one" 1 'picture' "$mote" run "$graph/model.tflite" $photo
refuses "missing labels" 1 'none\.txt.*No such file' "$mote" run $classifier $photo --labels "$work/none.txt"
head -n 999 $labels >"$work/labels.txt"
refuses "labels of another length" 1 '999 labels, the model has 1000 classes' "$mote" run $classifier $photo --labels "$work/labels.txt"
gives "classify" 'cat|tabby' "$mote" run $classifier $photo --labels $labels --top 3
result "$([ "$(wc -l <"$work/stdout")" -eq 3 ] && echo yes || echo no)" "--top 3" "$(wc -l <"$work/stdout") lines"

# ------------------------------------------------------------------------------------------- terminals

# A bar for what takes longer than a second, on a terminal only; nothing on standard error otherwise.
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
  script -qec "'$mote' bench '$graph/model.tflite' --seconds 2.5" /dev/null >"$work/stdout" 2>&1 </dev/null
  result "$(grep -q 'measuring \[' "$work/stdout" && echo yes || echo no)" "progress on a terminal" "$(head -c 200 "$work/stdout")"
  script -qec "'$mote' inspect '$graph/model.tflite'" /dev/null >"$work/stdout" 2>&1 </dev/null
  result "$(grep -q ' \[[#.]*\]' "$work/stdout" && echo no || echo yes)" "no progress when it is quick" "$(head -c 200 "$work/stdout")"
else
  echo "skipped: progress bar: no program script, or no pseudo-terminal for it"
fi
gives "no progress without a terminal" 'median' "$mote" bench "$graph/model.tflite" --seconds 1.5

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
json_nodes() { # WHAT FILE: per-node rows have a time, a kernel and its ISA
  result "$(grep -q '"kernel"' "$2" && grep -q '"isa"' "$2" && echo yes || echo no)" "$1" "$(head -c 200 "$2")"
}
"$mote" bench "$graph/model.tflite" --seconds 0 --json --per-node >"$work/stdout"
json_nodes "rows of --per-node" "$work/stdout"
"$mote" bench "$graph/model.tflite" --seconds 0 --json >"$work/stdout"
result "$([ "$(sed -n 's/.*"runs": *\([0-9]*\).*/\1/p' "$work/stdout")" -ge 5 ] && echo yes || echo no)" "at least five runs" "$(grep runs "$work/stdout")"
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
