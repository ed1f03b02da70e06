# Sourced: an apt of our own beside the machine's, for another architecture, with the mirror that the machine uses.
#   private_apt STATE ARCH SUITE    then: "${APT[@]}" install …, "${APT_CACHE[@]}" depends …
private_apt() {
  local state=$1 arch=$2 suite=$3 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  if [ -z "$mirror" ]; then # lists never fetched
    apt-get -qq update
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  fi
  if [ -z "$mirror" ]; then
    echo "No Debian mirror in this machine's apt sources. Run this on Debian 12 or in a container of it." >&2
    return 1
  fi
  mkdir -p "$state"/lists/partial "$state"/cache/archives/partial
  : >"$state/status"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$state/sources.list"
  local options=(
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/nonexistent
    -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status"
    -o Dir::Cache="$state/cache" -o Dir::Cache::archives="$state/cache/archives"
    -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Debug::NoLocking=1
  )
  APT=(apt-get -qq "${options[@]}")
  APT_CACHE=(apt-cache "${options[@]}")
  "${APT[@]}" update
}
