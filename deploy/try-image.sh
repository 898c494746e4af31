#!/usr/bin/env bash
# Builds the image and tries it: make test-image. Without an engine it says so and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! docker info >/dev/null 2>&1; then
    echo "skipped: no Docker engine answers here" >&2
    exit 0
fi
image=baoda-try-$$
container=$image
trap 'docker rm --force --volumes "$container" >/dev/null 2>&1 || true; docker rmi "$image" >/dev/null 2>&1 || true' EXIT
docker build --file deploy/Dockerfile --tag "$image" .

echo "== the user is not root, and no secret or history is in the image"
[ "$(docker run --rm --entrypoint id "$image" -u)" = 10001 ]
docker run --rm --entrypoint sh "$image" -c '! find / -xdev \( -name .env -o -name .git \) 2>/dev/null | grep .'

hardened=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --init)
echo "== it answers with a read-only root"
docker run --rm "${hardened[@]}" --network none --entrypoint sh "$image" -c \
    'baoda reload && baoda ask "报答是什么意思？" --json && (baoda doctor --json || true) && baoda backup /backups/baoda.tar.gz \
        && rm -r /corpus/* /data/* && baoda restore /backups/baoda.tar.gz && baoda status'

echo "== it becomes healthy, and ends in time"
docker run --detach --name "$container" "${hardened[@]}" \
    --env TELEGRAM_BOT_TOKEN=1:try --env TELEGRAM_API_BASE_URL=http://127.0.0.1:9 "$image"
for _ in $(seq 120); do
    state=$(docker inspect --format '{{.State.Status}} {{.State.Health.Status}}' "$container")
    [ "$state" = "running healthy" ] && break
    case $state in running*) sleep 5 ;; *) docker logs "$container"; exit 1 ;; esac
done
[ "$state" = "running healthy" ]
docker exec "$container" baoda status --json
docker stop -t 60 "$container"
[ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" != 137 ]
echo "== all of it holds"
