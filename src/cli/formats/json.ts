import { ProtocolError } from "../../client/index.js";
import { shownLines } from "../follow/shown-events.js";
import type { Format } from "../format.js";
import { jsonText } from "../json-text.js";
import { safeJson } from "../terminal/visible-text.js";

/** One document for a result, one compact line for each event: the server's own, untouched. */
export const json: Format = {
  name: "json",
  narrates: false,

  async document({ document }, { stdout }) {
    const text = jsonText(document);
    if (text === undefined) throw new ProtocolError("the server's answer is nested too deeply to be written");
    await stdout.write(`${safeJson(text)}\n`);
  },

  async follow(outcome, { stdout }) {
    for (;;) {
      const { done, value } = await outcome.records.next();
      if (done) return value;
      // One write a chunk: one for each event would take three times as long.
      const lines = shownLines(value, outcome);
      if (lines !== "") await stdout.write(safeJson(lines));
    }
  },

  async failure({ code, message, status, hint }, { stderr }) {
    await stderr.write(`${safeJson(JSON.stringify({ error: { code, message, status, hint } }))}\n`);
  },
};
