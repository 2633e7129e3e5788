# One image for api, worker, admin and migrate: the command chooses. Node runs the TypeScript as it stands; built are the scripts and styles
# of the pages alone, whose texts the api reads too. What differs between the stages is what lies beside the sources.

FROM node:26-slim AS base
WORKDIR /app

# What runs in production. The optional dependencies are the embedded PostgreSQL, which a container does not need.
FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

# Everything, with the browser and the real servers that the tests start, stop and kill by themselves, and what shows them another clock or
# what they write to the disk. PostgreSQL comes with the optional dependencies and refuses to run as root, so this stage installs and runs as
# an ordinary user.
FROM base AS test
RUN apt-get update \
  && apt-get install -y --no-install-recommends chromium libfaketime nginx openssl pgbouncer prometheus redis-server strace \
  && rm -rf /var/lib/apt/lists/* \
  && chown node:node /app
USER node
# The install builds the pages, so it needs their sources.
COPY --chown=node:node . .
RUN npm ci --no-audit --no-fund
CMD ["npm", "test"]

# Vite's own binaries are optional dependencies.
FROM base AS pages
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY contract ./contract
COPY client ./client
COPY web ./web
RUN npm run build:pages

FROM base AS sources
COPY . .
RUN rm -rf .ci .github bench cli deploy docs test web

FROM base AS production
ENV NODE_ENV=production
# The sources stay the property of root: the process that runs them cannot change them.
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=sources /app ./
COPY --from=pages /app/web/dist ./web/dist
COPY web/i18n ./web/i18n
COPY web/messages ./web/messages
COPY web/tokens.css ./web/tokens.css
USER node
# HTTP, gRPC, and health with metrics: on one port whatever the process, since each container is a host of its own.
EXPOSE 8000 50051 9464
ENV OPS_PORT=9464
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.OPS_PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main/api.ts"]
