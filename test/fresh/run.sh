#!/usr/bin/env bash
# The first start, on a fresh machine: a new Debian 12 in a folder, with nothing but Node, npm and a clone of what is
# committed here. Tells how long the first and the second start take, and pulls an image from outside.
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
readonly first_limit=120 second_limit=2 # seconds
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly repository
work=$(mktemp -d /var/tmp/nixery-fresh.XXXXXX)
readonly work machine=$work/machine
readonly log=$work/log

cleanup() {
  jobs -p | xargs -r kill -KILL 2>/dev/null || true
  wait || true
  for folder in "$machine/proc" "$machine/dev" "$work/image/dev"; do
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
mount --rbind /dev "$machine/dev" # with its pseudoterminals, which Nix needs
mount -t proc proc "$machine/proc"

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PORT="$port"
  npm_config_registry="$(npm config get registry 2>/dev/null)")
for variable in http_proxy https_proxy no_proxy; do
  [[ -z ${!variable:-} ]] || environment+=("$variable=${!variable}")
done
if [[ -n ${NODE_EXTRA_CA_CERTS:-} ]]; then
  cp -L "$NODE_EXTRA_CA_CERTS" "$machine/etc/extra-ca.pem"
  environment+=(NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem npm_config_cafile=/etc/extra-ca.pem)
fi
say "  made in $(since "$start") s, with Node $(chroot "$machine" node --version)"

on_machine() { # USER HOME COMMAND… takes the place of the (sub)shell that calls it, so that signals reach it
  exec chroot --userspec="$1" "$machine" env -i "${environment[@]}" HOME="$2" sh -c 'cd /srv/nixery && exec "$@"' sh "${@:3}"
}

# --- a user who may not install ---

state() { (cd "$machine" && find srv etc usr var -path var/tmp -prune -o -printf '%p %s %T@\n' | sort | sha256sum); }
before=$(state)
if (on_machine nobody:nogroup /nonexistent node setup/start.js >"$log" 2>&1); then fail 'nobody could start'; fi
[[ $(state) == "$before" ]] || fail 'nobody changed something'
say 'nobody: told what is missing, nothing changed'
sed 's/^/  | /' "$log"

# --- starts ---

start_server() { # answers in `took`, once the pull command is printed
  local begin
  begin=$(now)
  on_machine root /root npm start >"$log" 2>&1 </dev/null &
  server=$!
  until grep -q 'podman pull' "$log"; do
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

registry=http://127.0.0.1:$port/v2/$image
begin=$(now)
curl -sSf -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$registry/manifests/latest" -o "$work/manifest.json" ||
  fail "no manifest of $image"
mkdir -p "$work/image/dev"
for digest in $(python3 -c "import json, sys; print(*(l['digest'] for l in json.load(open(sys.argv[1]))['layers']))" "$work/manifest.json"); do
  curl -sSf "$registry/blobs/$digest" -o "$work/blob"
  [[ $(sha256sum <"$work/blob") == "${digest#sha256:}  -" ]] || fail "$digest is not what it says"
  tar -xf "$work/blob" -C "$work/image"
done
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
say 'passed'
