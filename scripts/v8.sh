#!/bin/sh
# Finds the prebuilt archive of V8 that functions need, and says in one line what it found.
#
#   v8.sh choose FILE      what cargo is to be run with, as shell variables, into FILE
#   v8.sh check [ARCHIVE]  proves that an archive fits, by running JavaScript on it
#
# `V8=none` builds without functions. An archive that does not fit ends with status 1, in
# place of thousands of lines from the linker.
set -eu
cd "$(dirname "$0")/.."

# Seconds that the place of the archives has to answer in.
ASK_SECONDS=5
ORIGIN=https://github.com/denoland/rusty_v8/releases/download

crate=$(awk '$0 == "name = \"v8\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)
target=${CARGO_BUILD_TARGET:-$(${RUSTC:-rustc} -vV | sed -n 's/^host: //p')}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# `deno_core` asks for the feature `simdutf` of the crate, hence this part of the names.
binding=src_binding_simdutf_release_$target.rs
name=librusty_v8_simdutf_release_$target.a.gz
url=${RUSTY_V8_MIRROR:-$ORIGIN}/v$crate/$name
# What the crate's build script calls a download that it keeps.
cached=$cargo_home/.rusty_v8/$(printf %s "$url" | LC_ALL=C tr -c '[:alnum:]' _)

# The version of V8 that the crate was made for: its bindings name it. Before cargo has
# unpacked the crate only the beginning is known: 150.4.0 is made for some 15.0.
wanted=$(cat "$cargo_home"/registry/src/*/"v8-$crate/gen/$binding" 2>/dev/null |
    sed -n 's/.*v8__VERSION_STRING.*c"\([0-9.]*\)-rusty".*/\1/p' | head -n 1)
major=${crate%%.*}
wanted=${wanted:-${major%?}.${major#"${major%?}"}.}

# Prints why the archive is refused, where it was looked for, and ends.
refuse() {
    cat >&2 <<TEXT
V8: $1
  needed:    $name
             of the crate v8 $crate, which holds V8 ${wanted%.}
  looked in: RUSTY_V8_ARCHIVE (${RUSTY_V8_ARCHIVE:-not set}), $cached,
             vendor/v8/, ../shared/v8/
  Put that archive there, or build without functions: make V8=none
TEXT
    exit 1
}

# The archive, wherever it lies; nothing when it lies nowhere.
find_archive() {
    if [ -n "${RUSTY_V8_ARCHIVE:-}" ]; then
        printf '%s\n' "$RUSTY_V8_ARCHIVE"
        return
    fi
    for place in "$cached" "vendor/v8/$name" "vendor/v8/${name%.gz}" \
        "../shared/v8/$name" "../shared/v8/${name%.gz}"; do
        if [ -e "$place" ]; then
            printf '%s\n' "$place"
            return
        fi
    done
}

# Whether the build itself could download the archive.
is_offered() {
    if command -v curl >/dev/null; then
        curl --silent --fail --head --location --max-time "$ASK_SECONDS" "$url" >/dev/null 2>&1
    elif command -v wget >/dev/null && command -v "${PYTHON:-python3}" >/dev/null; then
        # The crate downloads with Python or curl, so wget alone is not enough.
        wget --quiet --spider --tries=1 --timeout="$ASK_SECONDS" "$url" >/dev/null 2>&1
    else
        return 1
    fi
}

# The archive's content, with a line that no archive holds where it cannot be read whole.
unpacked() {
    if [ "$(od -An -tx1 -N2 "$1" | tr -d ' ')" = 1f8b ]; then
        gzip -dc "$1" 2>/dev/null || printf '\ndamaged=archive\n'
    else
        cat "$1"
    fi
}

# Reads the archive once, which takes a second, and refuses one that is damaged, of another
# V8, of another processor, or built without what `deno_core` needs.
verify() {
    [ -f "$1" ] && [ -r "$1" ] || refuse "there is no file $1"
    case $1 in
    */librusty_v8_*"$target"*) ;;
    */librusty_v8_*-*) refuse "$1 is for another target than $target" ;;
    esac
    marks=$(unpacked "$1" | LC_ALL=C grep -a -o -e '[0-9][0-9.]*-rusty' -e 'simdutf__utf8' \
        -e '^damaged=archive' | LC_ALL=C sort -u)
    case $marks in
    *damaged=archive*) refuse "$1 is damaged: gzip cannot read it to its end" ;;
    esac
    held=$(printf '%s\n' "$marks" | sed -n 's/-rusty$//p' | tr '\n' ' ')
    held=${held% }
    [ -n "$held" ] || refuse "$1 is no archive of V8"
    case $held in
    "$wanted" | "${wanted%.}".*) ;;
    *) refuse "$1 holds V8 $held" ;;
    esac
    case $marks in
    *simdutf*) ;;
    *) refuse "$1 was built without simdutf" ;;
    esac
}

# Verifies once, until its bytes are others. The stamp lies beside what was chosen.
verify_once() {
    stamp=$2.checked
    identity="$crate $wanted $target $(cksum "$1" 2>/dev/null || true)"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$identity" ]; then
        return
    fi
    verify "$1"
    printf '%s\n' "$identity" >"$stamp"
}

absolute() {
    printf '%s/%s\n' "$(cd "$(dirname "$1")" && pwd -P)" "$(basename "$1")"
}

choose() {
    mkdir -p "$(dirname "$1")"
    echo 'export FAZT_FEATURES=' >"$1.new"
    archive=$(find_archive)
    if [ "${V8:-}" = none ]; then
        echo 'functions: none, as V8=none asks'
    elif [ -z "$archive" ] && is_offered; then
        echo "functions: V8 $crate (the build downloads its archive)"
        echo "export FAZT_FEATURES='--features v8'" >"$1.new"
    elif [ -z "$archive" ]; then
        echo "functions: none, since V8's archive was not found; see CONTRIBUTING.md"
    elif [ "${archive#http}" != "$archive" ]; then
        echo "functions: V8 $crate (the build downloads $archive)"
        echo "export FAZT_FEATURES='--features v8'" >"$1.new"
    else
        verify_once "$archive" "$1"
        echo "functions: V8 $crate (archive $archive)"
        quoted=$(absolute "$archive" | sed "s/'/'\\\\''/g")
        printf "export FAZT_FEATURES='--features v8' RUSTY_V8_ARCHIVE='%s'\n" "$quoted" >"$1.new"
    fi
    mv "$1.new" "$1"
}

# Links a program with the archive, for itself, and runs it.
check() {
    archive=${1:-$(find_archive)}
    [ -n "$archive" ] || refuse 'there is no archive to check'
    verify "$archive"
    dir=target/v8-check
    mkdir -p "$dir"
    # Cargo does not see that a file of the same name is another one.
    rm -rf "$dir/target/debug/build" "$dir/target/debug/gn_out"
    cp Cargo.lock "$dir/"
    cat >"$dir/Cargo.toml" <<TEXT
[workspace]
[package]
name = "v8-check"
version = "0.0.0"
edition = "2024"
[[bin]]
name = "v8-check"
path = "../../scripts/v8_check.rs"
[dependencies.v8]
version = "=$crate"
default-features = false
features = ["simdutf", "use_custom_libcxx"]
TEXT
    RUSTY_V8_ARCHIVE=$(absolute "$archive")
    export RUSTY_V8_ARCHIVE
    if ! ${CARGO:-cargo} run --quiet --manifest-path "$dir/Cargo.toml" \
        --target-dir "$dir/target" >"$dir/log" 2>&1; then
        tail -n 5 "$dir/log" | cut -c 1-300 >&2
        refuse "a program with $archive does not link or run; all of it: $dir/log"
    fi
    echo "V8 $(tail -n 1 "$dir/log") runs from $archive: it fits the crate v8 $crate"
}

case ${1:-} in
choose) choose "$2" ;;
check) check "${2:-}" ;;
*)
    echo 'usage: v8.sh choose FILE | check [ARCHIVE]' >&2
    exit 2
    ;;
esac
