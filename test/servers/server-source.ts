import { fileURLToPath } from "node:url";
import type { ServerSource } from "../real-server.js";

const { SMITHERS_TEST_VERSION: version = "", SMITHERS_TEST_INSTALLATION: installation = "" } = process.env;

/** The version that this run of the suite is about. */
export const source: ServerSource = {
  installation,
  workflows: fileURLToPath(new URL(`./${version}/workflows`, import.meta.url)),
};

/** Whether the version has what 0.32 added: signals, timers, a list of gates, runs that go on as new ones. */
export const isNewer = Number(version.split(".")[1]) >= 32;
