#!/usr/bin/env bash
# Runs the README's first command and then every implemented command of the command line against it,
# as a person would: real ports, exit codes looked at. Of the release build, or of the program named.
set -euo pipefail
cd "$(dirname "$0")/.."
simgate=${1:-}
if [ -z "$simgate" ]; then
  cargo build --release --locked
  simgate=${CARGO_TARGET_DIR:-target}/release/simgate
fi
work=$(mktemp -d)
demo=""
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

ok() { echo "+ simgate $*"; "$simgate" "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err"; echo "failed: simgate $*"; exit 1; }; }
fails() { # expected code, then the command
  local want=$1 got=0; shift
  "$simgate" "$@" >"$work/out" 2>"$work/err" || got=$?
  [ "$got" = "$want" ] || { cat "$work/out" "$work/err"; echo "simgate $*: exit $got, expected $want"; exit 1; }
  echo "+ simgate $* -> $want"
}
says() { grep -q -- "$1" "$work/out" || { cat "$work/out"; echo "expected to read: $1"; exit 1; }; }

# Without a gateway.
ok --version
ok pdu count "Grüße 👋"
ok pdu encode --to +447700900123 --text "Hello" --report
ok pdu encode --to +447700900123 --text "Hello" --json
ok pdu decode 0791447700090000040C9144770009103200006211219000008005E8329BFD06
says "hello"
fails 1 pdu decode ZZ
ok mail parse tests/golden/email/e54-mark.eml --authserv-id mx.example.org
says "| At ten."
fails 1 mail parse tests/golden/email/e39-auto-replied.eml
ok check-config --config config/simgate.toml
printf '[web]\nlisten = "nowhere"\nlissen = 1\n' >"$work/bad.toml"
fails 3 check-config --config "$work/bad.toml"
fails 4 messages --data "$work/none"
fails 2 frobnicate
ok completions bash
ok man "$work/man"
ok modems

# Emulated modems for somebody else's program.
mkfifo "$work/emulate.out"
"$simgate" emulate --modems 2 --link "$work/links" --control 127.0.0.1:0 >"$work/emulate.out" &
emulate=$!
ready=""
exec 4<"$work/emulate.out"
while read -r -t 30 line <&4; do [ "$line" = ready ] && { ready=yes; break; }; done
[ -n "$ready" ] || { echo "the emulator never said ready"; exit 1; }
echo "+ simgate emulate"
# At once: the modem is still starting, and the console waits for it.
ok at "$work/links/modem0" AT+CSQ --data "$work/none"
says "+CSQ: "
fails 1 at "$work/links/modem0" 'AT+CPIN="1234"' --data "$work/none"
kill "$emulate" 2>/dev/null || true; wait "$emulate" 2>/dev/null || true

printf '& b.at\n' >"$work/a.at"
printf '& a.at\n' >"$work/b.at"
fails 1 emulate --replay "$work/a.at" --link "$work/round"
fails 2 emulate --baud 7

# The README's demo. The pipe tells when it is ready; nothing is polled.
mkfifo "$work/demo.out"
"$simgate" demo --listen 127.0.0.1:0 --data "$work/data" >"$work/demo.out" 2>"$work/demo.err" &
demo=$!
exec 3<"$work/demo.out"
while read -r -t 30 line <&3; do
  echo "$line"
  case $line in *"ready http"*) url=$(grep -o 'http://[^ ]*' <<<"$line"); break ;; esac
done
[ -n "${url:-}" ] || { cat "$work/demo.err"; echo "the demo never said ready"; exit 1; }
cat <&3 >/dev/null &

curl -fsS "${url%/}/livez" >/dev/null
# A text on a SIM shows that the gateway knows the SIM, and may send on it.
exec 4< <("$simgate" messages --follow --data "$work/data")
read -r -t 30 arrived <&4 && [ -n "$arrived" ] || { cat "$work/demo.err"; echo "the handset's text never came"; exit 1; }
ok modems --data "$work/data" --json
ok token create ci --scope send --data "$work/data"
ok token list --data "$work/data"
ok user add Ada Lovelace --email ada@example.org --phone +447700900111 --role admin --data "$work/data"
ok user list --data "$work/data"
says "ada@example.org"
ok user disable ada@example.org --data "$work/data"
fails 2 user disable nobody@example.org --data "$work/data"
echo 'nine bells at noon' >"$work/password"
ok user password ada@example.org --password-file "$work/password" --data "$work/data"
fails 1 user password ada@example.org --data "$work/data" <<<'short'
ok user password ada@example.org --remove --data "$work/data"
ok export --number +447700900222 --data "$work/data"
ok erase --number +447700900222 --data "$work/data"
ok send --to +447700900123 --text "Hello from the command line" --data "$work/data" --wait
ok messages --data "$work/data"
says "Hello from the command line"
ok messages --data "$work/data" --json
ok queue --data "$work/data"
ok unknown list --data "$work/data"
ok trace "$work/data/modems/modem0" --data "$work/data"
ok trace "$work/data/modems/modem0" --out "$work/modem0.at" --numbers --data "$work/data"
ok at "$work/data/modems/modem0" AT+CSQ --data "$work/data"
fails 1 at "$work/data/modems/modem0" 'AT+CPIN="1234"' --data "$work/data"
fails 1 send --to nonsense --text x --data "$work/data"
ok doctor --data "$work/data" --json
says '"check":"network"'
ok backup "$work/copy.db" --data "$work/data"
fails 1 restore "$work/copy.db" --data "$work/data"

kill -TERM "$demo"; wait "$demo"; demo=""
ok verify --data "$work/data"
ok restore "$work/copy.db" --data "$work/data"
ok verify --data "$work/data"

# A recording, repeated for somebody else's program.
asked=$(grep -m1 '^> AT+C.*?$' "$work/modem0.at" | cut -c3-)
# Its first line may be the echo, which the console hides.
answered=$(grep -m1 -A3 -xF "> $asked" "$work/modem0.at" | sed -n 's/^< //p' | grep -vxF "$asked" | sed -n 1p)
mkfifo "$work/replay.out"
"$simgate" emulate --replay "$work/modem0.at" --link "$work/replayed" >"$work/replay.out" &
replay=$!
exec 5<"$work/replay.out"
while read -r -t 30 line <&5; do [ "$line" = ready ] && break; done
ok at "$work/replayed/modem0" "$asked" --data "$work/none"
says "$answered"
kill "$replay"; wait "$replay" 2>/dev/null || true
echo "all commands ran"
