#!/bin/sh
# enter.sh ROOT FOLDER: makes ROOT the root folder and FOLDER its /matrix, says 'ready', and stays until its input ends.
# To be called as the first process of namespaces of mounts and processes of its own: all ends with it.
set -eu
root=$1 folder=$2
mkdir -p "$root/matrix" "$root/.outside"
# Container runtimes need a root folder that is a mount: a chroot is not enough.
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
for own in tmp run var/tmp; do mount -t tmpfs tmpfs "$root/$own"; done
mount --bind "$folder" "$root/matrix"
cd "$root"
pivot_root . .outside
# `wait` also takes leave of the processes that lost their parent.
exec chroot . sh -c 'umount -l /.outside && cd / && echo ready && exec 3<&0 && { cat <&3 & wait $!; }'
