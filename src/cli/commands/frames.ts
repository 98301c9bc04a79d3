import { defineCommand } from "../command.js";
import { frameTree } from "../frame-tree.js";
import { formatTime } from "../duration.js";
import { parseCount } from "../parse-count.js";

export const frames = defineCommand<{ tail?: number }>({
  syntax: "frames <run-id>",
  summary: "Show the newest renderings of a run's workflow tree, the newest last.",
  options: [
    { flags: "--tail <n>", description: "at most so many frames (default: 20)", parse: parseCount(1) },
  ],
  examples: ["frames 4f1c --tail 1", "frames 4f1c --json | jq '.[0].xmlJson | fromjson'"],

  async execute({ args: [runId = ""], options: { tail } }, { client }) {
    const document = await client.getFrames({ runId, tail });
    return {
      kind: "document",
      document,
      text: (style) =>
        document
          .toReversed()
          .map((frame) => {
            const heading = `frame ${frame.frameNo}  ${formatTime(frame.createdAtMs)}`;
            return [style.bold(heading), ...frameTree(frame, style)].join("\n");
          })
          .join("\n\n"),
    };
  },
});
