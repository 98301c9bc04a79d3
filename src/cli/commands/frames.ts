import type { Frame } from "../../client/index.js";
import { defineCommand } from "../command.js";
import { formatTime } from "../describe/duration.js";
import { frameLines } from "../tree/frame-changes.js";
import { parseCount } from "../args/parse-count.js";

export const frames = defineCommand<{ tail?: number }>({
  syntax: "frames <run-id>",
  summary: "Show how a run's workflow tree changed",
  description:
    "Show the newest renderings of a run's workflow tree, the newest last, and what changed from one to the next.",
  options: [
    { flags: "--tail <n>", description: "maximum number of frames (default: 20)", parse: parseCount(1) },
  ],
  examples: ["frames 4f1c --tail 1", "frames 4f1c --json | jq '.[0].xmlJson | fromjson'"],

  async execute({ args: [runId = ""], options: { tail } }, { client }) {
    const document = await client.getFrames<Frame>({ runId, tail });
    return {
      kind: "document",
      document,
      text: (style) => {
        const shown = document.toReversed();
        return shown
          .map((frame, index) => {
            const heading = style.bold(`frame ${frame.frameNo}  ${formatTime(frame.createdAtMs)}`);
            const lines = frameLines(frame, shown[index - 1], style);
            return lines === undefined
              ? `${heading}  ${style.dim("unchanged")}`
              : [heading, ...lines].join("\n");
          })
          .join("\n\n");
      },
    };
  },
});
