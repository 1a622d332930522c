#!/bin/bash
# Run a command as root in a throw-away copy of this machine's root: what it changes is neither seen outside nor kept.
#
# usage: box.sh [--see FOLDER]... [--keep FOLDER] COMMAND [ARGUMENT...]      needs root (CAP_SYS_ADMIN) and overlayfs
#
# Private: mounts (an overlay of / on a tmpfs), processes, host name, IPC, /dev, /dev/pts, /run, /tmp. Shared: the network, so that a
# browser outside reaches what listens on loopback inside. The source tree, and each FOLDER, stays visible, read-only, at its own path;
# what is written into the one to keep is kept.
# Every process inside dies with the command. A file /run/samekey-box tells a program that it is inside.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd -P)

if [ "${1:-}" != --inside ]; then
    [ $# -gt 0 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    [ "$(id -u)" = 0 ] || { echo "box.sh: only root can make mount namespaces; try: sudo $0 $*" >&2; exit 2; }
    exec unshare --mount --pid --uts --ipc --fork --kill-child --propagation private "$tree/demo/box.sh" --inside "$@"
fi
shift

seen=("$tree")
while [ "${1:-}" = --see ]; do
    seen+=("$(cd "$2" && pwd -P)")
    shift 2
done
kept=
if [ "${1:-}" = --keep ]; then
    kept=$(cd "$2" && pwd -P)
    shift 2
fi

# The tmpfs needs a folder to lie on that covers nothing that must be seen. Only this namespace sees it.
for stage in /mnt /srv /opt /media; do
    printf '%s/\n' "${seen[@]}" | grep -q "^$stage/" || { [ -d "$stage" ] && break; }
done
mount -t tmpfs -o mode=755 samekey-box "$stage"
mkdir "$stage/upper" "$stage/work" "$stage/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" "$stage/root" || {
    echo "box.sh: this kernel cannot lay an overlay over / (inside a container? start it with CAP_SYS_ADMIN)" >&2
    exit 2
}
root=$stage/root

# A Samekey that is installed here keeps its secrets to itself: the copy begins without one.
rm -rf "$root/etc/samekey" "$root/var/lib/samekey"

mount -t proc proc "$root/proc"
mount --bind /sys "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom tty fuse; do
    [ -e "/dev/$node" ] || continue
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -m 755 "$root/run/sshd" "$root/run/lock"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
for folder in "${seen[@]}"; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
done
[ -z "$kept" ] || mount --bind "$kept" "$root$kept"

hostname samekey-box
echo "127.0.0.1 localhost samekey-box" >"$root/etc/hosts"
: >"$root/run/samekey-box"

# The old root goes, so that the host's own mounts cannot be reached from inside.
cd "$root"
pivot_root . .
umount -l .
cd /

# bash stays as process 1: it reaps what the daemons leave behind, and its end is everybody's end.
exec /usr/bin/env -i \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    /bin/bash -c 'trap "" INT; (trap - INT; exec "$@"); exit $?' box "$@"
