import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ServerSource } from "../real-server.js";

const { SMITHERS_TEST_VERSION: version = "", SMITHERS_TEST_INSTALLATION: installation = "" } = process.env;

const [own = "", common = ""] = [
  `./${version === "gateway" ? "0.32.0" : version}/workflows`,
  "../workflows",
].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** The version that this run of the suite tests. Newer ones have workflows written for them. */
export const source: ServerSource = { installation, workflows: existsSync(own) ? own : common };

/** Whether this run of the suite tests a gateway. */
export const isGateway = version === "gateway";

/** Whether the version has what 0.32 added: signals, timers, a list of approvals, runs that continue as new ones. */
export const isNewer = isGateway || Number(version.split(".")[1]) >= 32;
