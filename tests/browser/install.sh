#!/bin/sh
# Installs what tests/browser needs on Debian: Chromium and its WebDriver. Needs root.
set -eu
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    chromium chromium-driver fonts-dejavu-core fonts-noto-color-emoji
