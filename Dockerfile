# syntax=docker/dockerfile:1.7
# Stages that are run: collector, bridge, simulator and grafana. docker-compose.yml says how; the others only build.
# Nothing in them is secret: credentials are made when they first run, in volumes.

ARG NODE=node:24.21.0-bookworm-slim
ARG GRAFANA=grafana/grafana:12.3.0

# What a server or a node runs, without what builds or tests it.
FROM ${NODE} AS base
ENV NODE_ENV=production
WORKDIR /app
# Neither npm nor another installer is left for who gets in.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* \
      /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && groupadd --gid 10001 openclaw \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin openclaw

FROM ${NODE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY backend/contract/package.json backend/contract/
COPY backend/client/package.json backend/client/
COPY backend/bridge/package.json backend/bridge/
COPY backend/collector/package.json backend/collector/
COPY backend/simulator/package.json backend/simulator/

FROM packages AS collector-packages
RUN npm ci --omit=dev --include-workspace-root=false --workspace backend/collector

FROM packages AS bridge-packages
RUN npm ci --omit=dev --include-workspace-root=false --workspace backend/bridge --workspace backend/simulator

FROM base AS collector
COPY --from=collector-packages /app/node_modules node_modules
COPY backend/contract backend/contract
COPY backend/collector backend/collector
COPY compose compose
# Volumes take their owner from here.
RUN ln -s /app/backend/collector/cli/openclaw-fleet.mjs /usr/local/bin/openclaw-fleet \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/openclaw-fleet \
 && cd /var/lib/openclaw-fleet \
 && install -d -o 10001 -g 10001 -m 0700 data pki shared nodes \
      grafana grafana-data prometheus prometheus-data alertmanager alertmanager-data
ENV OPENCLAW_FLEET_DATA_DIR=/var/lib/openclaw-fleet/data \
    OPENCLAW_FLEET_PKI_DIR=/var/lib/openclaw-fleet/pki
USER 10001:10001
EXPOSE 8443
ENTRYPOINT ["openclaw-fleet"]
CMD ["start"]

# For a pod of a real gateway: its settings and credentials are mounted, as backend/bridge/README.md says.
FROM base AS bridge
COPY --from=bridge-packages /app/node_modules node_modules
COPY backend/contract backend/contract
COPY backend/client backend/client
COPY backend/bridge backend/bridge
USER 10001:10001
CMD ["node", "backend/bridge/main.ts"]

FROM bridge AS simulator
COPY backend/simulator backend/simulator
ENTRYPOINT ["node", "backend/simulator/main.ts"]

FROM packages AS app
RUN npm ci --include-workspace-root=true --workspaces
COPY tsconfig.json tsconfig.base.json webpack.config.ts ./
COPY README.md CHANGELOG.md LICENSE ./
COPY .config .config
COPY backend/contract backend/contract
COPY docs/runbooks docs/runbooks
COPY src src
RUN npm run build

FROM ${GRAFANA} AS grafana
COPY --from=app /app/dist /usr/share/openclaw-fleet/plugins/openclaw-fleet-app
USER 10001:10001
