#!/bin/sh
# Runs all tests and prints how many there were. Fails when one fails. FAZT_FEATURES holds
# what `scripts/v8.sh` found.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# Split on purpose: `--features v8` are two words, and none without V8.
# shellcheck disable=SC2086
{ ${CARGO:-cargo} test --workspace --no-fail-fast ${FAZT_FEATURES:-} 2>&1 ||
    echo "cargo test failed" >>"$log.failed"; } | tee "$log"
[ ! -e "$log.failed" ] || status=1
rm -f "$log.failed"
awk '/^test result:/ { passed += $4; failed += $6 }
     END { printf "%d passed, %d failed\n", passed, failed }' "$log"
exit $status
