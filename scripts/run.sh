#!/bin/sh
# Starts a node of its own on http://localhost:8080 (PORT says otherwise), deploys
# examples/hello to it, and stays until Ctrl-C. Data and client settings lie in
# the folder given second, apart from those of the user.
set -eu
fazt=$1
folder=$2
port=${PORT:-8080}
mkdir -p "$folder/config"
export XDG_CONFIG_HOME="$PWD/$folder/config"
unset FAZT_TOKEN FAZT_DB_PATH FAZT_DOMAIN
export PORT="$port"

"$fazt" server start --db "$folder/data.db" &
node=$!
trap 'kill -INT "$node" 2>/dev/null || true' INT TERM
tries=0
until "$fazt" deploy examples/hello --db "$folder/data.db" >/dev/null 2>&1; do
    kill -0 "$node" 2>/dev/null || exit 1
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo "the node does not answer" >&2; kill "$node"; exit 1; }
    sleep 0.1
done
cat <<TEXT

  app        http://hello.localhost:$port
  dashboard  http://localhost:$port
  data       $folder/data.db

  Deploy another folder:  $fazt deploy DIR --db $folder/data.db
  Stop with Ctrl-C.

TEXT
# The first wait ends with the signal; the second waits for the node's own end.
wait "$node" || wait "$node" || true
