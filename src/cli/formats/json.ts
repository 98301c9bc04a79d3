import { ProtocolError } from "../../client/index.js";
import type { Format } from "./format.js";
import { jsonText } from "../describe/json-text.js";
import { escapeJsonControls } from "../terminal/escape-controls.js";

/** One document for a result, one compact line for each event: the server's own, untouched. */
export const json: Format = {
  name: "json",
  isForPeople: false,

  async document({ document }, { stdout }) {
    const text = jsonText(document);
    if (text === undefined) throw new ProtocolError("the server's answer is nested too deeply to be written");
    await stdout.write(`${escapeJsonControls(text)}\n`);
  },

  async follow(outcome, { stdout }) {
    for await (const { records } of outcome.updates) {
      // One write for each chunk: one for each event would take three times as long.
      await stdout.write(escapeJsonControls(records.map(({ data }) => `${toOneLine(data)}\n`).join("")));
    }
  },

  async failure({ code, message, status, hint }, { stderr }) {
    await stderr.write(`${escapeJsonControls(JSON.stringify({ error: { code, message, status, hint } }))}\n`);
  },
};

/** A line break in JSON text is only ever space between its parts. */
function toOneLine(data: string): string {
  return data.includes("\n") ? data.replaceAll("\n", " ") : data;
}
