# AMS on Node 24. TypeScript runs by type stripping: there is no build step.
FROM node:24-slim

ENV NODE_ENV=production
WORKDIR /app

COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY sql ./sql
COPY src ./src

# Every interface of the container, not of the machine; what AMS keeps (the key that signs tokens) belongs on a volume.
ENV HOST=0.0.0.0 AMS_HOME=/var/lib/ams
RUN install --directory --owner=node --group=node --mode=700 /var/lib/ams
USER node

EXPOSE 3000
# A container with AMS_ROLE=worker has no HTTP to ask: run it with --no-healthcheck.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=64", "src/main.ts"]
