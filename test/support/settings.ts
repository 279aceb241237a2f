/** What AMS is set to in tests. */
import { Option } from "effect"
import type { Settings } from "../../src/Config.ts"

export const testSettings: Settings = {
  environment: "development",
  host: "127.0.0.1",
  port: 0,
  home: "/nonexistent",
  databaseUrl: Option.none(),
  mongodbUrl: Option.none(),
  mongodbDatabase: "ams",
  logLevel: "Error",
  role: "all",
  notifications: "sandbox",
  alertSlackUrl: Option.none(),
  alertWebhookUrl: Option.none(),
  alertWebhookSecret: Option.none(),
  requestsAtOnce: 512,
  liveStreams: 50,
  jwtPrivateKey: Option.none(),
  commandConnections: 10,
  backgroundConnections: 3,
  otherConnections: 5,
  workers: Option.none(),
  eventRetentionDays: 30,
  otlpEndpoint: Option.none(),
  otlpHeaders: Option.none(),
  serviceName: "ams"
}
