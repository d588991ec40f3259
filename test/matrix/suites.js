/**
 * A release of Debian, and the packages of the clients that it has.
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} title as the tables name it
 * @property {readonly string[]} packages
 */

const everywhere = ['skopeo', 'podman', 'buildah', 'containerd', 'docker.io', 'runc']

/** From the oldest to the newest. @type {readonly Suite[]} */
export const suites = [
  { name: 'bookworm', title: 'Debian 12', packages: everywhere },
  { name: 'trixie', title: 'Debian 13', packages: [...everywhere, 'docker-cli', 'oras'] },
  { name: 'sid', title: 'Debian sid', packages: [...everywhere, 'docker-cli', 'oras', 'crane'] },
]
