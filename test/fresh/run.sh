#!/usr/bin/env bash
# The first start, on a fresh machine: a new Debian 12 in a folder, with nothing but Node, npm and a clone of what is
# committed here. Reports how long the first and the second start take, and pulls an image from outside. Then it serves
# a package set that refuses Debian 12's Nix: on that machine, whose Nix is too old, and on another one without Nix.
# Needs root, debootstrap, git, curl, python3. Debian's archive and npm's registry are those of this machine.
set -euo pipefail

if [[ -z "${FRESH_INSIDE:-}" ]]; then
  [[ $EUID -eq 0 ]] || { echo 'only root can make a fresh machine' >&2; exit 1; }
  for program in debootstrap git curl python3 unshare; do
    command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 1; }
  done
  # Mounts and processes end with this script, however it ends.
  FRESH_INSIDE=1 exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
fi

readonly image=shell/git/htop
readonly port=${PORT:-18080}
readonly first_limit=${FIRST_LIMIT:-120} second_limit=${SECOND_LIMIT:-2} # seconds; more on a busy machine
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly repository
work=$(mktemp -d /var/tmp/nixery-fresh.XXXXXX)
readonly work log=$work/log
readonly with_old_nix=$work/machine without_nix=$work/without-nix
machine=$with_old_nix

cleanup() {
  jobs -p | xargs -r kill -KILL 2>/dev/null || true
  wait || true
  for folder in {"$with_old_nix","$without_nix"}/{proc,dev} "$work/image/dev"; do
    ! mountpoint -q "$folder" || umount --recursive --lazy "$folder"
  done
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*"; [[ ! -s $log ]] || tail -n 60 "$log"; exit 1; }
now() { date +%s.%N; }
since() { python3 -c "import sys; print(f'{float(sys.argv[2]) - float(sys.argv[1]):.1f}')" "$1" "$(now)"; }

# --- the machine ---

# As from a shell: without what `npm run` adds to the environment and puts in front of the PATH.
unset "${!npm_@}"
PATH=$(tr ':' '\n' <<<"$PATH" | grep -v '/node_modules/.bin$' | paste -sd:)
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n1)
say 'a fresh Debian 12 …'
start=$(now)
debootstrap --variant=minbase bookworm "$machine" "$archive" >"$log" 2>&1 || fail 'debootstrap'
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' \
  >"$machine/etc/apt/sources.list"
{ apt-config dump | grep -E '^Acquire::(Check-|https?::)' || true; } >"$machine/etc/apt/apt.conf.d/99machine"
cp /etc/resolv.conf /etc/hosts "$machine/etc/"
install -D "$(readlink -f "$(command -v node)")" "$machine/usr/bin/node"
mkdir -p "$machine/usr/lib/node_modules"
cp -r "$(readlink -f "$(npm root --global)/npm")" "$machine/usr/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$machine/usr/bin/npm"
git clone --quiet "file://$repository" "$machine/srv/nixery"

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PORT="$port"
  npm_config_registry="$(npm config get registry 2>/dev/null)")
for variable in http_proxy https_proxy no_proxy; do
  [[ -z ${!variable:-} ]] || environment+=("$variable=${!variable}")
done
if [[ -n ${NODE_EXTRA_CA_CERTS:-} ]]; then
  cp -L "$NODE_EXTRA_CA_CERTS" "$machine/etc/extra-ca.pem"
  environment+=(NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem npm_config_cafile=/etc/extra-ca.pem)
fi
cp -a "$machine" "$without_nix"
for folder in "$with_old_nix" "$without_nix"; do
  mount --rbind /dev "$folder/dev" # with its pseudoterminals, which Nix needs
  mount -t proc proc "$folder/proc"
done
say "  made in $(since "$start") s, with Node $(chroot "$machine" node --version)"

# In a chroot there are no user namespaces, which Nix' sandbox needs; so the machine's folder becomes the root.
readonly enter='mount --rbind "$2" "$2" && cd "$2" && pivot_root . . && umount --lazy . &&
  exec chroot --userspec="$1" . "${@:3}"'

on_machine() { # USER HOME COMMAND… takes the place of the (sub)shell that calls it, so that signals reach it
  exec unshare --mount --propagation private bash -c "$enter" bash "$1" "$machine" \
    env -i "${environment[@]}" HOME="$2" sh -c 'cd /srv/nixery && exec "$@"' sh "${@:3}"
}

# --- a user who may not install ---

state() { (cd "$machine" && find srv etc usr var -path var/tmp -prune -o -printf '%p %s %T@\n' | sort | sha256sum); }
before=$(state)
if (on_machine nobody:nogroup /nonexistent node setup/start.js >"$log" 2>&1); then fail 'nobody could start'; fi
[[ $(state) == "$before" ]] || fail 'nobody changed something'
say 'nobody: told what is missing, nothing changed'
sed 's/^/  | /' "$log"

# --- starts ---

readonly hint='podman pull' # is printed once the server listens
start_server() { # answers in `took`
  start_and_await "$hint" root /root "$@" npm start
}
start_command() {
  start_and_await 'listening on' root /root "$@" bin/nixery.js serve
}
start_and_await() { # TEXT USER HOME COMMAND…
  local begin
  begin=$(now)
  on_machine "${@:2}" >"$log" 2>&1 </dev/null &
  server=$!
  until grep -q "$1" "$log"; do
    kill -0 "$server" 2>/dev/null || fail 'the server ended'
    sleep 0.05
  done
  took=$(since "$begin")
}
stop_server() {
  kill -TERM "$server"
  wait "$server" && status=0 || status=$?
  [[ $status -eq 0 ]] || fail "a stop ended with $status"
  ! curl -sf -o /dev/null "http://127.0.0.1:$port/healthz" || fail 'the server still answers'
}
within() { python3 -c "import sys; sys.exit(float(sys.argv[1]) > float(sys.argv[2]))" "$1" "$2" || fail "$3 took $1 s"; }

start_server
say "first start: $took s"
sed 's/^/  | /' "$log"
within "$took" "$first_limit" 'the first start'

# --- a pull, and the image's programs with only the image's files ---

pull() { # IMAGE FOLDER
  local registry=http://127.0.0.1:$port/v2/$1 digest
  rm -rf "$2" && mkdir -p "$2/dev"
  curl -sS --fail-with-body -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$registry/manifests/latest" \
    -o "$work/manifest.json" || { cat "$work/manifest.json"; fail "no manifest of $1"; }
  for digest in $(python3 -c "import json, sys; print(*(l['digest'] for l in json.load(open(sys.argv[1]))['layers']))" "$work/manifest.json"); do
    curl -sSf "$registry/blobs/$digest" -o "$work/blob"
    [[ $(sha256sum <"$work/blob") == "${digest#sha256:}  -" ]] || fail "$digest is not what it says"
    tar -xf "$work/blob" -C "$2"
  done
}

begin=$(now)
pull "$image" "$work/image"
say "pull of $image, built first: $(since "$begin") s"
mount --rbind /dev "$work/image/dev" # as every container has it
for program in git htop bash; do
  version=$(chroot "$work/image" "/bin/$program" --version) || fail "$program does not run"
  say "  $(head -n1 <<<"$version")"
done
stop_server

start_server
say "second start: $took s"
within "$took" "$second_limit" 'the second start'
stop_server

start_command env NIXERY_PKGS_PATH=/srv/nixery/var/demo/set
pull jq "$work/other"
stop_server
say 'bin/nixery.js serve builds as root without build users'

# --- a package set that wants a newer Nix than Debian 12 has ---

for folder in "$with_old_nix" "$without_nix"; do
  mkdir "$folder/srv/set"
  cat >"$folder/srv/set/default.nix" <<'EOF'
{ system ? builtins.currentSystem, ... }:
if builtins.compareVersions builtins.nixVersion "2.18" < 0 then abort "this set needs Nix 2.18" else
let
  # What an image has of it is the user, seen from outside of the sandbox, that the builder was.
  make = name: derivation {
    inherit name system;
    builder = "/bin/sh";
    args = [ "-c" "read -r inside outside rest < /proc/self/uid_map; echo $outside > $out" ];
  };
in
{ hello = make "hello"; cacert = make "cacert"; iana-etc = make "iana-etc"; }
EOF
done
kind=linux-$(node -p process.arch)
readonly kind
real=(env NIXERY_PKGS_PATH=/srv/set NIXERY_HOST=127.0.0.1 NIX_CONFIG='substituters =')
installed() { (cd "$machine" && find etc usr -printf '%p %s %T@\n' | sort | sha256sum; cat var/lib/dpkg/status | sha256sum); }
unpacked() { echo "$machine"/srv/nixery/var/nix/*; }
builder_user() { cat "$work"/other/nix/store/*-hello; }

serve_real_set() {
  start_server "${real[@]}"
  grep -q "Nix out of Debian's trixie" "$log" || fail 'no Nix was unpacked'
  say "$1: first start $took s"
  sed 's/^/  | /' "$log"
  [[ $(unpacked) == */"$kind" ]] || fail "left behind: $(unpacked)"
  pull hello "$work/other"
  [[ $(builder_user) -gt 0 ]] || fail 'a builder was root'
  say "  $(du -sm "$(unpacked)" | cut -f1) MB; its builder was user $(builder_user)"
  stop_server
}

# What the demo set does without.
(on_machine root /root apt-get install -qq --no-install-recommends git ca-certificates >"$log" 2>&1) || fail 'apt-get'
mkdir -p "$machine/srv/nixery/var/nix/$kind~999999999/made" # of a set-up that was killed
before=$(installed)
serve_real_set 'a machine with Nix 2.8'
[[ $(installed) == "$before" ]] || fail 'the machine itself was changed'

# --- offline ---

mv "$machine/etc/apt/sources.list" "$work/"
: >"$machine/etc/resolv.conf"
start_server "${real[@]}" http_proxy= https_proxy=
! grep -q lacks "$log" || fail 'something is missing on the second start'
say "  second start, offline: $took s"
within "$took" "$second_limit" 'the second start'
pull hello "$work/other"
stop_server
start_command "${real[@]}"
pull hello "$work/other"
stop_server
say '  bin/nixery.js serve finds the newer Nix'
mv "$work/sources.list" "$machine/etc/apt/"
cp /etc/resolv.conf "$machine/etc/"

# --- an ordinary user, with a daemon of the old Nix and no right to install ---

cp -a "$machine/srv/nixery" "$machine/srv/theirs"
rm -rf "$machine"/srv/theirs/var/{nix,storage,state}
chroot "$machine" chown -R nobody:nogroup /srv/theirs
on_machine root /root env NIX_CONFIG=$'build-users-group =\nsandbox = false' nix-daemon >"$work/daemon.log" 2>&1 &
daemon=$!
until [[ -S $machine/nix/var/nix/daemon-socket/socket ]]; do sleep 0.1; done
before=$(installed)
start_and_await "$hint" nobody:nogroup /nonexistent sh -c 'cd /srv/theirs && exec "$@"' sh "${real[@]}" npm start
say "an ordinary user: first start $took s"
sed 's/^/  | /' "$log"
pull hello "$work/other"
stop_server
kill "$daemon"
[[ $(installed) == "$before" ]] || fail 'an ordinary user changed the machine'

# --- a machine without Nix, and without patchelf ---

machine=$without_nix
on_machine root /root setsid "${real[@]}" npm start >"$log" 2>&1 </dev/null &
server=$!
until compgen -G "$machine/srv/nixery/var/nix/*/debs/*.deb" >/dev/null; do
  kill -0 "$server" 2>/dev/null || fail 'the set-up ended'
  sleep 0.05
done
kill -KILL -- "-$server"
wait "$server" 2>/dev/null || true
compgen -G "$machine/srv/nixery/var/nix/$kind~*" >/dev/null || fail 'the set-up was not killed half-way'
[[ ! -e $machine/srv/nixery/var/nix/$kind ]] || fail 'a half-made Nix is in place'
serve_real_set 'a machine without Nix, after a set-up that was killed'
for program in nix patchelf; do
  [[ ! -e $machine/usr/bin/$program ]] || fail "$program was installed"
done
say 'passed'
