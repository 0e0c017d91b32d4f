#!/bin/bash
# Runs a command in a copy of this tree inside a root made by make-root.sh.
#
#   tools/in-root.sh FOLDER USER command ...
set -eu

root=$1 user=$2
shift 2
repo=$(cd "$(dirname "$0")/.." && pwd)
home=/root
[ "$user" = root ] || home=/home/$user

mkdir -p "$root/dev/shm"
mounted=()
unmount() { for at in "${mounted[@]}"; do umount "$at" || umount -l "$at"; done; }
trap unmount EXIT
mount -t proc proc "$root/proc"
mounted=("$root/proc")
mount -t tmpfs tmpfs "$root/dev/shm"
mounted=("$root/dev/shm" "${mounted[@]}")
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"

rm -rf "${root:?}$home/coachdiag"
mkdir -p "$root$home/coachdiag"
(cd "$repo" && tar -cf - --exclude=./build --exclude=./.git --exclude=./coachdiag.so .) | tar -xf - -C "$root$home/coachdiag"
chroot "$root" chown -R "$user:" "$home/coachdiag"

chroot "$root" setpriv --reuid="$user" --regid="$user" --init-groups \
	env -i HOME="$home" USER="$user" LOGNAME="$user" TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	sh -c 'cd ~/coachdiag && exec "$@"' sh "$@"
