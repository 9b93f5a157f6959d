#!/bin/sh
# Lays the shipped files and the token side by side, as the files expect each other, and becomes the program.
# beside.sh <folder> <program> [argument...]
# PROVISIONING: the shipped files; CREDENTIALS: the folder that holds openclaw-fleet-token.
set -eu
folder=$1
shift
ln -sf "${PROVISIONING:-/provisioning}"/* "${CREDENTIALS:-/credentials}/openclaw-fleet-token" "$folder/"
exec "$@"
