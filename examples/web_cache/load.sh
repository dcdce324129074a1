#!/usr/bin/env bash
# Measures the numbers of the tables in the README, with wrk as the second process: `bash load.sh`.
# It needs wrk (Debian: apt-get install wrk), sends traffic only to 127.0.0.1, and takes about a minute.
set -euo pipefail
cd "$(dirname "$0")"
command -v wrk >/dev/null || { echo "wrk is missing; on Debian: apt-get install wrk" >&2; exit 1; }
cargo build --release --quiet
program=${CARGO_TARGET_DIR:-target}/release/web_cache
seconds=5
server=
trap '[ -z "$server" ] || kill "$server"' EXIT

# Starts the service with the given options; sets $server and $port.
start() {
    local line
    exec {log}< <(exec "$program" serve --port 0 "$@")
    server=$!
    read -r line <&"$log"
    port=$(sed 's|.*127.0.0.1:\([0-9]*\)/.*|\1|' <<<"$line")
}

stop() {
    kill -INT "$server"
    exec {log}<&-
    server=
}

# Fetches a path of the service.
fetch() {
    exec {socket}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&"$socket"
    cat <&"$socket"
    exec {socket}>&-
}

stat() {
    fetch /stats | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

echo "| $seconds seconds of wrk, 64 connections | requests | SQL queries | requests a query |"
echo "| --- | ---: | ---: | ---: |"
for path in /search/waker /articles/7; do
    for option in --no-coalescing ""; do
        # shellcheck disable=SC2086 # No option is no word.
        start $option
        wrk -t1 -c64 -d${seconds}s "http://127.0.0.1:$port$path" >/dev/null
        requests=$(stat requests) queries=$(stat queries)
        printf '| `%s`%s | %d | %d | %s |\n' "$path" "${option:+, \`$option\`}" "$requests" "$queries" "$(awk "BEGIN { printf \"%.1f\", $requests / $queries }")"
        stop
    done
done

echo
echo "| $seconds seconds of wrk on \`/articles/7\`, 8 connections, one worker thread | requests | median | 99 % |"
echo "| --- | ---: | ---: | ---: |"
# $1: a label, $2: how many active jobs the pool may have (empty for its default), $3: how many slow queries run
row() {
    local result
    [ -z "$2" ] || export SMARTASYNC_OFFLOAD_THREADS=$2
    start --workers 1
    unset SMARTASYNC_OFFLOAD_THREADS
    for ((slow = 0; slow < $3; slow++)); do
        exec {held}<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /report/4000000000 HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$held"
    done
    until [ "$(stat running)" = "$3" ]; do :; done
    result=$(wrk -t1 -c8 -d${seconds}s --latency "http://127.0.0.1:$port/articles/7")
    printf '| %s | %s | %s | %s |\n' "$1" "$(awk '/requests in/ { print $1 }' <<<"$result")" \
        "$(awk '$1 == "50%" { print $2 }' <<<"$result")" "$(awk '$1 == "99%" { print $2 }' <<<"$result")"
    # The slow query would delay an orderly end.
    kill -KILL "$server"
    server=
}
row "no slow query" "" 0
row "one slow query runs all the time" "" 1
row "one slow query runs, in a pool of one job at a time" 1 1
rm -f "${TMPDIR:-/tmp}"/web_cache.*.sqlite
