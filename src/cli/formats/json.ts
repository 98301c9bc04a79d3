import { ProtocolError } from "../../client/index.js";
import type { FollowOutcome, LogOutcome } from "../command.js";
import type { Output } from "../output.js";
import type { Format } from "./format.js";
import { jsonText } from "../describe/json-text.js";
import { escapeJsonControls } from "../terminal/escape-controls.js";

/** One document for a result, and one compact line for each event, with the server's own JSON. */
export const json: Format = {
  name: "json",
  isForPeople: false,

  async document({ document }, { stdout }) {
    const text = jsonText(document);
    if (text === undefined) throw new ProtocolError("the server's answer is nested too deeply to be written");
    await stdout.write(`${escapeJsonControls(text)}\n`);
  },

  follow: writeEvents,
  log: writeEvents,

  async failure({ code, message, status, hint }, { stderr }) {
    await stderr.write(`${escapeJsonControls(JSON.stringify({ error: { code, message, status, hint } }))}\n`);
  },
};

async function writeEvents({ updates }: FollowOutcome | LogOutcome, { stdout }: Output): Promise<void> {
  for await (const { records } of updates) {
    if (records.length === 0) continue;
    // One write per chunk: one per event would take three times as long.
    await stdout.write(escapeJsonControls(records.map(({ data }) => `${toOneLine(data)}\n`).join("")));
  }
}

/** Replaces line breaks, which in JSON text are only ever whitespace between tokens. */
function toOneLine(data: string): string {
  return data.includes("\n") ? data.replaceAll("\n", " ") : data;
}
