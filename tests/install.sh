#!/usr/bin/env bash
# Installs from Debian's packages what some tests talk to: a browser, mail servers, and other programs
# that drive modems. Tests that miss one say `skipped: why`; nothing else depends on them.
set -euo pipefail
cd "$(dirname "$0")/.."
# What judges the pages for people who see or move otherwise. Not in Debian, so from npm where there is one.
axe=${CARGO_TARGET_DIR:-target}/tmp/axe
if command -v npm >/dev/null && [ ! -e "$axe/node_modules/axe-core/axe.min.js" ]; then
  npm install --silent --no-audit --no-fund --prefix "$axe" axe-core >/dev/null || echo "axe-core could not be fetched"
fi
wanted=(chromium chromium-driver gammu gammu-smsd smstools dovecot-imapd dovecot-lmtpd)
# A machine that has a mail server keeps it: two cannot be installed beside one another.
[ -e /usr/sbin/sendmail ] || wanted+=(postfix)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && { echo "all there: ${wanted[*]}"; exit 0; }
command -v apt-get >/dev/null || { echo "no apt-get here; install yourself: ${missing[*]}"; exit 1; }
sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
# A Postfix that serves nobody: tests start their own.
echo "postfix postfix/main_mailer_type select No configuration" | $sudo debconf-set-selections
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "installed: ${missing[*]}"
